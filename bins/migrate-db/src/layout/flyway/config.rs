//! `flyway.toml` and `flyway.conf`: the keys that change what a migration is or does (Flyway 11 documentation, "Configuration"); never how
//! the database is reached, which is said elsewhere.

use std::{collections::BTreeMap, path::Path};

use ci::files;

use crate::{
    error::Error,
    layout::{script::Transaction, tree::Source},
};

/// What of Flyway's configuration counts.
#[derive(Clone, Debug)]
pub(super) struct Config {
    /// The values of placeholders, by their names in small letters.
    pub(super) placeholders: BTreeMap<String, String>,
    /// Whether they are replaced, and what stands around them.
    pub(super) marks: Option<(String, String)>,
    /// The default for a file that says nothing.
    pub(super) transaction: Transaction,
}

/// Where it is looked for: the working directory, as Flyway does, and beside the directory of the migrations.
const NAMES: [&str; 4] = ["flyway.toml", "flyway.conf", "conf/flyway.toml", "conf/flyway.conf"];

/// Keys that say how the database is reached, what is printed, or what commands do that we do not have.
const WITHOUT_EFFECT: [&str; 22] = [
    "url",
    "user",
    "password",
    "driver",
    "schemas",
    "locations",
    "connectretries",
    "connectretriesinterval",
    "initsql",
    "cleandisabled",
    "cleanonvalidationerror",
    "baselineversion",
    "baselinedescription",
    "baselineonmigrate",
    "createschemas",
    "validateonmigrate",
    "validatemigrationnaming",
    "mixed",
    "installedby",
    "outputtype",
    "loggers",
    "lockretrycount",
];

/// Keys whose default is the only value that is supported.
const FIXED: [(&str, &str); 13] = [
    ("sqlmigrationprefix", "V"),
    ("undosqlmigrationprefix", "U"),
    ("baselinemigrationprefix", "B"),
    ("repeatablesqlmigrationprefix", "R"),
    ("sqlmigrationseparator", "__"),
    ("sqlmigrationsuffixes", ".sql"),
    ("table", "flyway_schema_history"),
    ("encoding", "utf-8"),
    ("outoforder", "false"),
    ("group", "false"),
    ("skipexecutingmigrations", "false"),
    ("skipdefaultcallbacks", "false"),
    ("cherrypick", ""),
];

impl Config {
    /// Reads what is there; the defaults where nothing is.
    pub(super) fn read(directory: &Path) -> Result<Self, Error> {
        let marks = Some(("${".to_owned(), "}".to_owned()));
        let mut config = Self { placeholders: BTreeMap::new(), marks, transaction: Transaction::Usual };
        let beside = directory.parent().filter(|parent| !parent.as_os_str().is_empty());
        let places = [Some(Path::new("")), beside];
        for path in places.into_iter().flatten().flat_map(|place| NAMES.map(|name| place.join(name))) {
            if let Some(text) = files::read_text_if_there(&path)? {
                let unsupported = |why| Error::Unsupported { file: path.clone(), why };
                let is_toml = path.extension().is_some_and(|extension| extension == "toml");
                let pairs = if is_toml { of_toml(&text).map_err(unsupported)? } else { of_properties(&text) };
                for (key, value) in pairs {
                    config.take(&key, &value).map_err(unsupported)?;
                }
                break;
            }
        }
        Ok(config)
    }

    /// Takes one key, without its `flyway.`; why it can't be followed.
    fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        let lower = key.to_ascii_lowercase();
        if let Some(name) = lower.strip_prefix("placeholders.") {
            self.placeholders.insert(name.to_owned(), value.to_owned());
            return Ok(());
        }
        if let Some((_, only)) = FIXED.iter().find(|(fixed, _)| *fixed == lower) {
            let fits = value.eq_ignore_ascii_case(only);
            return if fits {
                Ok(())
            } else {
                Err(format!("sets {key} to `{value}`, and only `{only}` is supported"))
            };
        }
        match (lower.as_str(), &mut self.marks) {
            ("placeholderreplacement", marks) if value == "false" => *marks = None,
            ("placeholderprefix", Some((prefix, _))) => value.clone_into(prefix),
            ("placeholdersuffix", Some((_, suffix))) => value.clone_into(suffix),
            ("executeintransaction", _) => self.transaction = transaction_of(value)?,
            ("placeholderreplacement" | "placeholderprefix" | "placeholdersuffix", _) => {}
            (lower, _) if WITHOUT_EFFECT.contains(&lower) || lower.contains('.') => {}
            _ => return Err(format!("sets {key}, which is not supported")),
        }
        Ok(())
    }
}

