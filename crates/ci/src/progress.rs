//! What is going on, for whoever waits longer than a second; never a result.

use std::{
    io::{IsTerminal, Write, stderr},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// Shorter work stays silent.
const QUIET: Duration = Duration::from_secs(1);
const FRAME: Duration = Duration::from_millis(100);
const FRAMES: [char; 4] = ['|', '/', '-', '\\'];

/// Shows a text while it lives: a moving line on a terminal, one plain line elsewhere, both after a second.
pub struct Progress(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    text: String,
    over: bool,
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    pub(crate) fn start(text: String) -> Self {
        let shared =
            Arc::new(Shared { state: Mutex::new(State { text, over: false }), changed: Condvar::new() });
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
        (!state.over).then(|| state.text.chars().filter(|one| !one.is_control()).collect::<String>())
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
