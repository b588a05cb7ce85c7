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

/// Shows a wait that is worth it, until the value is dropped.
pub(super) fn show<'a>(
    to: &'a watch::Sender<Option<Waiting>>,
    forge: &'static str,
    wait: Duration,
    until: Option<Timestamp>,
) -> Option<Shown<'a>> {
    (wait >= WORTH_TELLING).then(|| {
        to.send_replace(Some(Waiting { forge, wait, until }));
        Shown(to)
    })
}

/// A wait that is shown.
pub(super) struct Shown<'a>(&'a watch::Sender<Option<Waiting>>);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.0.send_replace(None);
    }
}
