//! The runner: the environment in; outputs, summary, annotations and masks out; and the way a binary starts and ends. No network.

pub mod failure;
pub mod files;
pub mod page;
pub mod report;

pub use failure::{Code, Failure, Kind, Place, Stop};
pub use page::Page;
pub use report::{Annotation, Level, Report};
