//! The known name that was probably meant; never how that is said.

/// More slips of the pen than this make another word.
const SLIPS_MAX: usize = 3;

/// The known name nearest to this one, if it is near enough: at most a third of its letters apart.
pub(crate) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let letters = name.chars().count();
    let slips_max = SLIPS_MAX.min(letters / 3);
    let slips = |known: &'k str| {
        // Names of very different lengths are not compared letter by letter: a schema has hundreds.
        (known.len().abs_diff(name.len()) <= slips_max * 4)
            .then(|| strsim::osa_distance(&known.to_lowercase(), &name.to_lowercase()))
            .filter(|slips| *slips <= slips_max)
            .map(|slips| (slips, known))
    };
    known.into_iter().filter_map(slips).min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_mended_and_another_word_is_not() {
        let known = ["DATABASE_URL", "SESSION_SECRET", "PORT"];
        assert_eq!(nearest("DATABSE_URL", known), Some("DATABASE_URL"));
        assert_eq!(nearest("session_secret", known), Some("SESSION_SECRET"));
        assert_eq!(nearest("PROT", known), Some("PORT"));
        assert_eq!(nearest("REDIS_URL", known), None);
        assert_eq!(nearest("", known), None);
    }
}
