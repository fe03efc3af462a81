//! What may be typed; never what it means.

use std::path::PathBuf;

use contract::{EnvironmentName, Secret, Span};

use crate::{backup::Keep, layout::Layout};

/// Moves a database schema safely: a checked backup first, each file in one transaction with its row of the history, queries after.
#[derive(clap::Parser, Debug)]
#[command(name = "migrate-db", version, about = "Can the schema move, did it, and can we go back?")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// The flags that all binaries have.
    #[command(flatten)]
    pub common: ci::Common,
}

impl ci::Arguments for Args {
    const OWN_VARIABLES: &'static [(&'static str, &'static [&'static str])] =
        &[("database-url", &["DATABASE_URL"])];

    fn common(&self) -> &ci::Common {
        &self.common
    }
}

/// The commands.
#[derive(clap::Subcommand, Debug)]
#[allow(missing_docs, reason = "the fields are documented where they are declared")]
pub enum Command {
    /// Show what `up` would do
    Plan(Up),
    /// Back up, apply what is pending, verify
    Up(Up),
    /// Back up and go back to an earlier version
    Down {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        change: Change,
        /// The version to go back to; 0 is the empty database
        #[arg(long, value_name = "VERSION")]
        to: String,
    },
    /// Show which migrations are applied and which are pending
    Status {
        #[command(flatten)]
        target: Target,
        /// End with status 4 if a migration is pending
        #[arg(long)]
        require_current: bool,
        /// Where backups lie
        #[arg(long, value_name = "DIR", default_value = BACKUPS)]
        backup_dir: PathBuf,
        /// End with status 1 if the newest backup is older, or there is none
        #[arg(long, value_name = "TIME")]
        max_backup_age: Option<Span>,
    },
    /// Ask the queries of a file and compare the answers; look for drift
    Verify {
        #[command(flatten)]
        target: Target,
        /// The queries (TOML)
        #[arg(long, value_name = "FILE", required_unless_present = "drift")]
        verify: Option<PathBuf>,
        /// Compare the schema with the one that the applied files give, built anew beside it
        #[arg(long)]
        drift: bool,
        /// How long all queries together may take, and all files
        #[arg(long, value_name = "TIME", default_value = BUDGET)]
        budget: Span,
    },
    /// Judge the files, without asking the database
    Lint {
        #[command(flatten)]
        target: Target,
        /// Judge only what comes after this version
        #[arg(long, value_name = "VERSION")]
        since: Option<String>,
        /// The environment whose ledger says whether a contract step may run
        #[arg(long, value_name = "NAME")]
        environment: Option<EnvironmentName>,
        /// The configuration that names the ledger [default: release.toml]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Correct the history: checksums, what is applied, what is not
    Repair {
        #[command(flatten)]
        target: Target,
        /// All up to this version is there: enter it without running it
        #[arg(long, value_name = "VERSION", conflicts_with = "not_applied")]
        applied: Option<String>,
        /// Nothing of this version, which was begun, is there any more
        #[arg(long, value_name = "VERSION")]
        not_applied: Option<String>,
    },
    /// Make a copy that was opened and compared
    Backup {
        #[command(flatten)]
        target: Target,
        /// Where backups lie
        #[arg(long, value_name = "DIR", default_value = BACKUPS)]
        backup_dir: PathBuf,
        /// How many backups of this database stay [default: all]
        #[arg(long, value_name = "NUMBER")]
        keep: Option<Keep>,
        /// Where a copy goes as well: s3://BUCKET/PREFIX, or a repository such as registry.example.com/backups
        #[arg(long, value_name = "PLACE")]
        upload: Option<String>,
        /// Who may read the copy: public keys of age
        #[arg(long, value_name = "KEY", requires = "upload")]
        encrypt_to: Vec<String>,
    },
    /// Fetch a copy of a backup, decrypted and compared
    Fetch {
        #[command(flatten)]
        target: Target,
        /// Where copies lie: s3://BUCKET/PREFIX, or a repository
        #[arg(long, value_name = "PLACE")]
        from: String,
        /// Where the backup goes
        #[arg(long, value_name = "DIR", default_value = BACKUPS)]
        backup_dir: PathBuf,
        /// Which copy, by its name [default: the newest of this database]
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// The secret keys that age-keygen wrote
        #[arg(long, value_name = "FILE")]
        identity: Option<PathBuf>,
    },
    /// Restore the newest backup beside the database and do there what `up` would do
    Rehearse {
        #[command(flatten)]
        target: Target,
        /// Where backups lie
        #[arg(long, value_name = "DIR", default_value = BACKUPS)]
        backup_dir: PathBuf,
        /// How long all files together may take, and then all queries
        #[arg(long, value_name = "TIME", default_value = BUDGET)]
        budget: Span,
        /// Queries to ask afterwards (TOML)
        #[arg(long, value_name = "FILE")]
        verify: Option<PathBuf>,
        /// The environment whose ledger says whether a contract step may run
        #[arg(long, value_name = "NAME")]
        environment: Option<EnvironmentName>,
        /// The configuration that names the ledger [default: release.toml]
        #[arg(long, value_name = "FILE", requires = "environment")]
        config: Option<PathBuf>,
    },
}

const BUDGET: &str = "60s";
const BACKUPS: &str = ".seaworthy/backups";

/// The database and the migrations.
#[derive(clap::Args, Debug)]
pub struct Target {
    /// The database, such as sqlite:data/app.db, postgres://app@host/db or mysql://app@host/db (also from DATABASE_URL)
    #[arg(long, value_name = "URL")]
    pub database_url: Secret,
    /// The directory of the migrations [default: migrations]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Whose files these are, such as flyway [default: what they show]
    #[arg(long, value_enum, value_name = "TOOL", hide_possible_values = true)]
    pub layout: Option<Layout>,
    /// How Alembic or Django is started: words, no shell [default: alembic, python3 manage.py]
    #[arg(long, value_name = "WORDS", allow_hyphen_values = true)]
    pub tool: Option<String>,
    /// How long to wait for another writer
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub lock_timeout: Span,
}

/// What a change of the schema is bound to.
#[derive(clap::Args, Debug)]
pub struct Change {
    /// Where the backup made before the change goes
    #[arg(long, value_name = "DIR", default_value = BACKUPS)]
    pub backup_dir: PathBuf,
    /// How long all files together may take, and then all queries
    #[arg(long, value_name = "TIME", default_value = BUDGET)]
    pub budget: Span,
    /// How many backups of this database stay [default: all]
    #[arg(long, value_name = "NUMBER")]
    pub keep: Option<Keep>,
    /// Where a copy of the backup goes as well: s3://BUCKET/PREFIX, or a repository
    #[arg(long, value_name = "PLACE")]
    pub upload: Option<String>,
    /// Who may read the copy: public keys of age
    #[arg(long, value_name = "KEY", requires = "upload")]
    pub encrypt_to: Vec<String>,
    /// The environment: its part of the release record is written, its ledger judges contract steps
    #[arg(long, value_name = "NAME")]
    pub environment: Option<EnvironmentName>,
}

/// The way up.
#[derive(clap::Args, Debug)]
pub struct Up {
    /// The database and the migrations.
    #[command(flatten)]
    pub target: Target,
    /// What the change is bound to.
    #[command(flatten)]
    pub change: Change,
    /// The configuration that names the ledger, by which contract steps are judged [default: release.toml]
    #[arg(long, value_name = "FILE", requires = "environment")]
    pub config: Option<PathBuf>,
    /// The last version to apply [default: all]
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
    /// Queries to ask afterwards (TOML)
    #[arg(long, value_name = "FILE")]
    pub verify: Option<PathBuf>,
    /// Where to write the migration predicate that sbom-sign attests; needs --environment, which it names
    #[arg(long, value_name = "FILE", requires = "environment")]
    pub predicate: Option<PathBuf>,
}
