//! goose's layout and `goose_db_version` (goose 3, `internal/sqlparser`, `database/dialect`); never its migrations written in Go.

use super::{
    Checksums, Migration, Script, Version,
    history::{Applied, Entry, HistoryTable, Place, Texts, described, moment, number, text, truth},
    name::is_near,
    script::Transaction,
    section::{Section, says_nothing, sections},
    tree::{Source, Tree},
};
use crate::{error::Error, statement::Dialect};

/// What goose's library takes where it is told to lock: the CRC-32 of its name.
const LOCK: i64 = 4_097_083_626;

/// A section's mark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    Up,
    Down,
}

/// `-- +goose <annotation>`, at the beginning of a line and in any case.
fn annotation(line: &str) -> Option<String> {
    let rest = line.strip_prefix("--")?.trim_start().strip_prefix("+goose ")?;
    Some(rest.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_uppercase())
}

fn way(line: &str) -> Option<Way> {
    match annotation(line)?.as_str() {
        "UP" => Some(Way::Up),
        "DOWN" => Some(Way::Down),
        _ => None,
    }
}

/// Whether a file has the tool's marks.
pub(super) fn is_marked(text: &str) -> bool {
    text.lines().any(|line| annotation(line).is_some())
}

/// Whether a file is a migration written in Go.
pub(super) fn is_program(file: &str) -> bool {
    let stem = file.rsplit_once('.').filter(|(_, end)| *end == "go").map(|(stem, _)| stem);
    stem.is_some_and(|stem| !stem.ends_with("_test"))
        && file.starts_with(|first: char| first.is_ascii_digit())
}

/// The migrations of the directory.
pub(super) fn read(tree: &Tree) -> Result<Vec<Migration>, Error> {
    let top = tree.sources.iter().filter(|source| source.parent().is_none());
    top.filter(|source| source.is_sql() || is_program(source.file()) || is_near(source.file()))
        .map(migration)
        .collect()
}

fn migration(source: &Source) -> Result<Migration, Error> {
    let misnamed = |why| Error::Misnamed { file: source.path.clone(), why };
    let unsupported = |why: String| Error::Unsupported { file: source.path.clone(), why };
    if is_program(source.file()) {
        return Err(unsupported("is a migration written in Go, which only goose can run".into()));
    }
    let stem = source.file().strip_suffix(".sql").ok_or_else(|| misnamed("goose wants .sql"))?;
    let (digits, name) = stem
        .split_once('_')
        .ok_or_else(|| misnamed("goose wants <number>_<name>.sql and would not take it"))?;
    let version = Version::number(digits).filter(|version| !version.is_none());
    let version = version.ok_or_else(|| misnamed("what stands before the first `_` is no number above 0"))?;
    let (before, sections) = sections(source.text(), way);
    let mut transaction = Transaction::Usual;
    for line in source.text().lines() {
        match annotation(line).as_deref() {
            None | Some("UP" | "DOWN" | "STATEMENTBEGIN" | "STATEMENTEND" | "ENVSUB OFF") => {}
            Some("NO TRANSACTION") => transaction = Transaction::Off,
            Some("ENVSUB ON") => {
                let why =
                    "takes parts of its statements from the environment, so nobody could say later what ran";
                return Err(unsupported(why.into()));
            }
            Some(other) => {
                return Err(unsupported(format!("has the annotation `{other}`, which is not known")));
            }
        }
    }
    if !says_nothing(&before) {
        return Err(unsupported("has statements before `-- +goose Up`, which goose refuses".into()));
    }
    let (up, down) = match sections.as_slice() {
        [up] if up.mark == Way::Up => (up, None),
        [up, down] if up.mark == Way::Up && down.mark == Way::Down => (up, Some(down)),
        _ => {
            return Err(unsupported(
                "must have one `-- +goose Up` and at most one `-- +goose Down` behind it".into(),
            ));
        }
    };
    let script =
        |section: &Section<Way>| Script::section(&source.path, section.line, &section.text, transaction);
    Ok(Migration {
        version,
        description: name.replace('_', " "),
        name: source.name.clone(),
        checksums: Checksums::default(),
        after: Vec::new(),
        up: script(up),
        down: down.map(script).filter(|down| !says_nothing(&down.text)),
    })
}

/// `goose_db_version`, in which the newest row of a version counts.
pub(super) struct Table;

