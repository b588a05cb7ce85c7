//! What can go wrong between us and a git host.

use std::{fmt, time::Duration};

use jiff::Timestamp;

use crate::{model::text, seam::http::HttpError};

/// A failed question: which host, what was asked of it, and why it failed.
#[derive(Debug, thiserror::Error)]
#[error("could not {doing}: {reason}")]
pub struct ForgeError {
    host: String,
    /// With the host: "get the tags of acme/api from github.com".
    doing: String,
    /// Boxed, as results that rarely fail should be small.
    reason: Box<Reason>,
}

impl ForgeError {
    /// A question for `asked` that failed.
    pub(super) fn new(host: String, asked: impl fmt::Display, reason: Reason) -> Self {
        Self {
            doing: format!("get {asked} from {host}"),
            host,
            reason: Box::new(reason),
        }
    }

    /// Something that was to be done and failed: `what` begins with a verb and names the place,
    /// "open the request of acme/api".
    pub(crate) fn doing(host: &str, what: impl fmt::Display, reason: Reason) -> Self {
        Self {
            doing: format!("{what} on {host}"),
            host: host.to_owned(),
            reason: Box::new(reason),
        }
    }

    /// Whether it may have been done all the same: the repository has to be looked at before
    /// anything is tried again.
    pub fn is_unsure(&self) -> bool {
        matches!(*self.reason, Reason::Unsure(_))
    }

    /// The host, with its port where that is not the scheme's own.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Why it failed.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// The whole sentence, with what the user can do about it where that is known.
    pub fn with_hint(&self) -> String {
        text::with_hint(self, self.hint())
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        let host = &self.host;
        match &*self.reason {
            Reason::NotFound(_) => Some("check the repository's name".to_owned()),
            Reason::Unauthorized(refusal) if refusal.with_token && refusal.status == 401 => Some(
                "the token is not, or no longer, accepted: set another one in GITHUB_TOKEN or \
                 GITLAB_TOKEN, and run the same command again; it goes on from what is there"
                    .to_owned(),
            ),
            Reason::Unauthorized(_) => Some(
                "check the repository's name; a private one needs a token that may read it, in \
                 GITHUB_TOKEN, GITLAB_TOKEN or CI_JOB_TOKEN"
                    .to_owned(),
            ),
            Reason::RateLimited { until: Some(_) } => Some(
                "run the same command again then: it goes on from what is there; hosts allow more \
                 to those who show a token"
                    .to_owned(),
            ),
            Reason::RateLimited { until: None } => {
                Some("try again later; hosts allow more to those who show a token".to_owned())
            }
            Reason::Unreachable(HttpError::Tls(_)) => Some(format!(
                "check that {host} has a trusted certificate; SSL_CERT_FILE names more roots"
            )),
            Reason::Unreachable(HttpError::Broken(_)) | Reason::Server(_) => {
                Some(format!("try again later; {host} fails on its side"))
            }
            Reason::Unreachable(_) | Reason::Deadline(_) => Some(format!(
                "check the name {host}, the network, and HTTPS_PROXY and NO_PROXY where a proxy is \
                 needed"
            )),
            Reason::Malformed(_) => Some(format!("check that {host} is a git host")),
            Reason::Plain => Some(format!(
                "write its address with `https://`; if {host} speaks plain HTTP, say so with \
                 `--insecure-registry {host}`"
            )),
            Reason::Stopped => {
                Some("run the same command again: it goes on from what is there".to_owned())
            }
            Reason::NoToken => Some(
                "set GITHUB_TOKEN, GH_TOKEN or GITLAB_TOKEN; a forge that is neither github.com \
                 nor gitlab.com must be named by `--forge-url`, GITHUB_API_URL or CI_API_V4_URL"
                    .to_owned(),
            ),
            Reason::NeedsApp => Some(
                "speak for an app: set FULLSEND_APP_ID and FULLSEND_APP_PRIVATE_KEY".to_owned(),
            ),
            Reason::Offline => Some("leave out `--offline` to allow the connection".to_owned()),
            _ => None,
        }
    }
}

