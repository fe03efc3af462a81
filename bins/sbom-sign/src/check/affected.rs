//! Whether a version is affected, by the evaluation of the OSV schema ("Evaluation"); pure. Where versions can't be put in order, that is the
//! answer, and never "no".

use std::cmp::Ordering;

use super::{
    osv::{Affected, Event, Range, RangeKind},
    versions::{Line, Scheme},
};

/// The answer for one package and one version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// It is, and from these versions on it is not; none where there is no such version.
    Affected(Vec<String>),
    /// It is not.
    Clear,
    /// Nobody can tell, and why.
    Undecided(String),
}

/// Asks one entry of a record, which is about the package, about a version of it.
pub(crate) fn answer(affected: &Affected, version: &str, scheme: Scheme) -> Answer {
    if version.is_empty() {
        return of_any_version(affected);
    }
    if let Some(line) = scheme.line(version) {
        return of_line(affected, &line);
    }
    let listed = affected.versions.iter().any(|one| same(one, version, scheme));
    let mut fixed = Vec::new();
    let mut hit = listed;
    let mut doubt = None;
    let mut ordered = false;
    for range in &affected.ranges {
        match within(range, version, scheme) {
            Ok(state) => {
                ordered = true;
                if state == State::Affected || listed {
                    fixed.extend(next_fix(range, version, scheme));
                }
                hit |= state == State::Affected;
            }
            Err(why) => doubt = Some(why),
        }
    }
    fixed.sort();
    fixed.dedup();
    match doubt {
        _ if hit => Answer::Affected(fixed),
        // A list of all affected versions stands in for an order that nobody knows (the schema, "affected[].versions").
        Some(why) if affected.versions.is_empty() || ordered => Answer::Undecided(why),
        _ if affected.ranges.is_empty() && affected.versions.is_empty() => {
            Answer::Undecided("the record names neither versions nor ranges".to_owned())
        }
        _ => Answer::Clear,
    }
}

/// Where no version is told: what holds for every version holds for this one, and nothing else can be said.
fn of_any_version(affected: &Affected) -> Answer {
    let all = |range: &Range| matches!(range.events.as_slice(), [Event::Introduced(start)] if start == "0");
    if affected.ranges.iter().any(all) {
        Answer::Affected(Vec::new())
    } else {
        Answer::Undecided("nothing tells its version".to_owned())
    }
}

/// What holds for every version of a line holds for the tag that moves along it, and nothing else can be said: the SBOM does not tell where
/// it was.
fn of_line(affected: &Affected, line: &Line) -> Answer {
    let listed = affected.versions.iter().any(|version| line.holds(version));
    let splits = |event: &Event| match event {
        Event::Introduced(bound) | Event::Fixed(bound) => line.holds(bound) && !line.begins_with(bound),
        Event::LastAffected(bound) | Event::Limit(bound) => line.holds(bound),
    };
    if listed || affected.ranges.iter().flat_map(|range| &range.events).any(splits) {
        return Answer::Undecided(format!("`{}` moves from version to version", line.tag));
    }
    answer(affected, &line.first, Scheme::Semver)
}

/// Versions of one list may be written in more than one way.
fn same(listed: &str, version: &str, scheme: Scheme) -> bool {
    listed == version || scheme.compare(listed, version) == Ok(Ordering::Equal)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Affected,
    Clear,
}

fn scheme_of(range: &Range, scheme: Scheme) -> Result<Scheme, String> {
    match range.kind {
        RangeKind::Semver => Ok(Scheme::Semver),
        RangeKind::Ecosystem if scheme == Scheme::Unknown => {
            Err("the order of the versions of this ecosystem is not known here".to_owned())
        }
        RangeKind::Ecosystem => Ok(scheme),
        RangeKind::Git => Err("the record counts in commits".to_owned()),
    }
}

fn within(range: &Range, version: &str, scheme: Scheme) -> Result<State, String> {
    let scheme = scheme_of(range, scheme)?;
    if !range.events.iter().any(|event| matches!(event, Event::Introduced(_))) {
        return Err("the record does not say since when".to_owned());
    }
    let compare = |bound: &str| scheme.compare(version, bound).map_err(|error| error.to_string());
    if !before_limits(range, &compare)? {
        return Ok(State::Clear);
    }
    let mut events = Vec::new();
    for event in &range.events {
        // What the version is to the event; 0 is before everything.
        let (order, rank) = match event {
            Event::Introduced(bound) if bound == "0" => (Ordering::Greater, 1),
            Event::Introduced(bound) => (compare(bound)?, 1),
            Event::Fixed(bound) => (compare(bound)?, 0),
            Event::LastAffected(bound) => (compare(bound)?, 2),
            Event::Limit(_) => continue,
        };
        events.push((event, order, rank));
    }
    sort(&mut events, scheme)?;
    let mut state = State::Clear;
    for (event, order, _) in events {
        state = match event {
            Event::Introduced(_) if order != Ordering::Less => State::Affected,
            Event::Fixed(_) if order != Ordering::Less => State::Clear,
            Event::LastAffected(_) if order == Ordering::Greater => State::Clear,
            _ => state,
        };
    }
    Ok(state)
}

/// In the order of their versions. Of two at the same version, what introduces comes after what fixes: in doubt it is affected.
fn sort(events: &mut [(&Event, Ordering, u8)], scheme: Scheme) -> Result<(), String> {
    let mut trouble = None;
    events.sort_by(|(left, _, left_rank), (right, _, right_rank)| {
        let order = match (bound(left), bound(right)) {
            ("0", "0") => Ordering::Equal,
            ("0", _) => Ordering::Less,
            (_, "0") => Ordering::Greater,
            (left, right) => scheme.compare(left, right).unwrap_or_else(|error| {
                trouble = Some(error.to_string());
                Ordering::Equal
            }),
        };
        order.then(left_rank.cmp(right_rank))
    });
    trouble.map_or(Ok(()), Err)
}

fn bound(event: &Event) -> &str {
    match event {
        Event::Introduced(bound) | Event::Fixed(bound) | Event::LastAffected(bound) | Event::Limit(bound) => {
            bound
        }
    }
}

fn before_limits(range: &Range, compare: &impl Fn(&str) -> Result<Ordering, String>) -> Result<bool, String> {
    let mut limited = false;
    for event in &range.events {
        if let Event::Limit(bound) = event {
            limited = true;
            if bound.contains('*') || compare(bound)? == Ordering::Less {
                return Ok(true);
            }
        }
    }
    Ok(!limited)
}

/// The first fix behind this version on the line of this range.
fn next_fix(range: &Range, version: &str, scheme: Scheme) -> Option<String> {
    let scheme = scheme_of(range, scheme).ok()?;
    let fixes = range.events.iter().filter_map(|event| match event {
        Event::Fixed(bound) => Some(bound),
        _ => None,
    });
    let later = fixes.filter(|bound| scheme.compare(bound, version) == Ok(Ordering::Greater));
    later.min_by(|left, right| scheme.compare(left, right).unwrap_or(Ordering::Equal)).cloned()
}

#[cfg(test)]
mod tests;
