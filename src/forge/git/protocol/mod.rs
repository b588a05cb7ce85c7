//! Version 2 of git's protocol over HTTP, as far as it is needed here.

mod fetch;
mod ls_refs;
mod pack;
mod packet;

pub(super) use fetch::{commit_times, reach};
pub(super) use ls_refs::{is_ref_name, ls_refs};

use aws_lc_rs::digest;
use tokio::time::Instant;

use super::{credentials::Scheme, exchange::Question, repository::RemoteRepository};
use crate::forge::Reason;
use crate::{
    model::commit::CommitId,
    seam::{
        exchange::Answer,
        http::{
            Method, Request,
            header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT},
        },
    },
};
use packet::Packets;

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
    /// How the commit itself is named.
    pub(super) fn of(commit: &CommitId) -> Self {
        match commit.as_str().len() {
            40 => Self::Sha1,
            _ => Self::Sha256,
        }
    }

    /// The length of a name.
    fn bytes(self) -> usize {
        self.algorithm().output_len()
    }

    /// The name of a commit of that content.
    fn name_of_commit(self, content: &[u8]) -> Option<CommitId> {
        let mut context = digest::Context::new(self.algorithm());
        context.update(format!("commit {}\0", content.len()).as_bytes());
        context.update(content);
        hex::encode(context.finish()).parse().ok()
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
        }
    }

    /// What goes with a command.
    fn capability(self) -> Option<&'static str> {
        match self {
            Self::Sha1 => None,
            Self::Sha256 => Some("object-format=sha256"),
        }
    }
}

/// For the fuzz target.
#[cfg(fuzzing)]
pub(super) mod fuzzing {
    use bytes::BytesMut;

    use super::{ObjectFormat, pack::PackReader, packet::Packet};

    pub(in crate::forge::git) fn lines_of(bytes: &[u8]) -> usize {
        let mut buffer = BytesMut::from(bytes);
        let lines = std::iter::from_fn(|| Packet::take(&mut buffer).ok().flatten());
        lines.count()
    }

    pub(in crate::forge::git) fn commits_of_pack(bytes: &[u8], step: usize) -> Option<usize> {
        let mut reader = PackReader::new(ObjectFormat::Sha1);
        for piece in bytes.chunks(step.max(1)) {
            reader.feed(piece);
            reader.read().ok()?;
        }
        Some(reader.commits().len())
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
        request: Request {
            method: Method::POST,
            url: repository.service(SERVICE),
            headers,
            body: Some(body),
        },
        scheme: Scheme::Basic,
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
