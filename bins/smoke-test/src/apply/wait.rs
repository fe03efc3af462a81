//! Asks until the deployment is ready, under one limit for all tries and pauses; tests nothing.

use std::time::{Duration, Instant};

use http::{HttpError, RedactedUrl, Response};

use super::{Bounds, SPAN_MAX, Walk, told};
use crate::{
    ask::AskError,
    outcome::{List, StepOutcome, Verdict},
    suite::{Wait, line},
    variables::Variables,
};

/// One try: a deployment that is starting may take a connection and never answer.
const TRY_MAX: Duration = Duration::from_secs(5);
/// These pass by themselves while something starts; any other 4xx is the answer of something that runs.
const PASSING: [u16; 4] = [404, 408, 425, 429];

/// What one try says about the next.
enum Sign {
    Ready,
    NotYet(String),
    Never(String),
    Interrupted,
}

impl Walk<'_> {
    /// Waits. What comes of it is a step of its own, so that reports show where the time went.
    pub(super) fn wait(&self, wait: &Wait, variables: &Variables, bounds: &Bounds<'_>) -> StepOutcome {
        let name = format!("wait for {}", wait.path.value);
        let mut outcome = StepOutcome::new(name, List::Wait, line(wait.path.referenced), Verdict::Failed);
        let request = match self.question(wait, variables) {
            Ok(request) => request,
            Err(error) => return outcome.because(error.to_string()),
        };
        outcome.request = Some(format!("GET {}", RedactedUrl::from(&request.url)));
        let begun = Instant::now();
        let bounds = Bounds { end: bounds.end.min(begun + wait.timeout.duration().min(SPAN_MAX)), ..*bounds };
        loop {
            let answer = self.send(&request, TRY_MAX, &bounds);
            outcome.attempts += 1;
            outcome.status = answer.as_ref().ok().map(|answer| answer.status.as_u16());
            outcome.elapsed = begun.elapsed();
            let last = match sign(wait, answer) {
                Sign::Ready => return StepOutcome { verdict: Verdict::Passed, ..outcome },
                Sign::Never(why) => return outcome.because(why),
                Sign::Interrupted => {
                    return StepOutcome { verdict: Verdict::Skipped, ..outcome }
                        .because("the run was interrupted");
                }
                Sign::NotYet(last) => last,
            };
            if !bounds.pause(wait.interval.duration()) {
                let (status, within, tries) = (&wait.status, wait.timeout, outcome.attempts);
                return outcome
                    .because(format!("not {status} within {within}; the last of {tries} tries: {last}"));
            }
        }
    }

    fn question(&self, wait: &Wait, variables: &Variables) -> Result<http::Request, AskError> {
        let path = variables.path(&wait.path.value)?;
        self.base.at(&path).map(http::Request::get).ok_or(AskError::Address)
    }
}

fn sign(wait: &Wait, answer: Result<Response, HttpError>) -> Sign {
    match answer.map(|answer| answer.status.as_u16()) {
        Ok(status) if wait.status.holds(status) => Sign::Ready,
        Ok(status) if (400..500).contains(&status) && !PASSING.contains(&status) => {
            Sign::Never(format!("it answers {status}, which no waiting mends"))
        }
        Ok(status) => Sign::NotYet(format!("it answered {status}")),
        Err(HttpError::GivenUp) => Sign::Interrupted,
        Err(error) => Sign::NotYet(told(&error)),
    }
}
