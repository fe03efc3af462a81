//! dbmate's layout and `schema_migrations` (dbmate 2, `pkg/dbmate/migration.go`, `pkg/driver`): a version for each file and nothing else;
//! never its schema dump.

use super::{
    Checksums, Migration, Script, Version,
    history::{self, Applied, Entry, HistoryTable, Place, Texts, described, text},
    script::Transaction,
    section::{Section, says_nothing, sections},
    tree::{Source, Tree},
};
use crate::{error::Error, statement::Dialect};

/// A section's mark.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Mark {
    Up(Transaction),
    Down(Transaction),
    /// An option that is not known.
    Odd(String),
}

/// `-- migrate:up [transaction:false]`, at the beginning of a line.
fn mark(line: &str) -> Option<Mark> {
    let rest = line.strip_prefix("--")?.trim_start().strip_prefix("migrate:")?;
    let mut words = rest.split_whitespace();
    let way = words.next()?;
    let mut transaction = Transaction::Usual;
    for option in words {
        match option {
            "transaction:false" => transaction = Transaction::Off,
            "transaction:true" => transaction = Transaction::Usual,
            other => return Some(Mark::Odd(other.to_owned())),
        }
    }
    match way {
        "up" => Some(Mark::Up(transaction)),
        "down" => Some(Mark::Down(transaction)),
        _ => None,
    }
}

/// Whether a file has the tool's marks.
pub(super) fn is_marked(text: &str) -> bool {
    text.lines().any(|line| mark(line).is_some())
}

/// The migrations of the directory.
pub(super) fn read(tree: &Tree) -> Result<Vec<Migration>, Error> {
    let files = tree.sources.iter().filter(|source| source.parent().is_none() && source.is_sql());
    let migrations = files.map(migration).collect::<Result<Vec<_>, _>>()?;
    // The tool goes by the names of the files; a version of fewer digits would stand elsewhere than its number says.
    if let Some(pair) = migrations.windows(2).find(|pair| pair[0].version > pair[1].version) {
        let why = "dbmate orders files by their names, and by its version it would stand elsewhere: give all versions as many digits";
        return Err(Error::Misnamed { file: pair[0].up.file.clone(), why });
    }
    Ok(migrations)
}

fn migration(source: &Source) -> Result<Migration, Error> {
    let misnamed = |why| Error::Misnamed { file: source.path.clone(), why };
    let unsupported = |why: String| Error::Unsupported { file: source.path.clone(), why };
    let file = source.file();
    let digits = file.bytes().take_while(u8::is_ascii_digit).count();
    let stem = file.strip_suffix(".sql").ok_or_else(|| misnamed("dbmate wants .sql in small letters"))?;
    if digits == 0 {
        return Err(misnamed("dbmate wants <digits>_<name>.sql and would skip it"));
    }
    let (before, sections) = sections(source.text(), mark);
    if !says_nothing(&before) {
        return Err(unsupported("has statements before `-- migrate:up`, which dbmate refuses".into()));
    }
    if let Some(odd) =
        sections.iter().find_map(|one| if let Mark::Odd(odd) = &one.mark { Some(odd) } else { None })
    {
        return Err(unsupported(format!("has the option `{odd}`, and only transaction:false is known")));
    }
    let [up @ Section { mark: Mark::Up(_), .. }, down @ Section { mark: Mark::Down(_), .. }] =
        sections.as_slice()
    else {
        return Err(unsupported(
            "must have one `-- migrate:up` and, behind it, one `-- migrate:down`".into(),
        ));
    };
    let script = |section: &Section<Mark>| {
        let (Mark::Up(transaction) | Mark::Down(transaction)) = section.mark else { return None };
        Some(Script::section(&source.path, section.line, &section.text, transaction))
    };
    let version = &file[..digits];
    let up = script(up).ok_or_else(|| misnamed("it has no way there"))?;
    Ok(Migration {
        version: ordered(version),
        description: stem[digits..].trim_start_matches(['_', '-']).replace('_', " "),
        name: source.name.clone(),
        checksums: Checksums::default(),
        after: Vec::new(),
        up,
        down: script(down).filter(|down| !says_nothing(&down.text)),
    })
}

/// A file's name goes on with a `_`, which stands behind all digits.
fn ordered(version: &str) -> Version {
    Version::ordered_as(version, format!("{version}_"))
}

/// `schema_migrations` with its one column.
pub(super) struct Table;

impl HistoryTable for Table {
    fn table(&self) -> &'static str {
        "schema_migrations"
    }

    fn mark(&self) -> (&'static str, bool) {
        ("dirty", false)
    }

    fn create(&self, at: &Place) -> String {
        let kind = match at.dialect {
            Dialect::Postgres => "varchar",
            Dialect::Sqlite | Dialect::Mysql => "varchar(128)",
        };
        format!("CREATE TABLE IF NOT EXISTS {} (version {kind} PRIMARY KEY);", at.name())
    }

    fn select(&self, at: &Place) -> String {
        format!("SELECT version FROM {} ORDER BY version", at.name())
    }

    fn applied(&self, rows: &[Texts], migrations: &[Migration]) -> Result<Vec<Applied>, String> {
        let applied = |row: &Texts| {
            let version = ordered(text(row, 0)?);
            let description = described(migrations, &version);
            Ok(Applied::of(version, description))
        };
        rows.iter().map(applied).collect()
    }

    fn stamp(&self, at: &Place) -> String {
        history::stamp_of_versions(at)
    }

    fn add(&self, at: &Place, entry: &Entry<'_>) -> String {
        history::add_version(at, entry.version)
    }

    fn remove(&self, at: &Place, entry: &Entry<'_>) -> String {
        history::remove_version(at, entry.version)
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
    fn a_file_has_two_sections_and_its_options() {
        let text = "-- about\n-- migrate:up transaction:false\nSELECT 1;\n\n--migrate:down\nSELECT 2;\n";
        let one = read(&[("20240101_add_users.sql", text)]).unwrap().remove(0);
        assert_eq!((one.version.text(), one.description.as_str()), ("20240101", "add users"));
        assert_eq!((one.up.line, one.up.transaction), (2, Transaction::Off));
        assert!(one.up.text.contains("SELECT 1") && !one.up.text.contains("SELECT 2"));
        assert_eq!(one.down.map(|down| down.line), Some(5));
        assert!(
            read(&[("1_a.sql", "-- migrate:up\nSELECT 1;\n-- migrate:down\n")]).unwrap()[0].down.is_none()
        );
    }

    #[test]
    fn what_dbmate_would_skip_or_run_otherwise_is_refused() {
        let fine = "-- migrate:up\nSELECT 1;\n-- migrate:down\n";
        for (files, code) in [
            (vec![("a.sql", fine)], "migration-name"),
            (vec![("1-a.sql", fine), ("10-b.sql", fine)], "migration-name"),
            (vec![("1_a.sql", "SELECT 0;\n-- migrate:up\n-- migrate:down\n")], "migration-unsupported"),
            (vec![("1_a.sql", "-- migrate:up\n")], "migration-unsupported"),
            (vec![("1_a.sql", "-- migrate:up lock:false\n-- migrate:down\n")], "migration-unsupported"),
            (vec![("1_a.sql", &format!("{fine}{fine}"))], "migration-unsupported"),
        ] {
            assert_eq!(read(&files).unwrap_err(), code, "{files:?}");
        }
    }
}
