//! The forge's time: the machine's, one that goes wrong beside it, or one that a test sets.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;

/// A clock that is shared with every clone of it.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Milliseconds since 1970, where it is no longer the machine's.
    set: Option<Arc<AtomicI64>>,
    /// Milliseconds that it shows more than it should.
    ahead: i64,
}

impl Clock {
    /// The machine's.
    pub fn real() -> Self {
        Self::default()
    }

    /// One that stands still until it is moved.
    pub fn at(seconds: i64) -> Self {
        Self {
            set: Some(Arc::new(AtomicI64::new(seconds * 1000))),
            ahead: 0,
        }
    }

    /// The machine's, so many seconds ahead of it, or behind.
    pub fn wrong_by(seconds: i64) -> Self {
        Self {
            set: None,
            ahead: seconds * 1000,
        }
    }

    /// Moves it forward; the machine's stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Some(set) = &self.set {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            set.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// Milliseconds since 1970.
    pub fn millis(&self) -> i64 {
        let real = || Timestamp::now().as_millisecond();
        let set = self.set.as_ref();
        set.map_or_else(real, |set| set.load(Ordering::SeqCst)) + self.ahead
    }

    /// Seconds since 1970.
    pub fn seconds(&self) -> i64 {
        self.millis() / 1000
    }
}

/// `Sat, 31 Jan 2026 12:00:00 GMT`, as HTTP writes it.
pub(super) fn http_date(seconds: i64) -> String {
    let at = Timestamp::from_second(seconds);
    at.map_or_else(
        |_| String::new(),
        |at| at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
    )
}

/// `2026-01-31T12:00:00Z`.
pub fn rfc3339(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| String::new(), |at| at.to_string())
}
