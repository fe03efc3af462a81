//! SIGINT and SIGTERM as a question a run can ask between two effects; never a handler with work in it.
//!
//! GitHub cancels with SIGINT, sends SIGTERM 7.5 seconds later and kills 2.5 seconds after that. The first signal asks a run to end at
//! the next safe point, the second ends the process: every effect survives being cut off anywhere.

use std::{
    borrow::Cow,
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

use crate::failure::{Code, Failure, Kind};

static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// The run was asked to end.
#[derive(Debug, thiserror::Error)]
#[error("interrupted before the end")]
pub struct Interrupted;

impl Failure for Interrupted {
    fn code(&self) -> Code {
        Code::new("interrupted")
    }

    fn kind(&self) -> Kind {
        Kind::World
    }

    fn fix(&self) -> Cow<'static, str> {
        "run the same command again: it continues where this run stopped".into()
    }
}

/// Listens from now on. Without it a signal simply ends the process, which is safe too.
pub(crate) fn install() {
    let asked = ASKED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM] {
        // Registered first, so that it looks at the flag before this signal sets it: only a second signal ends the process.
        let status = i32::from(Kind::World.exit_status());
        let listening: io::Result<_> = flag::register_conditional_shutdown(signal, status, Arc::clone(asked))
            .and_then(|_| flag::register(signal, Arc::clone(asked)));
        drop(listening);
    }
}

/// Whether the run was asked to end.
pub(crate) fn asked() -> bool {
    ASKED.get().is_some_and(|asked| asked.load(Ordering::Relaxed))
}
