//! Carries a repair out: all of it in one transaction under the locks, on the history it was made from; never a migration's statement.

use std::time::Duration;

use ci::Session;

use crate::{
    database::{Database, DatabaseError, Lasting},
    error::Error,
    facts::{self, Facts},
    layout::{Entry, Migration, Phase, Place, Version, judge, progress::Progress},
    lock::Locks,
    repair::Repair,
    statement::Dialect,
};

/// Rewrites what the repair says.
pub fn repair(
    repair: &Repair<'_>,
    facts: &Facts,
    database: &mut dyn Database,
    session: &Session,
) -> Result<(), Error> {
    if repair.is_empty() {
        return Ok(());
    }
    let done = rewrite(repair, facts, database, session);
    if done.is_err() {
        database.rollback();
    }
    done
}

fn rewrite(
    repair: &Repair<'_>,
    facts: &Facts,
    database: &mut dyn Database,
    session: &Session,
) -> Result<(), Error> {
    let failed = |source: DatabaseError| Error::Database { doing: "rewriting the history", source };
    let (table, place) = (facts.layout.history(), &facts.place);
    let locks = Locks::of(table, place);
    let opening = if facts.has_history { String::new() } else { table.create(place) };
    database.lock(&locks).and_then(|()| database.begin(&opening, "1", Lasting::AtOnce)).map_err(failed)?;
    let rows = database.texts(&table.select(place)).map_err(failed)?;
    let now = facts::resolved(table, &rows, &facts.migrations, place).map_err(failed)?;
    if now != facts.history {
        let last = now.last().or(facts.history.last()).map(|row| row.version.clone());
        return Err(Error::Moved(last.unwrap_or(Version::NONE)));
    }
    let closing = statements(repair, facts, session);
    database.commit(&closing, "1").map_err(failed)?;
    if repair.is_settled { tidy(database, place).map_err(failed) } else { Ok(()) }
}

/// Drops the table of a progress that has no row any more, where that could not be done beside the row's end.
pub(super) fn tidy(database: &mut dyn Database, place: &Place) -> Result<(), DatabaseError> {
    if place.dialect == Dialect::Mysql { database.texts(&Progress::drop(place)).map(drop) } else { Ok(()) }
}

fn statements(repair: &Repair<'_>, facts: &Facts, session: &Session) -> String {
    let (table, place) = (facts.layout.history(), &facts.place);
    let mut sql: String =
        repair.corrected.iter().filter_map(|(file, _)| table.correct(place, file)).collect();
    let entry = |version, below, file: Option<&Migration>, write: &dyn Fn(&Entry<'_>) -> String| {
        write(&Entry {
            version,
            below,
            description: file.map(|file| file.description.as_str()).unwrap_or_default(),
            name: file.map(|file| file.name.as_str()).unwrap_or_default(),
            checksum: file.and_then(|file| file.checksums.written.as_deref()),
            phase: file.map_or(Phase::Expand, |file| judge::stated(file, facts.layout, place.dialect).0),
            down: file.and_then(|file| file.down.as_ref()),
            applied_on: session.now(),
            took: Duration::ZERO,
        })
    };
    for (file, below) in &repair.entered {
        sql += &entry(&file.version, below, Some(file), &|entry| table.add(place, entry));
    }
    if let Some((version, file, below)) = &repair.forgotten {
        sql += &entry(version, below, *file, &|entry| table.remove(place, entry));
    }
    if repair.is_settled {
        sql += &Progress::finish(place);
    }
    sql
}
