//! The room's readers of git's protocol, for their fuzz target alone.

use super::protocol::fuzzing::{commits_of_pack, lines_of};

/// How many lines `bytes` begin with, and how many commits a pack of them would have; in pieces of
/// `step` bytes that must be the same.
pub fn read_answer(bytes: &[u8], step: usize) -> (usize, Option<usize>) {
    (lines_of(bytes), commits_of_pack(bytes, step))
}