impl HistoryTable for Table {
    fn table(&self) -> &'static str {
        "goose_db_version"
    }

    fn mark(&self) -> (&'static str, bool) {
        ("", false)
    }

    fn create(&self, at: &Place) -> String {
        let name = at.name();
        let columns = match at.dialect {
            Dialect::Mysql => {
                "id bigint(20) unsigned NOT NULL AUTO_INCREMENT, version_id bigint NOT NULL, is_applied boolean NOT NULL, \
                 tstamp timestamp NULL DEFAULT now(), PRIMARY KEY (id)"
            }
            Dialect::Postgres => {
                "id integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, version_id bigint NOT NULL, is_applied boolean NOT NULL, \
                 tstamp timestamp NOT NULL DEFAULT now()"
            }
            Dialect::Sqlite => {
                "id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, \
                 tstamp TIMESTAMP DEFAULT (datetime('now'))"
            }
        };
        let yes = yes(at);
        let from = if at.dialect == Dialect::Mysql { " FROM DUAL" } else { "" };
        format!(
            "CREATE TABLE IF NOT EXISTS {name} ({columns}); \
             INSERT INTO {name} (version_id, is_applied) SELECT 0, {yes}{from} WHERE NOT EXISTS (SELECT 1 FROM {name});"
        )
    }

    fn select(&self, at: &Place) -> String {
        format!("SELECT version_id, is_applied, {} FROM {} ORDER BY id", at.moment_of("tstamp"), at.name())
    }

    fn applied(&self, rows: &[Texts], migrations: &[Migration]) -> Result<Vec<Applied>, String> {
        let mut applied: Vec<Applied> = Vec::new();
        for row in rows.iter().filter(|row| text(row, 0) != Ok("0")) {
            let version = number(row, 0)?;
            applied.retain(|one| one.version != version);
            if truth(row, 1)? {
                let description = described(migrations, &version);
                applied.push(Applied { applied_on: moment(row, 2), ..Applied::of(version, description) });
            }
        }
        Ok(applied)
    }

    fn stamp(&self, at: &Place) -> String {
        format!("(SELECT {} FROM {})", at.joined(&["count(*)", "coalesce(max(id), 0)"]), at.name())
    }

    fn add(&self, at: &Place, entry: &Entry<'_>) -> String {
        format!("INSERT INTO {} (version_id, is_applied) VALUES ({}, {});", at.name(), entry.version, yes(at))
    }

    fn remove(&self, at: &Place, entry: &Entry<'_>) -> String {
        format!("DELETE FROM {} WHERE version_id = {};", at.name(), entry.version)
    }

    fn locks(&self, _: &Place) -> Vec<i64> {
        vec![LOCK]
    }
}

fn yes(at: &Place) -> &'static str {
    match at.dialect {
        Dialect::Postgres | Dialect::Mysql => "TRUE",
        Dialect::Sqlite => "1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::tree::tests::read_files;

    fn read(files: &[(&str, &str)]) -> Result<Vec<Migration>, &'static str> {
        read_files(super::read, files)
    }

    #[test]
    fn a_file_has_its_sections_and_its_annotations() {
        let text = "-- +goose NO TRANSACTION\n-- +goose up\nSELECT 1;\n-- +goose StatementBegin\nSELECT 2;\n-- +goose StatementEnd\n\n-- +goose Down\nSELECT 3;\n";
        let one = read(&[("00007_add_users.sql", text)]).unwrap().remove(0);
        assert_eq!((one.version.text(), one.description.as_str()), ("7", "add users"));
        assert_eq!((one.up.line, one.up.transaction), (2, Transaction::Off));
        assert!(one.up.text.contains("SELECT 2") && one.down.unwrap().text.contains("SELECT 3"));
        assert!(read(&[("1_a.sql", "-- +goose Up\nSELECT 1;\n")]).unwrap()[0].down.is_none());
    }

    #[test]
    fn what_only_goose_can_run_is_refused() {
        for (files, code) in [
            ([("1_a.go", "package x")], "migration-unsupported"),
            ([("1_a.sql", "-- +goose Up\n-- +goose ENVSUB ON\nSELECT ${X};")], "migration-unsupported"),
            ([("1_a.sql", "-- +goose Sideways\n")], "migration-unsupported"),
            ([("1_a.sql", "SELECT 1;")], "migration-unsupported"),
            ([("1_a.sql", "SELECT 1;\n-- +goose Up\n")], "migration-unsupported"),
            ([("a_1.sql", "-- +goose Up\n")], "migration-name"),
            ([("0_a.sql", "-- +goose Up\n")], "migration-name"),
        ] {
            assert_eq!(read(&files).unwrap_err(), code, "{files:?}");
        }
    }

    #[test]
    fn the_newest_row_of_a_version_counts() {
        let row =
            |version: &str, applied: &str| vec![Some(version.to_owned()), Some(applied.to_owned()), None];
        let rows = [row("0", "t"), row("1", "t"), row("2", "t"), row("2", "f"), row("1", "f"), row("1", "t")];
        let applied = Table.applied(&rows, &[]).unwrap();
        let versions: Vec<_> = applied.iter().map(|one| one.version.text()).collect();
        assert_eq!(versions, ["1"]);
    }
}
