//! Whether a package's licences are among those a team takes: SPDX expressions (SPDX 3.0, annex "SPDX license expressions"), evaluated; never
//! advice on law.

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use spdx::{Expression, LicenseReq, Licensee, ParseMode};

use super::{
    bill::{Licence, Listed},
    package_url::Pattern,
    policy::Reason,
};
use crate::catalog::licence;

/// `[licences]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LicenceRules {
    /// What is taken; without it, everything that is not denied.
    #[serde(default)]
    allow: Vec<Named>,
    /// What is not, even where it is allowed.
    #[serde(default)]
    deny: Vec<Named>,
    /// What becomes of a package whose licence nobody has stated in SPDX's words.
    #[serde(default)]
    unknown: Unknown,
    /// Packages with rules of their own.
    #[serde(default)]
    exceptions: Vec<Exception>,
}

/// `[[licences.exceptions]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    purl: Pattern,
    reason: Reason,
}

/// What becomes of the unknown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Unknown {
    #[default]
    Deny,
    Allow,
}

/// One licence, with its exception if it has one: `MIT`, `Apache-2.0 WITH LLVM-exception`.
#[derive(Debug)]
struct Named(Licensee);

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = Licensee::parse_mode(&canonical(&text).unwrap_or_else(|| text.clone()), MODE);
        read.map(Self)
            .map_err(|error| de::Error::custom(format!("`{text}` is no SPDX licence: {}", error.reason)))
    }
}

impl Named {
    /// Whether both are the same licence of the GNU family in the same version: whoever denies `-only` does not mean to take `-or-later`.
    fn is_kin_of(&self, licence: &LicenseReq) -> bool {
        let bare = |licence: &LicenseReq| {
            let id = licence.license.id()?;
            let name = id.name.strip_suffix("-only").or_else(|| id.name.strip_suffix("-or-later"));
            Some((name.unwrap_or(id.name), licence.addition.clone()))
        };
        let own = bare(&self.0.clone().into_req());
        own.is_some() && own == bare(licence)
    }
}

/// Identifiers that SPDX has retired stand in many packages, and mean what they always meant.
const MODE: ParseMode = ParseMode { allow_deprecated: true, ..ParseMode::STRICT };

/// An expression in the words that `sbom` writes it in, so that both read `GPL-3.0+`, an identifier of CycloneDX's, as the same licence.
fn canonical(text: &str) -> Option<String> {
    match licence::Licence::of(text) {
        Some(licence::Licence::Expression(text)) => Some(text),
        _ => None,
    }
}

fn expression(text: &str) -> Option<Expression> {
    Expression::parse_mode(&canonical(text)?, MODE).ok()
}

/// What is said about the licences of one package.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Ruling {
    /// They are taken.
    Taken,
    /// They are taken for this package, and why.
    Excepted(String),
    /// They are not, and why.
    Denied(String),
}

impl LicenceRules {
    /// Rules that rule nothing are a mistake.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.allow.is_empty() && self.deny.is_empty() {
            return Err("[licences] neither allows nor denies anything".to_owned());
        }
        Ok(())
    }

    /// Rules on a package; all of its licences must be taken, and the exceptions that were of use are told by their places.
    pub(crate) fn rule(&self, package: &Listed) -> Ruling {
        let unknown = |why: String| match self.unknown {
            Unknown::Deny => Some(why),
            Unknown::Allow => None,
        };
        let trouble = if package.licences.is_empty() {
            unknown("no licence is stated".to_owned())
        } else {
            package.licences.iter().find_map(|licence| match licence {
                Licence::Spdx(text) if no_assertion(text) => unknown(format!("{text} states none")),
                Licence::Spdx(text) => match expression(text) {
                    Some(expression) => self.objection(&expression),
                    None => unknown(format!("`{text}` is no SPDX expression")),
                },
                Licence::Named(name) => match expression(name) {
                    Some(expression) => self.objection(&expression),
                    None => unknown(format!("`{name}` is no SPDX licence")),
                },
            })
        };
        let Some(why) = trouble else { return Ruling::Taken };
        let purl = package.purl.as_ref();
        let exception = self.exceptions.iter().find(|one| purl.is_some_and(|purl| one.purl.covers(purl)));
        exception.map_or(Ruling::Denied(why), |one| Ruling::Excepted(one.reason.to_string()))
    }

    fn objection(&self, expression: &Expression) -> Option<String> {
        let taken = expression.evaluate(|licence| self.takes(licence));
        (!taken).then(|| format!("{expression} is not taken"))
    }

    fn takes(&self, licence: &LicenseReq) -> bool {
        let denied = self.deny.iter().any(|named| named.0.satisfies(licence) || named.is_kin_of(licence));
        !denied && (self.allow.is_empty() || self.allow.iter().any(|named| named.0.satisfies(licence)))
    }

    /// The exceptions that no package of the list has.
    pub(crate) fn idle<'r>(&'r self, packages: &'r [Listed]) -> impl Iterator<Item = String> + 'r {
        let used = |one: &Exception| {
            packages.iter().filter_map(|one| one.purl.as_ref()).any(|purl| one.purl.covers(purl))
        };
        self.exceptions.iter().filter(move |one| !used(one)).map(|one| one.purl.to_string())
    }
}

/// SPDX's words for "nothing is said" and "there is none".
fn no_assertion(text: &str) -> bool {
    matches!(text, "NOASSERTION" | "NONE")
}

