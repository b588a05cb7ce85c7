//! The CI job around this process: its platform, its event, and whose files of its checkout count.

mod origin;
mod platform;
mod tree;

pub use platform::{Platform, event};
pub use tree::{Base, BaseError, Tree, TreeError};
