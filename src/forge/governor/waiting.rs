//! What is said while a call waits.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use tokio::sync::watch;

/// Nobody is told of a shorter wait.
const WORTH_TELLING: Duration = Duration::from_secs(2);

/// A wait for a forge's limits; shown as "waiting 40 s for GitHub's limits".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Whose limits.
    pub forge: &'static str,
    /// How long, from its beginning.
    pub wait: Duration,
    /// Until when.
    pub until: Option<Timestamp>,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.wait.as_millis().div_ceil(1_000);
        match seconds {
            0..120 => write!(f, "waiting {seconds} s")?,
            _ => write!(f, "waiting {} min", seconds.div_ceil(60))?,
        }
        write!(f, " for {}'s limits", self.forge)
    }
}

/// Shows a wait that is worth it, until the value is dropped; of several, the longest.
pub(super) fn show(to: &watch::Sender<Option<Waiting>>, waiting: Waiting) -> Option<Shown<'_>> {
    if waiting.wait < WORTH_TELLING {
        return None;
    }
    to.send_if_modified(|shown| {
        let replaces = shown.is_none_or(|shown| shown.until < waiting.until);
        if replaces {
            *shown = Some(waiting);
        }
        replaces
    });
    Some(Shown { to, waiting })
}

/// A wait that is shown.
pub(super) struct Shown<'a> {
    to: &'a watch::Sender<Option<Waiting>>,
    waiting: Waiting,
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.to.send_if_modified(|shown| {
            let is_ours = *shown == Some(self.waiting);
            if is_ours {
                *shown = None;
            }
            is_ours
        });
    }
}