/// What a script's own `.conf` says of its transaction.
pub(super) fn transaction(conf: &Source) -> Result<Option<Transaction>, Error> {
    let unsupported = |why| Error::Unsupported { file: conf.path.clone(), why };
    let mut found = None;
    for (key, value) in of_properties(conf.text()) {
        if !key.eq_ignore_ascii_case("executeInTransaction") {
            return Err(unsupported(format!("sets {key}, and only executeInTransaction is supported")));
        }
        found = Some(transaction_of(&value).map_err(unsupported)?);
    }
    Ok(found)
}

fn transaction_of(value: &str) -> Result<Transaction, String> {
    match value {
        "true" => Ok(Transaction::Usual),
        "false" => Ok(Transaction::Off),
        other => Err(format!("sets executeInTransaction to `{other}`, which is neither true nor false")),
    }
}

/// `key=value` lines, `#` and `!` before comments; the leading `flyway.` goes.
fn of_properties(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', '!']));
    let pair = |line: &str| {
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        let key = key.trim();
        (key.strip_prefix("flyway.").unwrap_or(key).to_owned(), value.trim().to_owned())
    };
    lines.map(pair).collect()
}

/// The table `flyway`; its tables within are joined with a `.`.
fn of_toml(text: &str) -> Result<Vec<(String, String)>, String> {
    let table: toml::Table =
        toml::from_str(text).map_err(|error| format!("is not understood: {}", error.message()))?;
    let mut pairs = Vec::new();
    let mut open: Vec<(String, toml::Value)> = table.into_iter().filter(|(key, _)| key == "flyway").collect();
    while let Some((key, value)) = open.pop() {
        let name = key.trim_start_matches("flyway").trim_start_matches('.').to_owned();
        match value {
            toml::Value::Table(table) => {
                open.extend(table.into_iter().map(|(inner, value)| (format!("{key}.{inner}"), value)));
            }
            toml::Value::String(text) => pairs.push((name, text)),
            toml::Value::Array(list) => {
                let texts: Vec<&str> = list.iter().filter_map(toml::Value::as_str).collect();
                pairs.push((name, texts.join(",")));
            }
            other => pairs.push((name, other.to_string())),
        }
    }
    pairs.sort();
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(pairs: &[(String, String)]) -> Result<Config, String> {
        let mut config = Config::read(Path::new("/nowhere/at/all")).unwrap();
        pairs.iter().try_for_each(|(key, value)| config.take(key, value)).map(|()| config)
    }

    #[test]
    fn both_forms_say_the_same() {
        let conf = "# about\nflyway.url=jdbc:x\nflyway.placeholders.Owner = app\nflyway.placeholderPrefix=#[\nflyway.executeInTransaction=false\n";
        let toml = "[flyway]\nplaceholderPrefix = '#['\nexecuteInTransaction = false\nlocations = ['a']\n[flyway.placeholders]\nOwner = 'app'\n[environments.x]\nurl = 'y'\n";
        for pairs in [of_properties(conf), of_toml(toml).unwrap()] {
            let config = config(&pairs).unwrap();
            assert_eq!(config.placeholders["owner"], "app");
            assert_eq!(config.marks, Some(("#[".into(), "}".into())));
            assert_eq!(config.transaction, Transaction::Off);
        }
    }

    #[test]
    fn a_key_that_would_change_what_runs_is_refused() {
        for line in [
            "flyway.sqlMigrationPrefix=M",
            "flyway.outOfOrder=true",
            "flyway.table=history",
            "flyway.resolvers=x",
            "flyway.executeInTransaction=1",
        ] {
            assert!(config(&of_properties(line)).is_err(), "{line}");
        }
        assert!(of_toml("flyway = ").is_err());
    }
}
