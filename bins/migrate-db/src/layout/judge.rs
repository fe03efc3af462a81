//! A step cut into statements and checked for what may not stand in a migration, before anything runs; never what was applied long ago.

use super::{
    Layout, Migration, Phase, directive,
    script::{Script, Seen, Transaction},
};
use crate::{
    effect::{self, Breakage},
    error::Error,
    statement::{self, Dialect, Statement},
    tool::ToolError,
};

/// A step that may run.
#[derive(Clone, Debug)]
pub struct Cut {
    /// Its statements; none only in a layout whose tool accepts that.
    pub statements: Vec<Statement>,
    /// What of it happens as a whole.
    pub unit: Unit,
}

/// What happens as a whole or not at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// The file: one transaction.
    File,
    /// Each statement, because the file or the database wants it so; which of them are done is kept beside the history.
    Statement,
}

/// What a step is about to change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ground {
    /// A database that no release uses yet.
    Empty,
    /// One that a release is running on.
    InUse,
}

/// What a migration says and does, judged.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The way there.
    pub up: Cut,
    /// Which half of a change it is.
    pub phase: Phase,
    /// Who agreed to a contract step.
    pub approval: Option<String>,
}

/// Cuts a text and refuses what no migration may hold.
pub fn cut(script: &Script, layout: Layout, dialect: Dialect) -> Result<Cut, Error> {
    let at = |line: usize| script.place(line);
    if let Some(name) = &script.lacks {
        let who = if name.starts_with("flyway:") {
            "which only Flyway itself gives a value"
        } else {
            "which nobody gave a value"
        };
        let why = format!("has the placeholder `{name}`, {who}");
        return Err(Error::Unsupported { file: script.file.clone(), why });
    }
    let mut statements = statement::statements(&script.text, dialect).map_err(|mut source| {
        source.line += script.line - 1;
        Error::Unfinished { place: at(source.line), source }
    })?;
    for one in &mut statements {
        one.line += script.line - 1;
    }
    if statements.is_empty() && layout == Layout::Numbered {
        return Err(Error::Empty(script.file.clone()));
    }
    if script.seen != Seen::Written {
        // The tool runs it, in the transactions that it begins itself.
        statements.retain(|one| !effect::begins(one) && !effect::commits(one));
        return Ok(Cut { statements, unit: Unit::File });
    }
    unwrap(&mut statements);
    for one in &statements {
        if let Some(why) = effect::forbidden(one) {
            return Err(Error::Forbidden { place: at(one.line), statement: one.shown(), why });
        }
    }
    let alone: Vec<&Statement> = statements.iter().filter(|one| effect::stands_alone(one)).collect();
    let unit = match alone.first() {
        // SQLite does everything in a transaction that a migration may do.
        _ if script.transaction == Transaction::Off && dialect != Dialect::Sqlite => Unit::Statement,
        None => Unit::File,
        // What changes a definition commits what was before it, whoever has begun a transaction.
        Some(_) if dialect == Dialect::Mysql => Unit::Statement,
        Some(_) if alone.len() == statements.len() => Unit::Statement,
        Some(one) => return Err(Error::Mixed { place: at(one.line), statement: one.shown() }),
    };
    Ok(Cut { statements, unit })
}

/// A file that is one transaction by its own words is what we make of every file.
fn unwrap(statements: &mut Vec<Statement>) {
    let wraps = match statements.as_slice() {
        [first, between @ .., last] => {
            effect::begins(first)
                && effect::commits(last)
                && !between.iter().any(|one| effect::begins(one) || effect::commits(one))
        }
        _ => false,
    };
    if wraps {
        statements.pop();
        statements.remove(0);
    }
}

/// Judges a migration that is about to run.
pub fn judge(
    migration: &Migration,
    layout: Layout,
    dialect: Dialect,
    ground: Ground,
) -> Result<Judged, Error> {
    let at = |line: usize| migration.up.place(line);
    let directives = directives(migration, dialect)?;
    let up = cut(&migration.up, layout, dialect)?;
    if let Some(phase) = program(migration, &up, directives.phase, ground)? {
        return Ok(Judged { up, phase, approval: directives.approval });
    }
    let mut breakage = Breakage::default();
    let says = |what: &str| directives.phase.is_some() && what == effect::UNSEEN;
    let mut breaks = up
        .statements
        .iter()
        .filter_map(|one| breakage.of(one).filter(|what| !says(what)).map(|what| (one, what)));
    let phase = match (directives.phase, breaks.next()) {
        (Some(Phase::Contract), _) => Phase::Contract,
        (_, None) => Phase::Expand,
        // What another tool made before there was anybody to break is nobody's to change any more.
        (None, Some(_)) if ground == Ground::Empty && layout != Layout::Numbered => Phase::Contract,
        (_, Some((one, what))) => {
            return Err(Error::Breaks { place: at(one.line), statement: one.shown(), what });
        }
    };
    if let Some(down) = &migration.down {
        cut(down, layout, dialect)?;
    }
    Ok(Judged { up, phase, approval: directives.approval })
}

