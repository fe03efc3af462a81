//! Whose server it is, MariaDB or MySQL itself: its programs, its options, how its data directory is made; never a running one.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::servers::{as_user, said, unprivileged};

/// Which server all tests of this process run on: nothing is MariaDB, `mysql` is MySQL itself (`itself.rs`).
pub(crate) const CHOICE: &str = "MIGRATE_DB_TEST_SERVER";

/// Whose server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    MariaDb,
    Mysql,
}

impl Kind {
    pub(crate) fn chosen() -> Self {
        match ci::Env::capture().text(CHOICE).unwrap().as_deref() {
            None => Self::MariaDb,
            Some(other) => {
                assert_eq!(other, "mysql", "{CHOICE}");
                Self::Mysql
            }
        }
    }

    /// Servers refuse to run as root. MySQL can be told to, and has to: it lies in a cache that only its owner may read.
    pub(crate) fn user(self) -> Option<(u32, u32)> {
        match self {
            Self::MariaDb => unprivileged(&["mysql", "nobody"]),
            Self::Mysql => None,
        }
    }

    /// The client and the dump.
    pub(crate) const fn programs(self) -> (&'static str, &'static str) {
        match self {
            Self::MariaDb => ("mariadb", "mariadb-dump"),
            Self::Mysql => ("mysql", "mysqldump"),
        }
    }

    /// What its dump must be told to show a database alone, without what the server as a whole has executed.
    pub(crate) const fn alone(self) -> &'static [&'static str] {
        match self {
            Self::MariaDb => &[],
            Self::Mysql => &["--set-gtid-purged=OFF"],
        }
    }

    pub(crate) const fn server(self) -> &'static str {
        match self {
            Self::MariaDb => "mariadbd",
            Self::Mysql => "mysqld",
        }
    }

    /// Where a program of its own lies.
    pub(crate) fn program(self, name: &str) -> PathBuf {
        match self {
            // Debian's packages put the server where only root's PATH looks.
            Self::MariaDb => {
                let path = ci::Env::capture().raw("PATH").unwrap_or_default().to_owned();
                let homes = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/libexec".into()]);
                let found = homes.map(|home| home.join(name)).find(|path| path.exists());
                found.expect("MariaDB is not installed: run script/setup (apt-get install mariadb-server)")
            }
            Self::Mysql => self.home().unwrap().join(name),
        }
    }

    /// The directory of its programs, where it is not the system's.
    pub(crate) fn home(self) -> Option<PathBuf> {
        let server = (self == Self::Mysql).then(|| testkit::tools::tool("mysqld"))?;
        Some(server.canonicalize().unwrap().parent().unwrap().to_owned())
    }

    /// Makes the data directory.
    pub(crate) fn initialise(self, directory: &Path) {
        let data = format!("--datadir={}", directory.join("data").display());
        let (program, words) = match self {
            Self::MariaDb => (
                "mariadb-install-db",
                ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"],
            ),
            Self::Mysql => ("mysqld", ["--no-defaults", "--initialize-insecure", "--user=root"]),
        };
        let mut command = as_user(self.user(), &self.program(program));
        command.args(words).arg(data).current_dir(directory).env("TMPDIR", directory);
        let made = command.output().unwrap();
        assert!(made.status.success(), "{program}: {}{}", String::from_utf8_lossy(&made.stdout), said(&made));
    }

    /// What only this kind is told: to be small, and to leave what it has written to the system, which nobody kills.
    pub(crate) fn options(self) -> &'static [&'static str] {
        match self {
            Self::MariaDb => &["--sync-frm=OFF", "--innodb-log-file-size=16M"],
            Self::Mysql => &[
                "--user=root",
                "--secure-file-priv=NULL",
                "--mysqlx=OFF",
                "--sync-binlog=0",
                "--innodb-redo-log-capacity=16M",
            ],
        }
    }
}

/// A command that finds this kind's programs first.
pub(crate) trait Finds {
    fn finding(self, kind: Kind) -> Self;
}

impl Finds for testkit::Cmd {
    fn finding(self, kind: Kind) -> Self {
        match kind.home() {
            Some(home) => self.env("PATH", format!("{}:/usr/bin:/bin", home.display())),
            None => self,
        }
    }
}

impl Finds for &mut Command {
    fn finding(self, kind: Kind) -> Self {
        match kind.home() {
            Some(home) => self.env("PATH", format!("{}:/usr/bin:/bin", home.display())),
            None => self,
        }
    }
}
