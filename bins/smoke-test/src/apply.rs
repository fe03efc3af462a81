//! Carries the plan out: waits, asks, keeps what is captured, cleans up; the only room that sends anything.

mod wait;

use std::{
    error::Error as _,
    thread,
    time::{Duration, Instant},
};

use ci::{Progress, Session};
use contract::{EnvironmentName, Secret};
use http::{Client, HttpError, Limits, RedactedUrl, Response};
use jiff::{SignedDuration, Timestamp};

use crate::{
    ask,
    context::{Base, Prepared},
    error::Error,
    judge::{KEPT_BYTES_MAX, judge, take},
    outcome::{List, StepOutcome, SuiteOutcome, Verdict},
    plan::{Plan, Planned},
    suite::Step,
    variables::{Variables, plain},
};

/// The largest answer, in bytes.
const BODY_BYTES_MAX: usize = 16 << 20;
/// The cleanup has a limit of its own, so that a run whose time is used up still cleans up.
const CLEANUP_MAX: Duration = Duration::from_secs(30);
/// After SIGINT a runner waits 7.5 s before SIGTERM, and 2.5 s more before it kills.
const CLEANUP_INTERRUPTED_MAX: Duration = Duration::from_secs(5);
/// How often a pause asks whether it is still wanted.
const PAUSE_SLICE: Duration = Duration::from_millis(50);
/// No limit and no pause is longer, whatever a file says: the system's clock does not count for ever.
const SPAN_MAX: Duration = Duration::from_hours(24);

/// Runs every suite.
pub fn apply<'s>(
    suites: &'s mut [Prepared],
    base: &Base,
    environment: Option<&EnvironmentName>,
    timeout: Duration,
    session: &Session,
) -> Result<Vec<SuiteOutcome<'s>>, Error> {
    let client = Client::new(Limits { body_bytes_max: BODY_BYTES_MAX, ..Limits::default() })?;
    let begun = Instant::now();
    let walk = Walk { client, session, base, begun, end: begun + timeout.min(SPAN_MAX) };
    Ok(suites.iter_mut().map(|prepared| walk.suite(prepared, environment)).collect())
}

struct Walk<'r> {
    client: Client,
    session: &'r Session,
    base: &'r Base,
    begun: Instant,
    end: Instant,
}

/// The bounds within which a step runs.
struct Bounds<'b> {
    list: List,
    end: Instant,
    wanted: &'b dyn Fn() -> bool,
}

impl Bounds<'_> {
    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Waits so long, if that is wanted and there is time for it.
    fn pause(&self, length: Duration) -> bool {
        let until = Instant::now() + length.min(SPAN_MAX);
        while until < self.end && (self.wanted)() {
            match until.saturating_duration_since(Instant::now()) {
                Duration::ZERO => return true,
                left => thread::sleep(left.min(PAUSE_SLICE)),
            }
        }
        false
    }
}

