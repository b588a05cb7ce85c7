//! Ways to misbehave.

use std::time::Duration;

use bytes::Bytes;

/// A misbehaviour, built up by its methods: `Fault::status(429).retry_after(1).times(2)`.
#[derive(Clone, Debug, Default)]
pub struct Fault {
    pub(super) delay: Duration,
    pub(super) manner: Manner,
    pub(super) status: Option<u16>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
    pub(super) times: Option<u32>,
    pub(super) skip: u32,
}

/// Whether there is an answer at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Manner {
    #[default]
    Answer,
    Hang,
    Disconnect,
}

/// What the body is.
#[derive(Clone, Debug, Default)]
pub(super) enum Body {
    /// As it would be without the fault.
    #[default]
    Normal,
    Bytes(Bytes),
    /// The normal one, of which half is missing though its length is announced whole.
    Truncated,
    /// The normal one with its last byte changed.
    Corrupt,
    /// Zeros without an end, of unannounced length.
    Endless,
    /// The normal one, byte by byte, with a pause after each.
    Drip(Duration),
}

impl Fault {
    /// Answers as usual, but for what is added.
    pub fn normal() -> Self {
        Self::default()
    }

    /// Answers with `status` and an empty body.
    pub fn status(status: u16) -> Self {
        Self {
            status: Some(status),
            body: Body::Bytes(Bytes::new()),
            ..Self::default()
        }
    }

    /// Answers 307 to `location`.
    pub fn redirect(location: &str) -> Self {
        Self::status(307).header("Location", location)
    }

    /// Takes the request and never answers.
    pub fn hang() -> Self {
        Self::manner(Manner::Hang)
    }

    /// Closes the connection instead of answering.
    pub fn disconnect() -> Self {
        Self::manner(Manner::Disconnect)
    }

    /// Announces the whole body, sends half of it and closes the connection.
    pub fn truncate() -> Self {
        Self::body_fault(Body::Truncated)
    }

    /// Changes the body's last byte.
    pub fn corrupt() -> Self {
        Self::body_fault(Body::Corrupt)
    }

    /// Sends a body that never ends.
    pub fn endless() -> Self {
        Self::body_fault(Body::Endless)
    }

    /// Sends the body byte by byte with a pause after each.
    pub fn drip(pause: Duration) -> Self {
        Self::body_fault(Body::Drip(pause))
    }

    /// Waits before it does anything.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Adds a header, or replaces the usual one.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds `Retry-After` in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        self.header("Retry-After", &seconds.to_string())
    }

    /// Sends this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Body::Bytes(body.into());
        self
    }

    /// Ends after this many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Begins after this many requests.
    #[must_use]
    pub fn after(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    fn manner(manner: Manner) -> Self {
        Self {
            manner,
            ..Self::default()
        }
    }

    fn body_fault(body: Body) -> Self {
        Self {
            body,
            ..Self::default()
        }
    }

    /// Counts a request; whether it meets this fault.
    fn strikes(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        match &mut self.times {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        }
    }
}

/// The fault that a request for `path` meets.
pub(super) fn strike(faults: &mut [(String, Fault)], path: &str) -> Option<Fault> {
    faults
        .iter_mut()
        .rev()
        .filter(|(pattern, _)| matches(pattern, path))
        .find_map(|(_, fault)| fault.strikes().then(|| fault.clone()))
}

/// Whether `text` matches `pattern`, in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len())
                .filter(|&at| rest.is_char_boundary(at))
                .any(|at| matches(tail, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text() {
        assert!(matches("/v2/a/manifests/*", "/v2/a/manifests/1"));
        assert!(matches("*", ""));
        assert!(matches("*/blobs/*", "/v2/a/b/blobs/sha256:1"));
        assert!(!matches("/v2/a/*", "/v2/b/x"));
        assert!(!matches("/v2/a", "/v2/ab"));
    }

    #[test]
    fn a_fault_counts() {
        let mut faults = vec![("*".to_owned(), Fault::status(500).after(1).times(2))];
        let struck: Vec<bool> = (0..4).map(|_| strike(&mut faults, "/").is_some()).collect();
        assert_eq!(struck, [false, true, true, false]);
    }
}
