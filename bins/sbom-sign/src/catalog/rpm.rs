//! Where RPM keeps its database (rpm(8), `%_dbpath`); never what stands in it: docs/dependencies.md says why.

/// The directories, the newer one first.
const DIRECTORIES: [&str; 3] = ["usr/lib/sysimage/rpm/", "var/lib/rpm/", "usr/share/rpm/"];
/// The databases: SQLite, NDB, and Berkeley DB.
const DATABASES: [&str; 3] = ["rpmdb.sqlite", "Packages.db", "Packages"];

/// Whether this is a database of RPM.
pub fn is_database(path: &str) -> bool {
    DIRECTORIES
        .iter()
        .any(|directory| path.strip_prefix(directory).is_some_and(|file| DATABASES.contains(&file)))
}

/// All of them.
pub fn databases() -> impl Iterator<Item = String> {
    DIRECTORIES.iter().flat_map(|directory| DATABASES.map(|file| format!("{directory}{file}")))
}
