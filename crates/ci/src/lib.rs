//! The runner: the environment in; outputs, summary, annotations and masks out; and the way a binary starts and ends. No network.

mod arguments;
pub mod env;
pub mod failure;
pub mod files;
mod mask;
mod page;
pub mod process;
mod progress;
pub mod record;
pub mod report;
mod session;
pub mod signals;
mod start;
pub mod thread;
mod token;
mod typed;
mod workflow;

pub use arguments::{ArgumentError, Arguments, Common, Format};
pub use env::{Env, InputError};
pub use failure::{Code, Failure, Kind, Place, Stop};
pub use page::Page;
pub use progress::Progress;
pub use report::{Annotation, Level, Report};
pub use session::{Mode, Runner, Session};
pub use start::main;
