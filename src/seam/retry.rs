//! When to try a failed request again, and how long to wait before.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use tokio::time::{Instant, sleep, timeout_at};

use super::http::HttpError;

/// A first wait after which most overloads and restarts are over.
pub const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Waits that double past this stay at it.
const LONGEST_WAIT: Duration = Duration::from_secs(4);
/// Tries of one request. With the waits between, a server that keeps failing costs 4 to 8 s.
const TRIES: u32 = 6;
/// Tries where nothing listens or the name does not resolve: likely a typing error.
const CONNECT_TRIES: u32 = 3;
/// A `Retry-After` above this is reported rather than waited for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(30);

/// A failure that knows whether another try may help.
pub trait Failure: fmt::Display {
    /// What another try takes; `None` where it would change nothing.
    fn again(&self) -> Option<Again>;
    /// The failure of tries that `waited` in vain.
    fn too_late(waited: Duration) -> Self;
}

/// What another try takes.
#[derive(Clone, Copy, Debug)]
pub struct Again {
    /// The most tries in all.
    tries: u32,
    /// The wait that the server asked for.
    asked: Option<Duration>,
}

impl Again {
    /// After a status: what is overloaded or starts may answer yet.
    pub fn after_status(status: u16, asked: Option<Duration>) -> Option<Self> {
        matches!(status, 429 | 500 | 502 | 503 | 504).then_some(Self {
            tries: TRIES,
            asked,
        })
    }

    /// After a request that got no usable answer.
    pub fn after_error(error: &HttpError) -> Option<Self> {
        let tries = match error {
            HttpError::Broken(_) => TRIES,
            HttpError::Dns(_) | HttpError::Connect(_) => CONNECT_TRIES,
            _ => return None,
        };
        Some(Self { tries, asked: None })
    }

    /// How long to wait after so many tries, of which the second came after `first`; `None` where
    /// it is no longer worth it.
    pub fn wait(self, tries: u32, first: Duration) -> Option<Duration> {
        let wait = self.asked.unwrap_or_else(|| backoff(first, tries));
        (tries < self.tries && wait <= LONGEST_RETRY_AFTER).then_some(wait)
    }
}

/// Tries until it works, the failure is final, or the time is up; waits `first` before the second
/// try unless the server asks for a wait.
pub async fn until<T, E: Failure, F: Future<Output = Result<T, E>>>(
    end: Instant,
    first: Duration,
    attempt: impl Fn() -> F,
) -> Result<T, E> {
    let started = Instant::now();
    let work = async {
        for tries in 1.. {
            let failure = match attempt().await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            match failure.again().and_then(|again| again.wait(tries, first)) {
                Some(wait) if Instant::now() + wait < end => {
                    tracing::debug!(%failure, ?wait, "a request is tried again");
                    sleep(wait).await;
                }
                _ => return Err(failure),
            }
        }
        Err(E::too_late(started.elapsed()))
    };
    let outcome = timeout_at(end, work).await;
    outcome.unwrap_or_else(|_| Err(E::too_late(started.elapsed())))
}

/// The wait before try number `tries + 1`: `first`, doubled with each try after it, and between
/// half and all of that by chance, so that the jobs of one workflow do not come back all at once.
fn backoff(first: Duration, tries: u32) -> Duration {
    let doubled = first.saturating_mul(1 << tries.saturating_sub(1).min(16));
    let whole = doubled.min(LONGEST_WAIT);
    whole.mul_f64(0.5 + chance() / 2.0)
}

/// A number between 0 and 1 by chance, for those who should not all do the same at once.
pub fn chance() -> f64 {
    // The standard library seeds each hasher at random: enough for this purpose.
    let bits = RandomState::new().hash_one(0) >> 44;
    f64::from(u32::try_from(bits).unwrap_or(0)) / f64::from(1 << 20)
}

/// The wait that a `Retry-After` header asks for: seconds, or a date to compare with `now`.
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let date = DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound() {
        for (tries, longest) in [(1, 250), (2, 500), (3, 1000), (40, 4000)] {
            let wait = backoff(FIRST_WAIT, tries).as_millis();
            assert!((longest / 2..=longest).contains(&wait), "{tries}: {wait}");
        }
    }

    #[test]
    fn reads_seconds_and_dates() {
        let now: Timestamp = "2015-10-21T07:27:30Z".parse().unwrap();
        for (value, seconds) in [
            ("120", Some(120)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", Some(30)),
            ("Wed, 21 Oct 2015 07:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(
                retry_after(value, now),
                seconds.map(Duration::from_secs),
                "{value:?}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_wait_or_none(value in "[A-Za-z0-9:, +-]{0,40}") {
            let _ = retry_after(&value, Timestamp::UNIX_EPOCH);
        }
    }
}
