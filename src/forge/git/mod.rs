//! Version 2 of git's protocol over HTTP, as far as it is needed here.

mod ls_refs;
mod packet;

pub(super) use ls_refs::ls_refs;

use super::{
    error::Reason,
    exchange::{Answer, Question},
    repository::RemoteRepository,
};
use crate::seam::http::{
    Method,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT},
};
use packet::Packets;
use tokio::time::Instant;

/// The service that is asked; the other one takes pushes.
pub(super) const SERVICE: &str = "git-upload-pack";
const RESULT: &str = "application/x-git-upload-pack-result";

/// How a repository names its objects. What does not fit is refused by the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ObjectFormat {
    /// Not said, as it is what git takes for granted, and old hosts do not know the word.
    Sha1,
    Sha256,
}

impl ObjectFormat {
    /// What goes with a command.
    fn capability(self) -> Option<&'static str> {
        match self {
            Self::Sha1 => None,
            Self::Sha256 => Some("object-format=sha256"),
        }
    }
}

/// The question that posts `body`.
fn question(repository: &RemoteRepository, body: Vec<u8>, until: Instant) -> Question {
    let mut headers = HeaderMap::new();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(HeaderName::from_static("git-protocol"), "version=2");
    set(CONTENT_TYPE, "application/x-git-upload-pack-request");
    set(ACCEPT, RESULT);
    // Hosts tell git from browsers by the start of this.
    set(
        USER_AGENT,
        concat!("git/fullsend-", env!("CARGO_PKG_VERSION")),
    );
    Question {
        method: Method::POST,
        url: repository.service(SERVICE),
        headers,
        body: Some(body),
        until,
    }
}

/// The packets of an answer, at most `limit` bytes together.
fn packets(answer: Answer, limit: u64) -> Result<Packets, Reason> {
    if answer.response.header(CONTENT_TYPE) != Some(RESULT) {
        return Err(Reason::Malformed("it is not of git's own content type"));
    }
    Ok(Packets::new(answer.response, limit))
}
