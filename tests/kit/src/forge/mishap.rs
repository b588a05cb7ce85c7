//! What can go wrong with one request, and with which.

use std::fmt;

use hyper::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderName},
};

use super::{journal::Call, store::Store};
use crate::web::Plain;

/// What goes wrong, built up by its methods: `Mishap::status(502).after()`.
#[derive(Clone, Debug)]
pub struct Mishap {
    pub(super) end: End,
    /// What was asked for is done first.
    pub(super) done: bool,
}

/// How a request ends.
#[derive(Clone, Debug)]
pub(super) enum End {
    Answer(Plain),
    Hang,
    Cut,
}

impl Mishap {
    /// An answer of this status, with a message as a proxy writes it.
    pub fn status(status: u16) -> Self {
        let plain = Plain {
            status: StatusCode::from_u16(status).unwrap_or_default(),
            ..Plain::json(format!(r#"{{"message":"Server Error ({status})"}}"#))
        };
        Self::of(End::Answer(plain))
    }

    /// Status 200 with this JSON, whatever was asked for.
    pub fn json(body: &str) -> Self {
        Self::of(End::Answer(Plain::json(body.to_owned())))
    }

    /// Status 200 with no data, and one error of this kind.
    pub fn errors(kind: &str, message: &str) -> Self {
        let error = serde_json::json!({ "type": kind, "message": message });
        Self::json(&serde_json::json!({ "data": null, "errors": [error] }).to_string())
    }

    /// No answer, ever.
    pub fn hang() -> Self {
        Self::of(End::Hang)
    }

    /// The connection closed instead of an answer.
    pub fn cut() -> Self {
        Self::of(End::Cut)
    }

    /// Does what was asked for before it goes wrong.
    #[must_use]
    pub fn after(mut self) -> Self {
        self.done = true;
        self
    }

    /// Adds a header to the answer.
    ///
    /// # Panics
    /// If that is no name of a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = crate::must(HeaderName::try_from(name), "name a header");
        if let End::Answer(plain) = &mut self.end {
            plain.headers.push((name, value.to_owned()));
        }
        self
    }

    /// Replaces the answer's JSON.
    #[must_use]
    pub fn body(mut self, json: &str) -> Self {
        if let End::Answer(plain) = &mut self.end {
            plain.body = json.to_owned().into();
        }
        self
    }

    /// A body that is no JSON, as from a proxy.
    #[must_use]
    pub fn html(mut self) -> Self {
        if let End::Answer(plain) = &mut self.end {
            plain.body = "<html><body>Unicorn!</body></html>".into();
            plain.headers.retain(|(name, _)| name != CONTENT_TYPE);
            plain.headers.push((CONTENT_TYPE, "text/html".to_owned()));
        }
        self
    }

    fn of(end: End) -> Self {
        Self { end, done: false }
    }
}

/// Which requests something happens to. Counts begin at 1, when the plan is made.
pub enum When {
    /// The request of that number.
    Request(u64),
    /// The request of that number among those that change something.
    Write(u64),
    /// Those that are so.
    Where(Box<dyn Fn(&Call) -> bool + Send>),
}

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(number) => write!(f, "Request({number})"),
            Self::Write(number) => write!(f, "Write({number})"),
            Self::Where(_) => f.write_str("Where(..)"),
        }
    }
}

/// Something that happens to requests.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) when: When,
    pub(super) what: What,
    pub(super) times: u32,
    requests: u64,
    writes: u64,
}

/// What happens.
pub(super) enum What {
    Mishap(Mishap),
    /// Somebody else acts, right before the request is done.
    Act(Box<dyn FnMut(&mut Store) + Send>),
    /// The forge does not answer any more, and says so to the test.
    Stop {
        done: bool,
    },
}

impl fmt::Debug for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mishap(_) => "Mishap",
            Self::Act(_) => "Act",
            Self::Stop { .. } => "Stop",
        })
    }
}

impl Plan {
    pub(super) fn new(when: When, what: What, times: u32) -> Self {
        Self {
            when,
            what,
            times,
            requests: 0,
            writes: 0,
        }
    }

    /// Counts a request; whether this happens to it.
    pub(super) fn meets(&mut self, call: &Call) -> bool {
        self.requests += 1;
        self.writes += u64::from(call.nature.writes > 0);
        let meets = match &self.when {
            When::Request(number) => self.requests >= *number,
            When::Write(number) => call.nature.writes > 0 && self.writes >= *number,
            When::Where(so) => so(call),
        };
        let meets = meets && self.times > 0;
        self.times -= u32::from(meets);
        meets
    }
}