impl Walk<'_> {
    fn suite<'s>(
        &self,
        prepared: &'s mut Prepared,
        environment: Option<&EnvironmentName>,
    ) -> SuiteOutcome<'s> {
        let Prepared { suite, variables } = prepared;
        let suite = &*suite;
        let started = self.time();
        let plan = Plan::new(&suite.form, environment);
        let wanted = || !self.session.interrupted();
        let bounds = Bounds { list: List::Steps, end: self.end, wanted: &wanted };
        let progress =
            self.session.progress(format!("{}: {} steps", suite.form.name.value, plan.steps.len()));
        let mut steps = Vec::new();
        if let Some(wait) = &suite.form.wait {
            progress.say(format!("waiting for {}", wait.path.value));
            steps.push(self.wait(wait, variables, &bounds));
        }
        let mut halt =
            steps.iter().any(|wait| wait.verdict != Verdict::Passed).then_some("the deployment is not ready");
        for planned in &plan.steps {
            progress.say(format!("{}: {}", suite.form.name.value, planned.step.name));
            if !wanted() {
                halt = Some("the run was interrupted");
            }
            let outcome = match halt {
                Some(why) => begin(planned, List::Steps, Verdict::Skipped).because(why),
                None => self.step(planned, variables, &bounds),
            };
            if outcome.verdict == Verdict::Failed && !suite.form.keep_going {
                halt = halt.or(Some("an earlier step failed"));
            }
            steps.push(outcome);
        }
        let touched = steps.iter().any(|step| step.attempts > 0 && step.list == List::Steps);
        if touched {
            steps.extend(self.cleanup(&plan, variables, &progress));
        }
        SuiteOutcome { suite, steps, started, finished: self.time(), interrupted: !wanted() }
    }

    fn cleanup(&self, plan: &Plan<'_>, variables: &mut Variables, progress: &Progress) -> Vec<StepOutcome> {
        let limit = if self.session.interrupted() { CLEANUP_INTERRUPTED_MAX } else { CLEANUP_MAX };
        let bounds = Bounds { list: List::Cleanup, end: Instant::now() + limit, wanted: &|| true };
        let one = |planned: &Planned<'_>| {
            progress.say(format!("cleaning up: {}", planned.step.name));
            let mut outcome = self.step(planned, variables, &bounds);
            if outcome.verdict == Verdict::Failed && !planned.step.must {
                outcome.verdict = Verdict::Warned;
            }
            outcome
        };
        plan.cleanup.iter().map(one).collect()
    }

    fn time(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.begun.elapsed()).unwrap_or_default();
        self.session.now().saturating_add(passed).unwrap_or(self.session.now())
    }

    fn step(&self, planned: &Planned<'_>, variables: &mut Variables, bounds: &Bounds<'_>) -> StepOutcome {
        let step = planned.step;
        let mut outcome = begin(planned, bounds.list, Verdict::Skipped);
        if let Some(why) = &planned.skip {
            return outcome.because(why);
        }
        if let Some(name) = step.needs().into_iter().find(|name| !variables.has(name)) {
            return outcome.because(format!("needs `{name}`, which no step has captured"));
        }
        outcome.verdict = Verdict::Failed;
        let request = match ask::request(&step.request, self.base, variables) {
            Ok(request) => request,
            Err(error) => return outcome.because(error.to_string()),
        };
        outcome.request = Some(format!("{} {}", request.method, RedactedUrl::from(&request.url)));
        let attempts_max = step.retry.as_ref().map_or(1, |retry| retry.value.attempts);
        let interval = step.retry.as_ref().map_or(Duration::ZERO, |retry| retry.value.interval.duration());
        let blank = outcome.clone();
        loop {
            if bounds.left().is_zero() {
                return outcome.because("there was no time left");
            }
            let attempts = outcome.attempts + 1;
            let asked = Instant::now();
            let answer = self.send(&request, step.request.timeout.duration(), bounds);
            let tried = StepOutcome { attempts, elapsed: asked.elapsed(), ..blank.clone() };
            outcome = match answer {
                Ok(answer) => self.answered(step, &answer, variables, tried),
                Err(HttpError::GivenUp) => {
                    StepOutcome { verdict: Verdict::Skipped, ..tried }.because("the run was interrupted")
                }
                Err(error) => tried.because(told(&error)),
            };
            let over = outcome.verdict != Verdict::Failed || outcome.attempts >= attempts_max;
            if over || !bounds.pause(interval) {
                return outcome;
            }
        }
    }

    fn send(
        &self,
        request: &http::Request,
        try_max: Duration,
        bounds: &Bounds<'_>,
    ) -> Result<Response, HttpError> {
        let total_max = try_max.min(bounds.left());
        let limits = Limits { try_max, total_max, body_bytes_max: BODY_BYTES_MAX };
        self.client.send_within(request, limits, bounds.wanted)
    }

    /// Judges an answer. What it holds of secrets is masked before anything else is done with it, and whatever comes of it.
    fn answered(
        &self,
        step: &Step,
        answer: &Response,
        variables: &mut Variables,
        outcome: StepOutcome,
    ) -> StepOutcome {
        let mut outcome = StepOutcome {
            status: Some(answer.status.as_u16()),
            elapsed: answer.elapsed,
            first_byte: answer.first_byte,
            ..outcome
        };
        let mut taken = Vec::new();
        for (name, capture) in step.capture.iter() {
            let value = take(&capture.value, answer);
            if let (true, Ok(secret)) = (capture.value.secret, &value) {
                let secret = plain(secret);
                if secret.len() > KEPT_BYTES_MAX {
                    return outcome
                        .because(format!("`{name}` is longer than a secret, {} bytes", secret.len()));
                }
                self.session.mask(&Secret::new(secret));
            }
            taken.push((name, value));
        }
        outcome.checks = match judge(&step.expect, answer, variables) {
            Ok(checks) => checks,
            Err(unfilled) => return outcome.because(unfilled.to_string()),
        };
        if outcome.checks.iter().any(|check| !check.passed) {
            return outcome;
        }
        for (name, value) in taken {
            match value {
                Ok(value) => variables.set(name, value),
                Err(why) => return outcome.because(format!("can't capture `{name}`: {why}")),
            }
        }
        StepOutcome { verdict: Verdict::Passed, ..outcome }
    }
}

fn begin(planned: &Planned<'_>, list: List, verdict: Verdict) -> StepOutcome {
    StepOutcome::new(&planned.step.name, list, planned.line, verdict)
}

/// An error of the exchange with its cause, in one line.
fn told(error: &HttpError) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
