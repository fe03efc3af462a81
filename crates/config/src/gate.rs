//! The names of the questions that are asked before a release may move; never their answers.

use std::{fmt, str::FromStr};

use contract::EnvironmentName;

/// One question, by the name that configuration, the command line, the ledger and reports give it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Gate {
    /// Is each image signed by the required key?
    Signature,
    /// Is it known what each image contains?
    Sbom,
    /// Did a recent scan find no vulnerability that is too bad?
    Vulns,
    /// Did the release pass its smoke test in that environment?
    SmokeTest(EnvironmentName),
    /// Is the release deployed and verified in each environment that comes before?
    After,
    /// Did it run there long enough?
    Soak,
    /// Was this environment's database migrated for the release?
    Migration,
    /// Was the release taken back from this environment earlier? Always asked.
    KnownBad,
}

/// The text names no gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no gate: expected signature, sbom, vulns, smoke-test@ENVIRONMENT, after, soak, migration or known-bad"
)]
pub struct InvalidGate(String);

impl FromStr for Gate {
    type Err = InvalidGate;

    fn from_str(text: &str) -> Result<Self, InvalidGate> {
        let invalid = || InvalidGate(text.to_owned());
        match text {
            "signature" => Ok(Self::Signature),
            "sbom" => Ok(Self::Sbom),
            "vulns" => Ok(Self::Vulns),
            "after" => Ok(Self::After),
            "soak" => Ok(Self::Soak),
            "migration" => Ok(Self::Migration),
            "known-bad" => Ok(Self::KnownBad),
            _ => {
                let environment = text.strip_prefix("smoke-test@").ok_or_else(invalid)?;
                environment.parse().map(Self::SmokeTest).map_err(|_| invalid())
            }
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signature => out.pad("signature"),
            Self::Sbom => out.pad("sbom"),
            Self::Vulns => out.pad("vulns"),
            Self::SmokeTest(environment) => out.pad(&format!("smoke-test@{environment}")),
            Self::After => out.pad("after"),
            Self::Soak => out.pad("soak"),
            Self::Migration => out.pad("migration"),
            Self::KnownBad => out.pad("known-bad"),
        }
    }
}

impl serde::Serialize for Gate {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Gate {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gate_is_read_as_it_is_written() {
        for text in
            ["signature", "sbom", "vulns", "smoke-test@staging", "after", "soak", "migration", "known-bad"]
        {
            assert_eq!(text.parse::<Gate>().unwrap().to_string(), text);
        }
        for text in ["", "Signature", "smoke-test", "smoke-test@", "smoke-test@A", "freeze"] {
            assert!(text.parse::<Gate>().is_err(), "{text}");
        }
    }
}
