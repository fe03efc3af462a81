//! What was typed behind `check`; never what it means.

use std::path::PathBuf;

use contract::Span;

use super::severity::Threshold;

/// The inputs of `check`.
#[derive(clap::Args)]
pub struct Check {
    /// An SBOM in CycloneDX JSON
    pub bom: PathBuf,
    /// OSV records: an export, or any tree of them
    #[arg(long, value_name = "DIR", conflicts_with = "osv_api")]
    pub database: Option<PathBuf>,
    /// Ask the OSV API at this address instead
    #[arg(long, value_name = "URL")]
    pub osv_api: Option<String>,
    /// What does not count, and why; which licences are taken
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// From which severity on it is refused
    #[arg(
        long,
        value_name = "low|medium|high|critical",
        default_value = "high",
        value_enum,
        hide_possible_values = true
    )]
    pub fail_on: Threshold,
    /// Let pass what nobody has rated
    #[arg(long)]
    pub allow_unknown_severity: bool,
    /// How old the newest record of an ecosystem may be
    #[arg(long, value_name = "TIME", default_value = "30d")]
    pub max_database_age: Span,
    /// Where to state the result for `attest --type vulns`
    #[arg(long, value_name = "FILE")]
    pub predicate: Option<PathBuf>,
}
