//! What the checkout says about itself, asked of the `git` command; never a write.

use ci::process::{Finished, Program};
use jiff::Timestamp;

/// What git says; nothing where there is no git, no checkout or no answer.
fn git(words: &[&str]) -> Option<String> {
    let finished = Program::new("git").args(words).output().ok().filter(Finished::is_success)?;
    Some(finished.text().trim().to_owned()).filter(|text| !text.is_empty())
}

/// The commit that is checked out.
pub(super) fn commit() -> Option<String> {
    git(&["rev-parse", "--verify", "HEAD"])
}

/// When a commit was made, if the checkout has it.
pub(super) fn commit_date(sha: &str) -> Option<Timestamp> {
    // Digits only: a name would be looked up, and `-` would be an option.
    let digits = !sha.is_empty() && sha.bytes().all(|byte| byte.is_ascii_hexdigit());
    git(&["show", "-s", "--format=%cI", digits.then_some(sha)?])?.parse().ok()
}

/// The full reference that is checked out; of a lone commit one that holds it, if any does.
pub(super) fn reference() -> Option<String> {
    let decoration = || git(&["show", "-s", "--pretty=%D", "HEAD"]);
    git(&["symbolic-ref", "--quiet", "HEAD"])
        .or_else(|| decorated(&decoration()?))
        .or_else(|| holding("refs/heads/"))
        .or_else(|| {
            let remote = holding("refs/remotes/")?;
            let (_, branch) = remote.strip_prefix("refs/remotes/")?.split_once('/')?;
            Some(format!("refs/heads/{branch}"))
        })
        .or_else(|| Some(format!("refs/tags/{}", git(&["tag", "--contains", "HEAD"])?.lines().next()?)))
}

/// The branch that the origin shows first, as the clone has it.
pub(super) fn default_branch() -> Option<String> {
    let head = git(&["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"])?;
    Some(head.strip_prefix("refs/remotes/origin/")?.to_owned())
}

/// The newest reference of this kind that holds the commit.
fn holding(scope: &str) -> Option<String> {
    let words = ["for-each-ref", "--format=%(refname)", "--contains", "HEAD", "--sort=-committerdate", scope];
    Some(git(&words)?.lines().next()?.to_owned())
}

/// The reference that git shows beside a lone commit: `HEAD, tag: v1`, `grafted, HEAD, pull/1/merge` or `HEAD, origin/main, main`.
fn decorated(text: &str) -> Option<String> {
    let names = text.strip_prefix("grafted, ").unwrap_or(text).strip_prefix("HEAD, ")?;
    if let Some(tag) = names.strip_prefix("tag: ") {
        return Some(format!("refs/tags/{}", tag.split(", ").next()?));
    }
    let (first, second) = names.split_once(", ").unwrap_or((names, ""));
    if first.starts_with("pull/") && (first.ends_with("/merge") || first.ends_with("/head")) {
        return Some(format!("refs/{first}"));
    }
    let branch = if second.is_empty() { first.split_once('/')?.1 } else { second.split(", ").next()? };
    Some(format!("refs/heads/{branch}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_commit_is_known_by_its_decoration() {
        for (text, reference) in [
            ("HEAD, tag: v1.2.3", Some("refs/tags/v1.2.3")),
            ("grafted, HEAD, tag: v1, origin/main", Some("refs/tags/v1")),
            ("grafted, HEAD, pull/15/merge", Some("refs/pull/15/merge")),
            ("HEAD, origin/feat/x, feat/x", Some("refs/heads/feat/x")),
            ("HEAD, origin/feat/x", Some("refs/heads/feat/x")),
            ("HEAD", None),
            ("grafted, HEAD", None),
            ("", None),
        ] {
            assert_eq!(decorated(text).as_deref(), reference, "{text}");
        }
    }
}
