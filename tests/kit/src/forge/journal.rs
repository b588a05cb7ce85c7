//! The log of requests.

use super::limits::Nature;

/// One request, as it came in and was answered.
#[derive(Clone, Debug)]
pub struct Call {
    /// Counted from 1.
    pub number: u64,
    /// Milliseconds since 1970, by the store's clock.
    pub at: i64,
    /// `GET`, …
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// What follows `?`.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The SHA-256 of its body in hex.
    pub body_hash: String,
    /// The body, as text.
    pub body: String,
    /// What it does and costs.
    pub nature: Nature,
    /// What was answered; nothing where the client got no answer.
    pub status: Option<u16>,
}

impl Call {
    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// `POST /graphql createRef createCommitOnBranch`, for assertions.
    pub fn line(&self) -> String {
        let operations = self.nature.operations.join(" ");
        format!("{} {} {operations}", self.method, self.path)
    }
}

/// How many requests there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub requests: u64,
    /// Those that changed something.
    pub writing: u64,
    /// The changes.
    pub writes: u64,
    /// The contents made.
    pub creations: u64,
    /// Those that a limit refused.
    pub limited: u64,
}

/// The log.
#[derive(Debug, Default)]
pub(super) struct Journal {
    pub(super) calls: Vec<Call>,
    pub(super) limited: u64,
    last: u64,
}

impl Journal {
    /// The number of the next request.
    pub(super) fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Notes what was answered, unless the request was forgotten meanwhile.
    pub(super) fn answered(&mut self, number: u64, status: u16) {
        let calls = self.calls.iter_mut().rev();
        if let Some(call) = calls.into_iter().find(|call| call.number == number) {
            call.status = Some(status);
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let sum =
            |of: fn(&Nature) -> u32| self.calls.iter().map(|it| u64::from(of(&it.nature))).sum();
        Counts {
            requests: self.calls.len() as u64,
            writing: sum(|it| u32::from(it.writes > 0)),
            writes: sum(|it| it.writes),
            creations: sum(|it| it.creations),
            limited: self.limited,
        }
    }
}
