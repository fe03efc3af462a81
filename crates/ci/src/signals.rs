//! SIGINT and SIGTERM as a question a run can ask between two effects; never a handler with work in it.
//!
//! GitHub cancels with SIGINT, sends SIGTERM 7.5 seconds later and kills 2.5 seconds after that. The first signal asks a run to end at
//! the next safe point, the second ends the process: every effect survives being cut off anywhere. While another program is being ended, the
//! second signal only hastens that, because a program that is left behind goes on with its effect beside the next run's.

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
/// Set by every signal; the one that finds it set ends the process.
static FATAL: OnceLock<Arc<AtomicBool>> = OnceLock::new();

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
    let (asked, fatal) = (ASKED.get_or_init(Arc::default), FATAL.get_or_init(Arc::default));
    for signal in [SIGINT, SIGTERM] {
        // Registered first, so that it looks at the flag before this signal sets it: only a second signal ends the process.
        let status = i32::from(Kind::World.exit_status());
        let listening: io::Result<_> = flag::register_conditional_shutdown(signal, status, Arc::clone(fatal))
            .and_then(|_| flag::register(signal, Arc::clone(fatal)))
            .and_then(|_| flag::register(signal, Arc::clone(asked)));
        drop(listening);
    }
}

/// Does work that no signal may cut off; it is told whether one has arrived meanwhile, and should then make haste.
pub(crate) fn held_off(work: impl FnOnce(&dyn Fn() -> bool)) {
    let set = |fatal: bool| FATAL.get().is_some_and(|flag| flag.swap(fatal, Ordering::Relaxed));
    set(false);
    work(&|| FATAL.get().is_some_and(|fatal| fatal.load(Ordering::Relaxed)));
    set(asked());
}

/// Whether the run was asked to end.
pub(crate) fn asked() -> bool {
    ASKED.get().is_some_and(|asked| asked.load(Ordering::Relaxed))
}
