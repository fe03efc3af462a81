//! Directories of migrations in every tool's layout, the rows of its history, and the files that configure it.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use migrate_db::{
    layout::{Files, Ground, Layout, Listed, Place, Source, Tree, judge, progress::Progress},
    statement::Dialect,
    verify,
};
use seaworthy_fuzz::{Desk, SCISSORS, pieces};

static DESK: LazyLock<Desk> = LazyLock::new(Desk::new);

/// Files that their parsers open themselves.
const OPENED: [&str; 5] =
    ["flyway.conf", "flyway.toml", "verify.toml", "migrations/alembic.ini", "migrations/pyproject.toml"];

/// A line is a row, and a tab parts its values; `-` is none.
fn rows(text: &str) -> Vec<Vec<Option<String>>> {
    let value = |value: &str| (value != "-").then(|| value.to_owned());
    text.lines().map(|line| line.split('\t').map(value).collect()).collect()
}

fn look(tree: &Tree, rows: &[Vec<Option<String>>], layout: Layout, dialect: Dialect, listed: &[Listed]) {
    let history = layout.history();
    let schema = (dialect == Dialect::Postgres).then(|| "public".to_owned());
    let user = Some("app".to_owned());
    let place = Place { dialect, database: "app".into(), schema, user, table: history.table().into() };
    let migrations = layout.read(tree, &place, listed).unwrap_or_default();
    let _ = history.applied(rows, &migrations);
    let migrations = history.settled(rows, migrations);
    let _ = history.applied(rows, &migrations);
    for migration in &migrations {
        let _ = judge::judge(migration, layout, dialect, Ground::InUse);
        let _ = judge::stated(migration, layout, dialect);
        let _ = migration.down.as_ref().map(|down| judge::cut(down, layout, dialect));
        let _ = history.correct(&place, migration);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let pieces = pieces(text.as_bytes(), SCISSORS);
    let mut pieces = pieces.into_iter().map(|piece| std::str::from_utf8(piece).unwrap_or_default());
    let rows = rows(pieces.next().unwrap_or_default());
    let directory = DESK.path().join("migrations");
    let (mut sources, mut listed, mut opened) = (Vec::new(), Vec::new(), false);
    for piece in pieces {
        let (name, text) = piece.split_once('\n').unwrap_or((piece, ""));
        if OPENED.contains(&name) {
            let file = DESK.file(name, text.as_bytes());
            opened = true;
            if name == "verify.toml" {
                let _ = verify::read(&file, Dialect::Postgres);
            }
            continue;
        }
        listed.extend(Listed::read(name));
        sources.push(Source {
            path: directory.join(name),
            name: name.to_owned(),
            text: Some(text.to_owned()),
        });
    }
    sources.sort_by(|one, other| one.name.cmp(&other.name));
    sources.dedup_by(|one, other| one.name == other.name);
    let tree = Tree { directory: directory.clone(), sources };
    let _ = Progress::read(&rows);
    for layout in Layout::ALL {
        // Each layout in one dialect: which texts differ by dialect is the business of the target `sql`.
        let dialect = match layout as usize % 3 {
            0 => Dialect::Postgres,
            1 => Dialect::Mysql,
            _ => Dialect::Sqlite,
        };
        look(&tree, &rows, layout, dialect, &listed);
    }
    if opened {
        let _ = Files::read(&directory, Some(Layout::Alembic));
        DESK.clear();
    }
});
