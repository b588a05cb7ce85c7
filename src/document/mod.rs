//! Documents from outside: JSON, read strictly; YAML, TOML and Dockerfiles as trees with places. No
//! input or output.
//!
//! Every value knows the bytes it was read from, so that what is found can be shown and edited
//! while every other byte stays.

pub mod dockerfile;
pub mod edit;
mod error;
pub mod json;
mod origin;
pub mod quote;
mod source;
pub mod toml;
pub mod yaml;

pub use error::{DocumentError, Problem};
pub use origin::Origin;
pub use source::{MAX_BYTES, Source};

#[cfg(test)]
mod tests;