/// Why a question failed. Its text never holds a token, nor anything else that was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// There is no such repository, or none that the token may see.
    #[error("it does not exist there: it {0}")]
    NotFound(Refusal),
    /// It wants a credential, or another one. GitHub and GitLab also say this of a repository
    /// that does not exist.
    #[error("it does not exist, or access is denied: it {0}")]
    Unauthorized(Refusal),
    /// Too many requests, also after waiting.
    #[error("it allows no more requests for now{}", from(.until.as_ref()))]
    RateLimited {
        /// When it will allow more, where it tells.
        until: Option<Timestamp>,
    },
    /// It failed on its side, also when tried again.
    #[error("it {0}")]
    Server(Refusal),
    /// A status that means nothing for this request.
    #[error("it {0}, which makes no sense here")]
    Unexpected(Refusal),
    /// No connection, or it broke off.
    #[error("{0}")]
    Unreachable(HttpError),
    /// The connection would not be encrypted.
    #[error("its address is not encrypted")]
    Plain,
    /// Offline mode, and the host is not one that the user named.
    #[error("no connection is opened while offline")]
    Offline,
    /// It dripped, hung or failed until the time was up.
    #[error("it took longer than {:.1} s", .0.as_secs_f32())]
    Deadline(Duration),
    /// More than we take.
    #[error("there is more than {limit} {unit} of it")]
    TooLarge {
        /// The most that is taken.
        limit: u64,
        /// Of what.
        unit: &'static str,
    },
    /// The branch is not, or no longer, at the commit that was built upon.
    #[error("the branch has moved")]
    Moved,
    /// What was to be made is there already.
    #[error("it is there already")]
    Exists,
    /// A rule of the repository forbids it, in the forge's words.
    #[error("a rule of the repository forbids it: {0}")]
    Rules(String),
    /// Something else is wrong with what was asked, in the forge's words.
    #[error("it says no: {0}")]
    Invalid(String),
    /// The token may not do it: what it lacks, as the forge names it.
    #[error("the token lacks {0}")]
    Lacks(String),
    /// There is no such repository, or it is empty.
    #[error("there is no such repository, or it is empty")]
    Absent,
    /// Commits must be signed there, and the forge signs none that is made in this way.
    #[error("commits must be signed there, and only an app's would be")]
    NeedsApp,
    /// A setting that cannot be used: which, and what is wrong with it.
    #[error("{0}")]
    Setting(String),
    /// There is no token for it.
    #[error("there is no token for it")]
    NoToken,
    /// We were asked to end while it waited for its turn.
    #[error("it was stopped before it was sent")]
    Stopped,
    /// A write that was sent, and whose answer tells nothing.
    #[error("it may or may not be done: {0}")]
    Unsure(Box<Self>),
    /// It accepted the question and answered with nothing, as git does where it cannot go on.
    #[error("it broke off without an answer")]
    Silent,
    /// It speaks git, and says no.
    #[error("it says: {0}")]
    Said(String),
    /// Something else than git's protocol.
    #[error("the answer is malformed: {0}")]
    Malformed(&'static str),
    /// A redirect that is not followed.
    #[error("it redirects {0}")]
    Redirect(&'static str),
}

fn from(until: Option<&Timestamp>) -> String {
    until.map_or_else(String::new, |until| format!(", but from {until} on"))
}

impl From<HttpError> for Reason {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Offline(_) => Self::Offline,
            HttpError::TooLarge { limit } => Self::TooLarge {
                limit,
                unit: "bytes",
            },
            error => Self::Unreachable(error),
        }
    }
}

/// An HTTP status that says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status code.
    pub status: u16,
    /// How long it asked us to wait.
    pub retry_after: Option<Duration>,
    /// Whether a token was shown.
    pub with_token: bool,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered {}", self.status)?;
        if self.with_token && matches!(self.status, 401 | 403 | 404) {
            f.write_str(" to our token")?;
        }
        match self.retry_after {
            Some(wait) => write!(f, " and asked to wait {} s", wait.as_secs()),
            None => Ok(()),
        }
    }
}
