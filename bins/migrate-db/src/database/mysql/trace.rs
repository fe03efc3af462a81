//! What a statement that commits by itself leaves to be seen: the definition of what it makes, changes or drops.

use contract::Digest;

use super::{Mysql, trouble};
use crate::{
    database::{Database, DatabaseError},
    effect::{self, Seen},
    statement::Statement,
};

/// Of a statement that may be done twice.
const REPEATS: &str = "repeats";
/// Of what is not there.
const NOTHING: &str = "nothing";

impl Mysql {
    /// Nothing where nothing tells.
    pub(super) fn trace_of(&mut self, statement: &Statement) -> Result<Option<String>, DatabaseError> {
        let object = match effect::seen(statement) {
            Seen::Repeats => return Ok(Some(REPEATS.into())),
            Seen::Nothing => return Ok(None),
            Seen::Definition(object) => object,
        };
        match self.texts(&format!("SHOW CREATE {} {}", object.kind, object.name)) {
            Ok(rows) => {
                let row: Vec<String> = rows.into_iter().flatten().flatten().collect();
                Ok(Some(Digest::of(without_counter(&row.join("\n")).as_bytes()).to_string()))
            }
            Err(error) if trouble::is_absent(&error) => Ok(Some(NOTHING.into())),
            // The user may not see it, so nothing tells.
            Err(DatabaseError::Statement { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The next number of a table changes with every row that somebody writes.
fn without_counter(definition: &str) -> String {
    let Some((before, rest)) = definition.split_once(" AUTO_INCREMENT=") else {
        return definition.to_owned();
    };
    format!("{before}{}", rest.trim_start_matches(|one: char| one.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::without_counter;

    #[test]
    fn rows_do_not_change_a_definition() {
        let definition =
            |counter: &str| format!("CREATE TABLE `t` (…) ENGINE=InnoDB{counter} DEFAULT CHARSET=utf8mb4");
        assert_eq!(without_counter(&definition(" AUTO_INCREMENT=42")), definition(""));
        assert_eq!(without_counter(&definition("")), definition(""));
    }
}
