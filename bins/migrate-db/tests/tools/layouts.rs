//! What each tool's files look like and how its history counts, for the tests on every engine.

use testkit::Scratch;

/// The files of one migration in a tool's layout: its number, its way there, its way back, and whether it may have a transaction.
pub(crate) struct Tool {
    pub(crate) layout: &'static str,
    /// How many versions its history holds.
    pub(crate) count: &'static str,
    /// Whether something in its history says that a file was begun.
    pub(crate) begun: Option<&'static str>,
    files: fn(u8, &str, &str, Wish) -> Files,
}

/// Paths and texts.
type Files = Vec<(String, String)>;

/// Whether a file asks for a transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Transaction,
    None,
}

impl Tool {
    /// Adds a migration to a project.
    pub(crate) fn add(&self, scratch: &Scratch, number: u8, up: &str, down: &str, wish: Wish) {
        for (name, text) in (self.files)(number, up, down, wish) {
            scratch.file(&format!("migrations/{name}"), text);
        }
    }
}

pub(crate) const TOOLS: [Tool; 8] = [
    Tool {
        layout: "numbered",
        count: "SELECT count(*) FROM migrate_db_history",
        begun: None,
        files: |number, up, down, _| {
            vec![(format!("{number}_t.sql"), up.into()), (format!("{number}_t.down.sql"), down.into())]
        },
    },
    Tool {
        layout: "flyway",
        count: "SELECT count(*) FROM flyway_schema_history WHERE success",
        begun: Some("SELECT count(*) FROM flyway_schema_history WHERE NOT success"),
        files: |number, up, down, wish| {
            let mut files =
                vec![(format!("V{number}__t.sql"), up.into()), (format!("U{number}__t.sql"), down.into())];
            if wish == Wish::None {
                files.push((format!("V{number}__t.sql.conf"), "executeInTransaction=false\n".into()));
            }
            files
        },
    },
    Tool {
        layout: "prisma",
        count: "SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL",
        begun: Some(
            "SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NULL AND rolled_back_at IS NULL",
        ),
        files: |number, up, down, _| {
            vec![
                (format!("2024010{number}_t/migration.sql"), up.into()),
                (format!("2024010{number}_t/down.sql"), down.into()),
            ]
        },
    },
    Tool {
        layout: "sqlx",
        count: "SELECT count(*) FROM _sqlx_migrations WHERE success",
        begun: Some("SELECT count(*) FROM _sqlx_migrations WHERE NOT success"),
        files: |number, up, down, wish| {
            let head = if wish == Wish::None { "-- no-transaction\n" } else { "" };
            vec![
                (format!("{number}_t.up.sql"), format!("{head}{up}")),
                (format!("{number}_t.down.sql"), format!("{head}{down}")),
            ]
        },
    },
    Tool {
        layout: "golang-migrate",
        count: "SELECT coalesce(max(version), 0) FROM schema_migrations WHERE NOT dirty",
        begun: Some("SELECT count(*) FROM schema_migrations WHERE dirty"),
        files: |number, up, down, _| {
            vec![(format!("{number}_t.up.sql"), up.into()), (format!("{number}_t.down.sql"), down.into())]
        },
    },
    Tool {
        layout: "dbmate",
        count: "SELECT count(*) FROM schema_migrations",
        begun: None,
        files: |number, up, down, wish| {
            let option = if wish == Wish::None { " transaction:false" } else { "" };
            vec![(
                format!("2024010{number}_t.sql"),
                format!("-- migrate:up{option}\n{up}\n-- migrate:down{option}\n{down}\n"),
            )]
        },
    },
    Tool {
        layout: "goose",
        count: "SELECT count(*) FROM goose_db_version WHERE version_id > 0 AND is_applied",
        begun: None,
        files: |number, up, down, wish| {
            let option = if wish == Wish::None { "-- +goose NO TRANSACTION\n" } else { "" };
            vec![(
                format!("0000{number}_t.sql"),
                format!("{option}-- +goose Up\n{up}\n-- +goose Down\n{down}\n"),
            )]
        },
    },
    Tool {
        layout: "diesel",
        count: "SELECT count(*) FROM __diesel_schema_migrations",
        begun: None,
        files: |number, up, down, wish| {
            let mut files = vec![
                (format!("2024-01-0{number}-000000_t/up.sql"), up.into()),
                (format!("2024-01-0{number}-000000_t/down.sql"), down.into()),
            ];
            if wish == Wish::None {
                files.push((
                    format!("2024-01-0{number}-000000_t/metadata.toml"),
                    "run_in_transaction = false\n".into(),
                ));
            }
            files
        },
    },
];
