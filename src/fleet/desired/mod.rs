//! Edits of fleet.yaml that keep every other byte, and the files that follow from it.
//!
//! What an edit is to mean is worked out on the checked file; the edited text is read again and has
//! to mean exactly that. Where it does not, as a person wrote the place in a way that is not
//! followed, nothing is changed and the line is named.

mod edits;
mod error;
mod files;
mod page;
#[cfg(test)]
mod tests;

pub use edits::{advance, deny, reach, retreat};
pub use error::EditError;
pub use files::{DENY_FILE, Files, files, paths};

/// The file of the configuration repository that says what is wanted.
pub const FLEET_FILE: &str = "fleet.yaml";
