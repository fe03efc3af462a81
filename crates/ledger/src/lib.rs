//! The append-only, hash-chained history of what each environment ran; never what may run next.
//!
//! `entry` is the form of a line, `chain` ties lines together, `directory` keeps them in files, `history` answers questions about them.
//! A chain shows a change to whoever remembers its head: the head is written beside it and is an output of every run.

mod chain;
mod directory;
mod entry;
mod error;
mod history;

pub use chain::{Broken, Head};
pub use directory::{Directory, Held, Holder};
pub use entry::{
    Backup, Draft, Entry, Event, GateRecord, Move, Override, Phase, Pinned, ReleaseId, Schema, Step, Verdict,
};
pub use error::LedgerError;
pub use history::{Digests, History};
