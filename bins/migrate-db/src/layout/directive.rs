//! What a migration says of itself in comments at its top: `-- migrate-db: phase=contract approve=OPS-123`; never in its statements.

use contract::Version;

use crate::{
    effect::is_rule,
    layout::Phase,
    statement::{Dialect, Kind, tokens},
};

/// What a file declares.
#[derive(Default, PartialEq, Eq, Debug)]
pub struct Directives {
    /// `phase=expand|contract`
    pub phase: Option<Phase>,
    /// `approve=<ticket>`
    pub approval: Option<String>,
    /// `unused-since=<release>`: the first release that does without what a contract step takes away.
    pub unused_since: Option<Version>,
    /// `allow=<rule>,<rule>`: what `lint` finds and the file means.
    pub allowed: Vec<String>,
}

/// A directive that can't be followed, with its line.
#[derive(PartialEq, Eq, Debug)]
pub struct Misdirected {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// What a comment that is meant for us begins with.
pub const MARK: &str = "migrate-db:";
const KEYS: &str =
    "known are phase=expand, phase=contract, approve=TICKET, unused-since=VERSION and allow=RULE";

/// Reads the directives of a text. One behind a statement would look as if it counted, so it is refused.
pub fn read(text: &str, dialect: Dialect) -> Result<Directives, Misdirected> {
    let mut directives = Directives::default();
    let mut line = 1;
    let (mut in_header, mut last) = (true, 1);
    for token in tokens(text, dialect).unwrap_or_default() {
        if token.kind == Kind::Comment {
            let comment = token.text.trim_start_matches(['-', '/', '*', '#']).trim_start();
            if let Some(content) = comment.strip_prefix(MARK) {
                let wrong = |why: String| Misdirected { line, why };
                if !in_header {
                    return Err(wrong("it stands behind a statement".into()));
                }
                follow(content.trim_end_matches(['*', '/']), &mut directives).map_err(wrong)?;
                last = line;
            }
        }
        in_header &= !token.is_significant();
        line += token.text.matches('\n').count();
    }
    if directives.unused_since.is_some() && directives.phase != Some(Phase::Contract) {
        let why = "unused-since is about what a contract step takes away: say phase=contract, too".to_owned();
        return Err(Misdirected { line: last, why });
    }
    Ok(directives)
}

fn follow(content: &str, directives: &mut Directives) -> Result<(), String> {
    let mut any = false;
    for word in content.split_whitespace() {
        any = true;
        let twice = match word.split_once('=') {
            Some(("phase", value)) => {
                let phase = value.parse().map_err(|()| format!("`{value}` is no phase; {KEYS}"))?;
                directives.phase.replace(phase).is_some()
            }
            Some(("approve", ticket)) if !ticket.is_empty() => {
                directives.approval.replace(ticket.to_owned()).is_some()
            }
            Some(("unused-since", version)) => {
                let version = version
                    .parse()
                    .map_err(|_| format!("`{version}` is no version of a release, such as 1.4.0"))?;
                directives.unused_since.replace(version).is_some()
            }
            Some(("allow", rules)) => {
                for rule in rules.split(',') {
                    if !is_rule(rule) {
                        return Err(format!("`{rule}` is no rule of `migrate-db lint`"));
                    }
                    directives.allowed.push(rule.to_owned());
                }
                false
            }
            _ => return Err(format!("`{word}` is no directive; {KEYS}")),
        };
        if twice {
            return Err(format!("`{word}` says a second time what may be said once"));
        }
    }
    if any { Ok(()) } else { Err(format!("it says nothing; {KEYS}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Directives, Misdirected> {
        super::read(text, Dialect::Sqlite)
    }

    #[test]
    fn both_keys_are_read_from_any_comment_at_the_top() {
        let both = read("-- About\n--migrate-db: phase=contract\n/* migrate-db: approve=OPS-1 */\nSELECT 1;")
            .unwrap();
        assert_eq!(
            both,
            Directives {
                phase: Some(Phase::Contract),
                approval: Some("OPS-1".into()),
                ..Directives::default()
            }
        );
        let since = read("-- migrate-db: phase=contract unused-since=1.4.0").unwrap().unused_since;
        assert_eq!(since.map(|version| version.to_string()).as_deref(), Some("1.4.0"));
        let allowed = read("-- migrate-db: allow=set-not-null,lock-table").unwrap().allowed;
        assert_eq!(allowed, ["set-not-null", "lock-table"]);
        assert_eq!(read("SELECT '-- migrate-db: x'; -- about migrate-db: x").unwrap(), Directives::default());
    }

    #[test]
    fn a_directive_nobody_follows_is_refused_with_its_line() {
        for (text, line, why) in [
            ("\n-- migrate-db: fase=expand", 2, "`fase=expand` is no directive"),
            ("-- migrate-db: phase=Contract", 1, "`Contract` is no phase"),
            ("-- migrate-db: approve=", 1, "`approve=` is no directive"),
            ("-- migrate-db: allow=everything", 1, "`everything` is no rule"),
            ("-- migrate-db: phase=contract unused-since=1.4", 1, "`1.4` is no version of a release"),
            ("-- x\n-- migrate-db: unused-since=1.4.0", 2, "unused-since is about"),
            ("-- migrate-db:", 1, "it says nothing"),
            ("-- migrate-db: phase=expand phase=contract", 1, "`phase=contract` says a second time"),
            ("SELECT 1;\n-- migrate-db: phase=contract", 2, "it stands behind a statement"),
        ] {
            let wrong = read(text).unwrap_err();
            assert!(wrong.line == line && wrong.why.starts_with(why), "{text}: {wrong:?}");
        }
    }
}
