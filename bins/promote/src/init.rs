//! `init`: a release.toml to begin with; never over one that is there.

use ci::{Mode, Page, Report, Session, Stop, files};
use serde_json::json;

use crate::args::Init;

/// What is written. A test reads it as configuration.
const TEMPLATE: &str = include_str!("init/release.toml");

pub(crate) fn run(args: &Init, session: &Session) -> Result<Report, Stop> {
    let path = args.config.display();
    let line = if files::read_text_if_there(&args.config)?.is_some() {
        format!("{path} is there already and stays as it is")
    } else if session.mode() == Mode::DryRun {
        format!("would write {path}")
    } else {
        files::write(&args.config, TEMPLATE.as_bytes())?;
        format!("{path} is written: put in your components, environments and the deploy command")
    };
    Ok(Report::new(Page::new().line(line), json!({ "config": args.config })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_a_configuration_that_works() {
        let config = config::Config::parse("release.toml".as_ref(), TEMPLATE).unwrap();
        assert_eq!(config.environments.len(), 2);
    }
}
