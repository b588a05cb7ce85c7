//! Documents from outside: JSON, read strictly; YAML, TOML, JSON5 and Dockerfiles as trees with
//! places; edits and quoting. No input or output.
//!
//! Every value knows the bytes it was read from, so that what is found can be shown and edited
//! while every other byte stays.

mod comment;
pub mod dockerfile;
pub mod edit;
mod error;
pub mod insert;
pub mod json;
pub mod jsonc;
mod line;
mod origin;
pub mod quote;
pub mod renovate;
mod source;
pub mod toml;
mod tree;
pub mod yaml;

pub use comment::{Comment, Language, comments};
pub use error::{DocumentError, Problem};
pub use line::column;
pub use origin::Origin;
pub use source::{MAX_BYTES, Source};

#[cfg(test)]
mod origin_tests;
#[cfg(test)]
mod tests;
