//! The words of Django's command line and what it prints (Django 5.2, `django/core/management/commands`); never a migration's own text.

use std::collections::BTreeSet;

use super::{Printed, Tool, ToolError, Way, write};
use crate::{
    database::Database,
    error::Error,
    layout::{Layout, Listed, Migration, Place, Version},
};

/// What `sqlmigrate` writes in the place of an operation that is a program.
const NO_SQL: &str = "THIS OPERATION CANNOT BE WRITTEN AS SQL";

/// What begins a migration in what [`print`] asks for, and a line that nobody else writes.
const BEGINS: &str = "--migrate-db-prints ";

/// More than any project has pending; fewer than an argument list holds.
const PRINTED_MAX: usize = 2000;

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

/// The lines of `showmigrations --plan`: whether it is applied, and which it is.
fn plan(text: &str) -> impl Iterator<Item = (bool, Listed)> {
    text.lines().filter_map(|line| {
        let (mark, name) = line.split_at_checked(3)?;
        let applied = match mark {
            "[X]" => true,
            "[ ]" => false,
            _ => return None,
        };
        // The names of those it replaces may follow.
        Some((applied, Listed::read(name.split_whitespace().next()?)?))
    })
}

pub(super) fn listed(tool: &Tool) -> Result<Vec<Listed>, Error> {
    let text = tool.shown(&words(&["showmigrations", "--plan"]))?;
    let listed: Vec<Listed> = plan(&text).map(|(_, one)| one).collect();
    let lines = text.lines().filter(|line| line.starts_with('[')).count();
    if listed.is_empty() || listed.len() < lines {
        let said = "`showmigrations --plan` showed no migrations that could be read".to_owned();
        return Err(ToolError::Failed { tool: tool.name(), status: Some(0), said }.into());
    }
    Ok(listed)
}

/// All at once: each `sqlmigrate` by itself would start Django anew. One that can't be printed does not keep the others.
pub(super) fn print(tool: &Tool, wanted: &[&Migration]) -> Result<Vec<Printed>, Error> {
    let names: Vec<Listed> =
        wanted.iter().filter_map(|one| Listed::read(&one.name)).take(PRINTED_MAX).collect();
    let list: Vec<String> = names.iter().map(|one| format!("('{}','{}')", one.app, one.name)).collect();
    let program = format!(
        "from django.core.management import call_command\n\
         for app, name in [{}]:\n \
         for backwards in (False, True):\n  \
         print('\\n{BEGINS}' + app + '.' + name + (' back' if backwards else ''))\n  \
         try:\n   print(call_command('sqlmigrate', app, name, backwards=backwards, no_color=True, stdout=__import__('io').StringIO()))\n  \
         except Exception as error:\n   print('{BEGINS}failed ' + ' '.join(str(error).split()))\n",
        list.join(", ")
    );
    let finished = tool.shown(&words(&["shell", "-v", "0", "-c", &program]))?;
    let printed = sections(&finished);
    if printed.len() < names.len() {
        let said = "`sqlmigrate` printed fewer migrations than it was asked for".to_owned();
        return Err(ToolError::Failed { tool: tool.name(), status: Some(0), said }.into());
    }
    Ok(printed)
}

fn sections(text: &str) -> Vec<Printed> {
    let mut found: Vec<Printed> = Vec::new();
    let mut back = false;
    for line in text.split_inclusive('\n') {
        let rest = line.strip_prefix(BEGINS).map(str::trim);
        let failed = rest.and_then(|rest| rest.strip_prefix("failed "));
        match (rest, failed, found.last_mut()) {
            (_, Some(_), Some(last)) if back => last.reversible = Some(false),
            (_, Some(why), Some(last)) => last.sql = Err(why.to_owned()),
            (Some(name), None, Some(last)) if name.ends_with(" back") => {
                (back, last.reversible) = (true, Some(true));
            }
            (Some(name), None, _) => {
                back = false;
                found.push(Printed { name: name.to_owned(), sql: Ok(String::new()), reversible: None });
            }
            (None, _, Some(last)) if !back => {
                if let Ok(sql) = &mut last.sql {
                    sql.push_str(line);
                }
            }
            _ => {}
        }
    }
    for one in &mut found {
        if one.sql.as_ref().is_ok_and(|sql| sql.contains(NO_SQL)) {
            one.sql = Err("it holds an operation that is a program".into());
        }
    }
    found
}