/// What is judged otherwise in a program of another tool: the half that it says it is, if nobody can see what it does; and what could not
/// be run again after a kill.
fn program(
    migration: &Migration,
    up: &Cut,
    stated: Option<Phase>,
    ground: Ground,
) -> Result<Option<Phase>, Error> {
    let script = &migration.up;
    match (&script.seen, stated) {
        (Seen::Not(_), Some(phase)) => Ok(Some(phase)),
        (Seen::Elsewhere, _) => Ok(Some(Phase::Contract)),
        (Seen::PrintedElsewhere, _) => {
            let mut breakage = Breakage::default();
            let breaks = up.statements.iter().any(|one| breakage.of(one).is_some());
            Ok(Some(if breaks { Phase::Contract } else { Phase::Expand }))
        }
        (Seen::Not(_), None) if ground == Ground::Empty => Ok(Some(Phase::Contract)),
        (Seen::Not(why), None) => {
            Err(ToolError::Unseen { file: script.file.clone(), why: why.clone() }.into())
        }
        (Seen::Printed { .. }, _) if ground == Ground::InUse && up.statements.len() > 1 => {
            match up.statements.iter().find(|one| effect::stands_alone(one)) {
                Some(one) => Err(Error::Mixed { place: script.place(one.line), statement: one.shown() }),
                None => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

/// Which half of a change a migration is, and who agreed to it, without judging whether it may run: a text that can't be cut is no promise.
pub fn stated(migration: &Migration, layout: Layout, dialect: Dialect) -> (Phase, Option<String>) {
    let speaks = migration.up.text.contains(directive::MARK);
    let said = if speaks {
        directives(migration, dialect).unwrap_or_default()
    } else {
        directive::Directives::default()
    };
    let breaks = || match statement::statements(&migration.up.text, dialect) {
        Ok(statements) => {
            let mut breakage = Breakage::default();
            statements.iter().any(|one| breakage.of(one).is_some())
        }
        Err(_) => true,
    };
    let phase = match said.phase {
        Some(phase) => phase,
        None if migration.up.is_unknown() => Phase::Contract,
        // Ours runs nothing that breaks and does not say so.
        None if layout == Layout::Numbered || !breaks() => Phase::Expand,
        None => Phase::Contract,
    };
    (phase, said.approval)
}

/// What the file says of itself.
pub fn directives(migration: &Migration, dialect: Dialect) -> Result<directive::Directives, Error> {
    directive::read(&migration.up.text, dialect).map_err(|wrong| Error::Directive {
        place: migration.up.place(wrong.line + migration.up.line - 1),
        why: wrong.why,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use ci::Failure;

    fn code(text: &str, layout: Layout, ground: Ground) -> &'static str {
        let migration = Migration {
            version: super::super::Version::name("1"),
            description: String::new(),
            name: String::new(),
            checksums: super::super::Checksums::default(),
            after: Vec::new(),
            up: Script::of(Path::new("x.sql"), text),
            down: None,
        };
        match judge(&migration, layout, Dialect::Postgres, ground) {
            Ok(judged) => judged.phase.word(),
            Err(error) => error.code().as_str(),
        }
    }

    #[test]
    fn each_bad_file_has_its_own_code() {
        let code = |text| code(text, Layout::Numbered, Ground::InUse);
        for (text, expected) in [
            ("-- nothing\n", "migration-empty"),
            ("SELECT 'x", "migration-unfinished"),
            ("SELECT 1; COMMIT;", "migration-forbidden"),
            ("DROP TABLE t", "migration-breaks"),
            ("-- migrate-db: phase=expand\nDROP TABLE t", "migration-breaks"),
            ("-- migrate-db: phase=both\nSELECT 1", "migration-directive"),
            ("SELECT 1; VACUUM;", "migration-mixed"),
            ("-- migrate-db: phase=contract\nDROP TABLE t", "contract"),
            ("DO $$BEGIN EXECUTE (SELECT text FROM orders); END$$", "migration-breaks"),
            ("-- migrate-db: phase=expand\nDO $$BEGIN EXECUTE (SELECT text FROM orders); END$$", "expand"),
            ("BEGIN; SELECT 1; COMMIT;", "expand"),
            ("BEGIN; SELECT 1; COMMIT; SELECT 2;", "migration-forbidden"),
            ("BEGIN; SELECT 1; COMMIT; BEGIN; COMMIT;", "migration-forbidden"),
        ] {
            assert_eq!(code(text), expected, "{text}");
        }
    }

    #[test]
    fn what_another_tool_made_long_ago_runs_on_an_empty_database_only() {
        assert_eq!(code("DROP TABLE t", Layout::Prisma, Ground::Empty), "contract");
        assert_eq!(code("DROP TABLE t", Layout::Prisma, Ground::InUse), "migration-breaks");
        assert_eq!(
            code("-- migrate-db: phase=expand\nDROP TABLE t", Layout::Prisma, Ground::Empty),
            "migration-breaks"
        );
        assert_eq!(code("", Layout::Goose, Ground::InUse), "expand");
    }
}
