//! What is going on, for whoever waits longer than a second; never a result.

use std::{
    io::{IsTerminal, Write, stderr},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::{mask::Masks, workflow};

/// Shorter work stays silent.
const QUIET: Duration = Duration::from_secs(1);
const FRAME: Duration = Duration::from_millis(100);
const FRAMES: [char; 4] = ['|', '/', '-', '\\'];

/// Shows a text while it lives: a moving line on a terminal, one plain line elsewhere, both after a second.
pub struct Progress(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    masks: Arc<Mutex<Masks>>,
}

struct State {
    text: String,
    over: bool,
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text as it may be shown. It may come from anywhere, and at its time a secret may be known that was none when it was said.
    fn shown(&self, text: &str) -> String {
        let text: String = text.chars().filter(|one| !one.is_control()).collect();
        workflow::inert(&self.masks.lock().unwrap_or_else(PoisonError::into_inner).redact(&text))
    }
}

impl Progress {
    pub(crate) fn start(text: String, masks: Arc<Mutex<Masks>>) -> Self {
        let state = Mutex::new(State { text, over: false });
        let shared = Arc::new(Shared { state, changed: Condvar::new(), masks });
        let shown = Arc::clone(&shared);
        // Where no thread can be had there is no progress line, and nothing else is lost.
        _ = thread::Builder::new().name("progress".into()).spawn(move || show(&shown));
        Self(shared)
    }

    /// Replaces the text.
    pub fn say(&self, text: impl Into<String>) {
        self.0.state().text = text.into();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.state().over = true;
        self.0.changed.notify_all();
    }
}

fn show(shared: &Shared) {
    let begun = Instant::now();
    let pause = |length| {
        let state = shared.state();
        let waited = shared.changed.wait_timeout_while(state, length, |state| !state.over);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        (!state.over).then(|| shared.shown(&state.text))
    };
    let Some(text) = pause(QUIET) else { return };
    if !stderr().is_terminal() {
        _ = writeln!(stderr(), "{text}");
        return;
    }
    for frame in FRAMES.iter().cycle() {
        let Some(text) = pause(FRAME) else { break };
        _ = write!(stderr(), "\r{frame} {text} ({}s)\x1b[K", begun.elapsed().as_secs());
    }
    _ = write!(stderr(), "\r\x1b[K");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_called_like_a_workflow_command_is_shown_as_text_and_a_secret_not_at_all() {
        let masks = Arc::new(Mutex::new(Masks::default()));
        let progress = Progress::start("::add-path::/tmp/evil".to_owned(), Arc::clone(&masks));
        assert_eq!(progress.0.shown("::add-path::/tmp/evil"), "\\::add-path::/tmp/evil");
        masks.lock().unwrap().add("hunter22");
        assert_eq!(progress.0.shown("waiting for hun\u{7}ter22"), "waiting for ***");
    }
}
