//! `${name}` in a migration's text, replaced before it is cut; never in what the database gives back.

use super::{Place, config::Config};
use crate::statement::Dialect;

/// A text with its placeholders replaced.
pub(super) struct Replaced {
    /// The text.
    pub(super) text: String,
    /// The first placeholder that nobody gave a value.
    pub(super) lacks: Option<String>,
}

/// Replaces what has a value. Flyway's own: `flyway:defaultSchema`, `flyway:database`, `flyway:user`, `flyway:table` and `flyway:filename`.
/// Its others say where and when it ran, so that a repeated file would never be current (Flyway 11 documentation, "Migration placeholders").
pub(super) fn replace(text: &str, file: &str, config: &Config, place: &Place) -> Replaced {
    let mut replaced = Replaced { text: String::with_capacity(text.len()), lacks: None };
    let Some((prefix, suffix)) =
        config.marks.as_ref().filter(|(prefix, suffix)| !prefix.is_empty() && !suffix.is_empty())
    else {
        return Replaced { text: text.to_owned(), lacks: None };
    };
    let mut rest = text;
    while let Some(start) = rest.find(prefix.as_str()) {
        let (before, inside) = (&rest[..start], &rest[start + prefix.len()..]);
        let Some(end) = inside.find(suffix.as_str()) else { break };
        let name = &inside[..end];
        replaced.text.push_str(before);
        let value = match name.to_ascii_lowercase().as_str() {
            // MySQL calls its databases schemas.
            "flyway:defaultschema" if place.dialect == Dialect::Mysql => Some(place.database.clone()),
            "flyway:defaultschema" => place.schema.clone(),
            "flyway:database" => Some(place.database.clone()),
            "flyway:user" => place.user.clone(),
            "flyway:table" => Some(place.table.clone()),
            "flyway:filename" => Some(file.to_owned()),
            name => config.placeholders.get(name).cloned(),
        };
        let whole = &rest[start..start + prefix.len() + end + suffix.len()];
        replaced.text.push_str(value.as_deref().unwrap_or(whole));
        if value.is_none() {
            replaced.lacks.get_or_insert_with(|| name.to_owned());
        }
        rest = &inside[end + suffix.len()..];
    }
    replaced.text.push_str(rest);
    replaced
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        layout::{flyway::history::Table, history::tests::place},
        statement::Dialect,
    };

    #[test]
    fn who_is_connected_has_a_value_where_there_is_anybody() {
        let config = Config::read(Path::new("/nowhere/at/all")).unwrap();
        let granted =
            |dialect| replace("GRANT x TO ${flyway:user}", "V1__a.sql", &config, &place(dialect, &Table));
        for dialect in [Dialect::Postgres, Dialect::Mysql] {
            assert_eq!(granted(dialect).text, "GRANT x TO app");
        }
        assert_eq!(granted(Dialect::Sqlite).lacks.as_deref(), Some("flyway:user"));
    }

    #[test]
    fn what_has_a_value_is_replaced_and_the_first_without_one_is_named() {
        let mut config = Config::read(Path::new("/nowhere/at/all")).unwrap();
        config.placeholders.insert("owner".into(), "app".into());
        let place = place(Dialect::Postgres, &Table);
        let replaced = replace("${Owner} ${flyway:defaultSchema} ${x} ${y} ${", "V1__a.sql", &config, &place);
        assert_eq!(replaced.text, "app public ${x} ${y} ${");
        assert_eq!(replaced.lacks.as_deref(), Some("x"));
        config.marks = None;
        assert_eq!(replace("${x}", "V1__a.sql", &config, &place).lacks, None);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn no_text_makes_it_panic(text in "(\\$|\\{|\\}|a|ä|flyway:table){0,20}") {
            let config = Config::read(Path::new("/nowhere/at/all")).unwrap();
            _ = replace(&text, "f", &config, &place(Dialect::Sqlite, &Table));
        }
    }
}
