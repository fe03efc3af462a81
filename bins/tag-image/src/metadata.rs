//! Everything docker/metadata-action computes, from its inputs alone; never the project's own naming standard, and never a registry.

pub(crate) mod bake;
mod collation;
pub(crate) mod context;
mod csv;
mod dates;
mod error;
mod expressions;
pub(crate) mod facts;
mod flavor;
mod images;
mod labels;
pub(crate) mod outputs;
mod pattern;
pub(crate) mod plan;
mod rule;
mod template;
mod trouble;

/// What becomes of input that docker/metadata-action lets pass and nobody can have meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Manner {
    /// It is an error, with the line and the reason; and `latest` is not given.
    Strict,
    /// It does what it does there, byte for byte.
    Compat,
}
