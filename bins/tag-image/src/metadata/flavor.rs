//! The input `flavor`: what holds for all rules; never a rule.

use crate::metadata::{Manner, csv, expressions::Vocabulary, template::Template, trouble::Trouble};

/// What all rules share.
#[derive(Debug, Default)]
pub(crate) struct Flavor {
    pub(crate) latest: Latest,
    pub(crate) prefix: Template,
    pub(crate) suffix: Template,
    /// What stands around the word `latest`.
    around_latest: (String, String),
}

/// Whether `latest` is given beside the first name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Latest {
    /// Where the rule that gives it stands for a release.
    #[default]
    Auto,
    Always,
    Never,
}

/// What `onlatest=` speaks of.
#[derive(Clone, Copy)]
enum Side {
    Prefix,
    Suffix,
}

impl Flavor {
    /// Adds one line.
    ///
    /// # Errors
    /// [`Trouble`] for what can't be understood.
    pub(crate) fn read(&mut self, line: &str, manner: Manner) -> Result<(), Trouble> {
        let mut last = None;
        for field in csv::fields(line)? {
            let mut parts = field.split('=').map(str::trim);
            let (Some(key), Some(value)) = (parts.next(), parts.next()) else {
                return Err(Trouble::Invalid(format!("`{field}` is no entry `name=value`")));
            };
            match key.to_lowercase().as_str() {
                "latest" => self.latest = latest(value)?,
                "prefix" => {
                    self.prefix = Vocabulary::Everything.template(value, manner)?;
                    last = Some((Side::Prefix, value.to_owned()));
                }
                "suffix" => {
                    self.suffix = Vocabulary::Everything.template(value, manner)?;
                    last = Some((Side::Suffix, value.to_owned()));
                }
                "onlatest" => {
                    let wanted = match value {
                        "true" => true,
                        "false" => false,
                        _ => {
                            return Err(Trouble::Invalid(format!(
                                "`onlatest` is `{value}`, neither true nor false"
                            )));
                        }
                    };
                    match (&last, wanted) {
                        (Some((Side::Prefix, text)), true) => self.around_latest.0.clone_from(text),
                        (Some((Side::Suffix, text)), true) => self.around_latest.1.clone_from(text),
                        (Some((Side::Prefix, _)), false) => self.around_latest.0.clear(),
                        (Some((Side::Suffix, _)), false) => self.around_latest.1.clear(),
                        (None, _) if manner == Manner::Strict => {
                            return Err(Trouble::Invalid(
                                "`onlatest` follows no prefix or suffix".to_owned(),
                            ));
                        }
                        (None, _) => {}
                    }
                }
                "labelprefix" if manner == Manner::Compat => {}
                name => {
                    let known = "latest, prefix, suffix, onlatest".to_owned();
                    return Err(Trouble::UnknownAttribute { name: name.to_owned(), known });
                }
            }
        }
        Ok(())
    }

    /// How `latest` is spelled.
    pub(crate) fn latest_name(&self) -> String {
        let (prefix, suffix) = &self.around_latest;
        format!("{prefix}latest{suffix}")
    }
}

fn latest(value: &str) -> Result<Latest, Trouble> {
    match value {
        "auto" => Ok(Latest::Auto),
        "true" => Ok(Latest::Always),
        "false" => Ok(Latest::Never),
        _ => Err(Trouble::Invalid(format!("`latest` is `{value}`, not auto, true or false"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flavor(lines: &[&str]) -> Result<Flavor, Trouble> {
        let mut flavor = Flavor::default();
        lines.iter().try_for_each(|line| flavor.read(line, Manner::Strict))?;
        Ok(flavor)
    }

    #[test]
    fn onlatest_speaks_of_what_stands_before_it() {
        let both = flavor(&["latest=true", "prefix=foo-,onlatest=true", "suffix=-bar"]).unwrap();
        assert_eq!((both.latest, both.latest_name().as_str()), (Latest::Always, "foo-latest"));
        assert_eq!(flavor(&["suffix=-alpine,onlatest=true"]).unwrap().latest_name(), "latest-alpine");
    }

    #[test]
    fn what_is_no_entry_is_told() {
        for line in
            ["latest", "latest=True", "onlatest=1", "onlatest=true", "nope=1", "prefix={{", "prefix={{nope}}"]
        {
            assert!(flavor(&[line]).is_err(), "{line}");
        }
    }
}
