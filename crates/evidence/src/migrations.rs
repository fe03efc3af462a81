//! Makes of the signed moves of a database the schema that the ledger records; pure.

use jiff::Timestamp;
use ledger::{Backup, Phase, Schema, Step};
use trust::predicate::{self, Migration};

/// The schema after these moves. A run that was repeated says "nothing applied" the second time, so all moves since the last release count
/// together; where all are older, the newest alone says where the schema stands.
pub fn schema<'a>(
    moves: impl IntoIterator<Item = &'a Migration>,
    since: Option<Timestamp>,
) -> Option<Schema> {
    let mut moves: Vec<&Migration> = moves.into_iter().collect();
    moves.sort_by_key(|one| one.finished_on);
    let newest = *moves.last()?;
    let new = |one: &&Migration| since.is_none_or(|since| one.finished_on >= since);
    if new(&newest) {
        moves.retain(new);
    } else {
        moves = vec![newest];
    }
    // The backup that was made before anything was applied is the one that has it all. There is none if there was nothing to save; a later one
    // has what was applied by then.
    let first = moves.iter().find(|one| !one.applied.is_empty());
    let backup = first.and_then(|one| one.backup.as_ref()).map(|backup| Backup {
        uri: backup.uri.clone(),
        digest: backup.sha256,
        verified: backup.verified,
    });
    Some(Schema {
        before: moves.first().and_then(|first| first.before.clone()),
        version: newest.after.clone(),
        steps: if newest.steps.is_empty() { applied(&moves) } else { all(newest) },
        backup,
    })
}

/// All steps, as a move states them.
fn all(newest: &Migration) -> Vec<Step> {
    let step = |one: &predicate::Step| Step {
        version: one.version.clone(),
        phase: phase(one.phase),
        reversible: one.reversible,
    };
    newest.steps.iter().map(step).collect()
}

/// The steps that were applied, of moves that state no others.
fn applied(moves: &[&Migration]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (one, reversible) in
        moves.iter().flat_map(|one| one.applied.iter().map(|step| (step, one.reversible)))
    {
        if steps.iter().all(|step| step.version != one.version) {
            steps.push(Step { version: one.version.clone(), phase: phase(one.phase), reversible });
        }
    }
    steps
}

const fn phase(phase: predicate::Phase) -> Phase {
    match phase {
        predicate::Phase::Expand => Phase::Expand,
        predicate::Phase::Contract => Phase::Contract,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn moved(second: i64, before: &str, after: &str, applied: &[&str]) -> Migration {
        Migration {
            environment: "production".parse().unwrap(),
            before: Some(before.to_owned()),
            after: after.to_owned(),
            applied: applied
                .iter()
                .map(|version| predicate::AppliedMigration {
                    version: (*version).to_owned(),
                    description: String::new(),
                    checksum: String::new(),
                    phase: predicate::Phase::Expand,
                })
                .collect(),
            compatible: true,
            reversible: true,
            steps: Vec::new(),
            backup: None,
            finished_on: at(second),
        }
    }

    #[test]
    fn a_run_that_was_repeated_counts_together_with_the_first() {
        let moves = [moved(20, "3", "3", &[]), moved(10, "1", "3", &["2", "3"]), moved(5, "0", "1", &["1"])];
        let schema = schema(&moves, Some(at(8))).unwrap();
        let steps: Vec<&str> = schema.steps.iter().map(|step| step.version.as_str()).collect();
        assert_eq!((schema.before.as_deref(), schema.version.as_str()), (Some("1"), "3"));
        assert_eq!(steps, ["2", "3"]);
    }

    #[test]
    fn where_nothing_is_new_the_newest_says_where_the_schema_stands() {
        let moves = [moved(10, "1", "2", &["2"]), moved(20, "2", "3", &["3"])];
        let stands = schema(&moves, Some(at(30))).unwrap();
        assert_eq!((stands.version.as_str(), stands.steps.len()), ("3", 1));
        assert_eq!(schema([], None), None);
    }

    /// The second run found what the first had made: its backup is none of the database before all of it.
    #[test]
    fn a_backup_that_was_made_behind_the_first_steps_counted_as_the_one_before_them() {
        let saved = |name: &str| {
            let sha256 = contract::Digest::of(name.as_bytes());
            Some(predicate::Backup { uri: format!("file:///{name}"), sha256, verified: true })
        };
        let backup = |first, second| {
            let moves = [
                Migration { backup: first, ..moved(10, "0", "1", &["1"]) },
                Migration { backup: second, ..moved(20, "1", "2", &["2"]) },
            ];
            schema(&moves, None).unwrap().backup.map(|backup| backup.uri)
        };
        assert_eq!(backup(None, saved("b")), None);
        assert_eq!(backup(saved("a"), saved("b")).as_deref(), Some("file:///a"));
        let repeated =
            [moved(5, "0", "0", &[]), Migration { backup: saved("a"), ..moved(10, "0", "1", &["1"]) }];
        assert_eq!(
            schema(&repeated, None).unwrap().backup.map(|backup| backup.uri).as_deref(),
            Some("file:///a")
        );
    }
}
