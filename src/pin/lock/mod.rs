//! Recorded digests: the document that `--lock FILE` writes, that `--check` takes for the world
//! outside, and that `--to FILE` goes back to. No input or output.

mod check;
mod document;
mod identity;
mod record;
mod restore;
#[cfg(test)]
mod tests;

pub use document::{Entry, Lock, LockError, LockFile, RecordedDigest};
pub use record::Use;
