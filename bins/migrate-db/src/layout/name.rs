//! Names of the form `<number>_<description>`, which four tools share; never what stands in the files.

/// Which way a file leads, by the end of its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// `.up.sql`
    Up,
    /// `.down.sql`
    Down,
    /// `.sql`
    Plain,
}

/// A name that begins with digits and a `_`, and ends in `.sql`: its stem and its way.
pub(super) fn split(file: &str) -> Option<(&str, Way)> {
    let stem = file.strip_suffix(".sql")?;
    let digits = stem.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || !stem[digits..].starts_with('_') {
        return None;
    }
    Some(match (stem.strip_suffix(".up"), stem.strip_suffix(".down")) {
        (Some(stem), _) => (stem, Way::Up),
        (_, Some(stem)) => (stem, Way::Down),
        _ => (stem, Way::Plain),
    })
}

/// Whether a name comes so near to a migration's that skipping it would be a mistake.
pub(super) fn is_near(file: &str) -> bool {
    file.to_ascii_lowercase().ends_with(".sql") || file.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_is_the_end_of_the_name() {
        assert_eq!(split("1_a.up.sql"), Some(("1_a", Way::Up)));
        assert_eq!(split("1_a.b.down.sql"), Some(("1_a.b", Way::Down)));
        assert_eq!(split("1_a.sql"), Some(("1_a", Way::Plain)));
        for file in ["a.sql", "1-a.sql", "1.sql", "1_a.SQL", "1_a", ".sql"] {
            assert_eq!(split(file), None, "{file}");
        }
    }
}