/// All that is pending, or what leads to the steps: Django goes to a migration of one app, and to all that it needs.
pub(super) fn commands(way: Way, steps: &[&Version], left: usize, all: &[Migration]) -> Vec<Vec<String>> {
    if way == Way::Up && left == 0 {
        return vec![words(&["migrate", "--no-input"])];
    }
    let names = |version: &&Version| Listed::read(version.text());
    let mut seen = BTreeSet::new();
    let mut commands = Vec::new();
    match way {
        // The last of each app, in the order of these.
        Way::Up => {
            for one in steps.iter().filter_map(names).rev().filter(|one| seen.insert(one.app.clone())) {
                commands.push(words(&["migrate", "--no-input", &one.app, &one.name]));
            }
            commands.reverse();
        }
        Way::Down => {
            let taken: BTreeSet<&str> = steps.iter().map(|version| version.text()).collect();
            for one in steps.iter().filter_map(names).filter(|one| seen.insert(one.app.clone())) {
                let first = steps.iter().filter_map(names).rfind(|other| other.app == one.app);
                let kept = first.and_then(|first| below(&first, all, &taken));
                let to = kept.map_or_else(|| "zero".to_owned(), |kept| kept.name);
                commands.push(words(&["migrate", "--no-input", &one.app, &to]));
            }
        }
    }
    commands
}

/// The migration of an app that stays: the newest before the first that goes.
fn below(first: &Listed, all: &[Migration], taken: &BTreeSet<&str>) -> Option<Listed> {
    let before = all.iter().take_while(|one| one.name != first.text());
    before
        .filter(|one| !taken.contains(one.name.as_str()))
        .filter_map(|one| Listed::read(&one.name))
        .filter(|one| one.app == first.app)
        .last()
}

/// It is asked for the mark of one migration, with and without its row: who answers the same both times looks elsewhere.
pub(super) fn is_here(
    tool: &Tool,
    database: &mut dyn Database,
    place: &Place,
    all: &[Migration],
) -> Result<bool, Error> {
    let table = Layout::Django.history();
    let Some(one) = all.first().and_then(|one| Listed::read(&one.name)) else { return Ok(false) };
    let failed = |source| Error::Database { doing: "marking the database beside", source };
    let there = !database.columns(&[table.table()]).map_err(failed)?.is_empty();
    let (name, aside) = (place.name(), place.literal("migrate_db_looks"));
    let is_one = |app: &str| format!("app = {app} AND name = {}", place.literal(&one.name));
    let app = place.literal(&one.app);
    let insert = format!(
        "INSERT INTO {name} (app, name, applied) VALUES ({app}, {}, '2000-01-01 00:00:00+00');",
        place.literal(&one.name)
    );
    write(
        database,
        &format!("{}UPDATE {name} SET app = {aside} WHERE {};{insert}", table.create(place), is_one(&app)),
    )?;
    let with = tool.shown(&words(&["showmigrations", "--plan"]));
    write(database, &format!("DELETE FROM {name} WHERE {};", is_one(&app)))?;
    let without = tool.shown(&words(&["showmigrations", "--plan"]));
    let back = if there {
        format!("UPDATE {name} SET app = {app} WHERE {};", is_one(&aside))
    } else {
        format!("DROP TABLE {name};")
    };
    write(database, &back)?;
    let mark = |text: String| plan(&text).find(|(_, found)| *found == one).map(|(applied, _)| applied);
    Ok(mark(with?) == Some(true) && mark(without?) == Some(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_is_read_line_by_line() {
        let text =
            "5 objects imported\n[X]  auth.0001_initial\n[ ]  shop.0002_x ... (shop.0001_a)\n[ ] x\né\n";
        let found: Vec<(bool, String)> = plan(text).map(|(applied, one)| (applied, one.text())).collect();
        assert_eq!(found, [(true, "auth.0001_initial".into()), (false, "shop.0002_x".into())]);
    }

    #[test]
    fn what_is_printed_is_taken_apart() {
        let text = format!(
            "noise\n\n{BEGINS}a.1\nBEGIN;\nSELECT 1;\n\n{BEGINS}a.1 back\nSELECT 2;\n\n{BEGINS}a.2\n-- {NO_SQL}\n\n{BEGINS}a.2 back\n\
             {BEGINS}failed it is irreversible\n\n{BEGINS}a.3\n{BEGINS}failed no constraint\n\n{BEGINS}a.3 back\n"
        );
        let found: Vec<_> =
            sections(&text).into_iter().map(|one| (one.name, one.sql.is_ok(), one.reversible)).collect();
        assert_eq!(
            found,
            [
                ("a.1".into(), true, Some(true)),
                ("a.2".into(), false, Some(false)),
                ("a.3".into(), false, Some(true))
            ]
        );
    }

    #[test]
    fn the_way_to_a_version_goes_through_each_app() {
        let versions: Vec<Version> = ["a.1", "b.1", "a.2"].iter().map(|name| Version::name(name)).collect();
        let steps: Vec<&Version> = versions.iter().collect();
        assert_eq!(commands(Way::Up, &steps, 0, &[]), [words(&["migrate", "--no-input"])]);
        assert_eq!(
            commands(Way::Up, &steps, 1, &[]),
            [words(&["migrate", "--no-input", "b", "1"]), words(&["migrate", "--no-input", "a", "2"])]
        );
        let back: Vec<&Version> = versions.iter().rev().collect();
        assert_eq!(
            commands(Way::Down, &back, 0, &[]),
            [words(&["migrate", "--no-input", "a", "zero"]), words(&["migrate", "--no-input", "b", "zero"])]
        );
    }
}