impl fmt::Display for Licence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spdx(text) | Self::Named(text) => out.pad(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(licences: &[Licence]) -> Listed {
        Listed {
            name: "a".to_owned(),
            version: "1".to_owned(),
            purl: Some("pkg:npm/a@1".parse().unwrap()),
            source: None,
            licences: licences.to_vec(),
        }
    }

    fn rule(rules: &str, licences: &[Licence]) -> Ruling {
        toml::from_str::<LicenceRules>(rules).unwrap().rule(&package(licences))
    }

    fn spdx(text: &str) -> Licence {
        Licence::Spdx(text.to_owned())
    }

    const RULES: &str = r#"allow = ["MIT", "Apache-2.0", "GPL-3.0-only", "LicenseRef-acme"]
deny = ["GPL-3.0-only"]"#;

    #[test]
    fn expressions_are_evaluated_against_what_is_taken() {
        for (text, taken) in [
            ("MIT", true),
            ("MIT OR AGPL-3.0-only", true),
            ("MIT AND AGPL-3.0-only", false),
            ("(MIT OR AGPL-3.0-only) AND Apache-2.0", true),
            ("GPL-3.0-only", false),
            ("GPL-3.0-only OR MIT", true),
            ("GPL-2.0-or-later", false),
            ("Apache-2.0 WITH LLVM-exception", false),
            ("LicenseRef-acme", true),
            ("LicenseRef-other", false),
        ] {
            assert_eq!(rule(RULES, &[spdx(text)]) == Ruling::Taken, taken, "{text}");
        }
        assert_eq!(
            rule(RULES, &[spdx("MIT"), spdx("AGPL-3.0-only")]),
            Ruling::Denied("AGPL-3.0-only is not taken".to_owned())
        );
    }

    #[test]
    fn what_is_not_denied_is_taken_where_nothing_is_allowed_by_name() {
        let rules = r#"deny = ["AGPL-3.0-only", "GPL-3.0-only"]"#;
        for (text, taken) in [
            ("MIT", true),
            ("AGPL-3.0-only", false),
            ("AGPL-3.0-or-later", false),
            ("AGPL-3.0", false),
            ("GPL-2.0-or-later", true),
        ] {
            assert_eq!(rule(rules, &[spdx(text)]) == Ruling::Taken, taken, "{text}");
        }
    }

    #[test]
    fn a_retired_identifier_with_a_plus_was_no_licence_that_a_policy_knew() {
        let lax = |rule: &str| format!("{rule}\nunknown = \"allow\"");
        for (rules, text, taken) in [
            (r#"deny = ["GPL-3.0-only"]"#, "GPL-3.0+", false),
            (r#"deny = ["GPL-3.0-or-later"]"#, "MIT AND LGPL-3.0-only AND GPL-3.0+", false),
            (r#"deny = ["LGPL-2.1-only"]"#, "LGPL-2.1+", false),
            (r#"deny = ["GPL-3.0+"]"#, "GPL-3.0-or-later", false),
            (r#"allow = ["GPL-3.0-or-later"]"#, "GPL-3.0+", true),
            (r#"allow = ["GPL-3.0+"]"#, "GPL-3.0-or-later", true),
            (r#"allow = ["GPL-2.0"]"#, "GPL-2.0", true),
            (r#"allow = ["GPL-2.0-only"]"#, "GPL-2.0", true),
            (r#"allow = ["MIT"]"#, "GPL-3.0+ OR MIT", true),
            (r#"allow = ["MIT"]"#, "GPL-3.0+", false),
        ] {
            assert_eq!(rule(&lax(rules), &[spdx(text)]) == Ruling::Taken, taken, "{rules} {text}");
        }
    }

    #[test]
    fn an_unknown_licence_is_denied_unless_the_policy_says_otherwise() {
        let lax = format!("{RULES}\nunknown = \"allow\"");
        let named = Licence::Named("Public domain, more or less".to_owned());
        for licences in [
            vec![],
            vec![named.clone()],
            vec![spdx("NOASSERTION")],
            vec![spdx("NONE")],
            vec![spdx("MIT and more")],
        ] {
            assert!(matches!(rule(RULES, &licences), Ruling::Denied(_)), "{licences:?}");
            assert_eq!(rule(&lax, &licences), Ruling::Taken, "{licences:?}");
        }
        // What is known and not taken is no unknown.
        assert!(matches!(rule(&lax, &[named, spdx("AGPL-3.0-only")]), Ruling::Denied(_)));
        assert_eq!(rule(RULES, &[Licence::Named("MIT".to_owned())]), Ruling::Taken);
    }

    #[test]
    fn a_package_may_be_excepted_and_the_reason_is_told() {
        let rules = format!("{RULES}\n[[exceptions]]\npurl = \"pkg:npm/a\"\nreason = \"bought\"");
        assert_eq!(rule(&rules, &[spdx("AGPL-3.0-only")]), Ruling::Excepted("bought".to_owned()));
        assert_eq!(rule(&rules, &[spdx("MIT")]), Ruling::Taken);
        let rules: LicenceRules = toml::from_str(&rules).unwrap();
        assert_eq!(rules.idle(&[]).collect::<Vec<_>>(), ["pkg:npm/a"]);
        assert_eq!(rules.idle(&[package(&[])]).count(), 0);
    }

    #[test]
    fn rules_that_rule_nothing_or_name_no_licence_are_refused() {
        assert!(toml::from_str::<LicenceRules>("").unwrap().check().is_err());
        for rules in [
            r#"allow = ["GPL"]"#,
            r#"allow = ["MIT OR Apache-2.0"]"#,
            r#"allow = [""]"#,
            r#"permit = ["MIT"]"#,
            "allow = [\"MIT\"]\n[[exceptions]]\npurl = \"pkg:npm/a\"",
        ] {
            assert!(toml::from_str::<LicenceRules>(rules).is_err(), "{rules}");
        }
    }
}
