//! The pace that a forge allows to one identity.

use std::time::Duration;

use super::transport::Answer;

/// What a call counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Points of the secondary limit: 1 for a read, 5 for a write.
    pub points: u32,
    /// How many things it makes that somebody is told about: requests, commits, comments.
    pub contents: u32,
}

impl Cost {
    /// A call that changes nothing.
    pub const READ: Self = Self {
        points: 1,
        contents: 0,
    };
    /// A call that changes one thing.
    pub const WRITE: Self = Self {
        points: 5,
        contents: 1,
    };
}

/// Lets calls through at the pace that the forge allows.
#[derive(Debug, Default)]
pub struct Governor {}

impl Governor {
    /// Waits until a call of this cost may be made.
    pub async fn admit(&self, _cost: Cost) {}

    /// Learns from an answer; how long to wait where it says that there were too many calls.
    pub fn learn(&self, _cost: Cost, _answer: &Answer) -> Option<Duration> {
        None
    }
}
