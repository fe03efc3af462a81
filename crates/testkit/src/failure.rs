//! The failure report that every binary prints on standard error, read back; never writes one.

use std::fmt;

/// `error[code]: what`, then `at:`, `why:`, `fix:` and `see:`, each indented by two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The stable kebab-case code.
    pub code: String,
    /// What happened.
    pub what: String,
    /// The chain of causes, outermost first; may be empty.
    pub why: Vec<String>,
    /// How to mend it.
    pub fix: String,
    /// Where it is explained.
    pub see: String,
}

/// What a text lacks to be a failure report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacks(&'static str);

impl fmt::Display for Lacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no well-formed failure on standard error: {}", self.0)
    }
}

impl Failure {
    /// Finds the report in what was printed on standard error. Progress may stand before it.
    ///
    /// # Errors
    /// Names the part that is missing.
    pub fn read(stderr: &str) -> Result<Self, Lacks> {
        let mut lines = stderr.lines().skip_while(|line| !line.starts_with("error["));
        let head = lines.next().ok_or(Lacks("no line begins with `error[`"))?;
        let (code, what) = head
            .strip_prefix("error[")
            .and_then(|rest| rest.split_once("]: "))
            .ok_or(Lacks("not `error[code]: what`"))?;
        if !is_kebab(code) {
            return Err(Lacks("the code is not kebab-case"));
        }
        if what.trim().is_empty() {
            return Err(Lacks("it does not say what happened"));
        }
        let mut parts: Vec<(&str, Vec<String>)> = Vec::new();
        for line in lines.take_while(|line| line.starts_with("  ")) {
            let part = ["at", "why", "fix", "see"]
                .into_iter()
                .find_map(|name| Some((name, line[2..].strip_prefix(name)?.strip_prefix(": ")?)));
            match (part, parts.last_mut()) {
                (Some((name, text)), _) => parts.push((name, vec![text.to_owned()])),
                (None, Some((_, text))) => text.push(line.trim().to_owned()),
                (None, None) => {
                    return Err(Lacks("its second line begins with none of `at:`, `why:`, `fix:`, `see:`"));
                }
            }
        }
        let part = |name| {
            parts
                .iter()
                .filter(|(known, _)| *known == name)
                .flat_map(|(_, text)| text.clone())
                .collect::<Vec<_>>()
        };
        let (fix, see) = (part("fix").join("\n"), part("see").join("\n"));
        if fix.trim().is_empty() {
            return Err(Lacks("no line begins with `  fix: `"));
        }
        if see != format!("docs/failures.md#{code}") {
            return Err(Lacks("no line `  see: docs/failures.md#<code>`"));
        }
        Ok(Self { code: code.to_owned(), what: what.to_owned(), why: part("why"), fix, see })
    }
}

fn is_kebab(code: &str) -> bool {
    code.split('-')
        .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}
