//! What can go wrong between us and a registry.

use std::{fmt, path::Path, time::Duration};

use crate::{
    document::json,
    model::{digest::Digest, text},
    seam::{files::FileError, http::HttpError, process::ProcessError},
};

/// A failed request: which registry or layout, what was asked of it, and why it failed.
#[derive(Debug, thiserror::Error)]
#[error("could not {} {host}: {reason}", .wish.of(.asked))]
pub struct RegistryError {
    host: String,
    asked: String,
    /// Boxed, as results that rarely fail should be small.
    reason: Box<Reason>,
    wish: Wish,
}

/// What was wanted, as other advice holds for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// To read from a registry.
    Get,
    /// To read from a folder.
    GetFromLayout,
    /// To write to a registry.
    Push,
}

impl Wish {
    fn of(self, asked: &str) -> String {
        match self {
            Self::Get | Self::GetFromLayout => format!("get {asked} from"),
            Self::Push => format!("push {asked} to"),
        }
    }
}

impl RegistryError {
    pub(super) fn new(host: &str, asked: impl fmt::Display, reason: Reason) -> Self {
        Self {
            host: host.to_owned(),
            asked: asked.to_string(),
            reason: Box::new(reason),
            wish: Wish::Get,
        }
    }

    /// The same about something that was to be written.
    pub(super) fn in_push(host: &str, asked: impl fmt::Display, reason: Reason) -> Self {
        Self {
            wish: Wish::Push,
            ..Self::new(host, asked, reason)
        }
    }

    /// The same about the image layout in the folder `path`.
    pub(super) fn in_layout(path: &Path, asked: impl fmt::Display, reason: Reason) -> Self {
        Self {
            host: format!("oci:{}", path.display()),
            asked: asked.to_string(),
            reason: Box::new(reason),
            wish: Wish::GetFromLayout,
        }
    }

    /// The registry, or `oci:` and the layout's folder, as the user names it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Why it failed; a token service's reason counts as the registry's.
    pub fn reason(&self) -> &Reason {
        match &*self.reason {
            Reason::Token { reason, .. } => reason,
            reason => reason,
        }
    }

    /// Whether the registry itself says that there is no such thing: with an error of the
    /// distribution specification, or at least with its header.
    ///
    /// False for any other 404, which a proxy or a storage may give for reasons of its own.
    pub fn is_missing(&self) -> bool {
        matches!(self.reason(), Reason::NotFound)
    }

    /// The whole sentence, with what the user can do about it where that is known.
    pub fn with_hint(&self) -> String {
        text::with_hint(self, self.hint())
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        let host = &self.host;
        if self.wish == Wish::GetFromLayout {
            return self.layout_hint();
        }
        let (read, access) = match self.wish {
            Wish::Push => ("write to", "write"),
            _ => ("read", "read"),
        };
        let login = match host.as_str() {
            "docker.io" => "docker login".to_owned(),
            host => format!("docker login {host}"),
        };
        match self.reason() {
            Reason::Unauthorized(_) | Reason::Forbidden(_) => Some(format!(
                "run `{login}` with an account that may {read} it; on CI, give the job's token {access} access to packages"
            )),
            Reason::RateLimited(_) => Some(format!(
                "try again later; registries allow more to those who ran `{login}`"
            )),
            Reason::Transport(HttpError::Connect(_)) => Some(format!(
                "check that a registry answers at {host}, and HTTPS_PROXY where a proxy is needed"
            )),
            Reason::Transport(HttpError::Tls(_)) => Some(format!(
                "if {host} speaks plain HTTP, say so with `--insecure-registry {host}`"
            )),
            Reason::Transport(HttpError::Offline(_)) => {
                Some("leave out `--offline` to allow the connection".to_owned())
            }
            Reason::Transport(HttpError::Dns(_) | HttpError::Timeout) | Reason::Deadline(_) => {
                Some(format!(
                    "check the name {host}, the network, and HTTPS_PROXY and NO_PROXY where a proxy is needed"
                ))
            }
            Reason::Credential(CredentialError::Helper(_) | CredentialError::HelperFailed(_)) => {
                Some(
                    "docker's configuration names the helper in `credsStore` or `credHelpers`"
                        .to_owned(),
                )
            }
            Reason::Server(_) | Reason::Transport(HttpError::Broken(_)) => {
                Some(format!("try again later; {host} fails on its side"))
            }
            Reason::Malformed(_) => Some(format!("check that {host} is a registry")),
            Reason::BareNotFound => Some(format!(
                "check that {host} is a registry, and that it has the repository"
            )),
            Reason::NotFound => Some("check the repository and the tag or digest".to_owned()),
            _ => None,
        }
    }

    fn layout_hint(&self) -> Option<String> {
        let host = &self.host;
        match &*self.reason {
            Reason::Ambiguous(_) => Some(format!(
                "name one of them: `{host}:NAME` or `{host}@sha256:…`"
            )),
            Reason::NotFound | Reason::NoSuchImage(_) => {
                Some("check the name or digest, and that the copy is complete".to_owned())
            }
            Reason::File(_) | Reason::Malformed(_) => Some(
                "an OCI image layout is a folder with `oci-layout`, `index.json` and `blobs/sha256`, without symbolic links"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// Why a request failed. Its text never holds a token, nor anything else that was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The registry knows no such manifest or blob, and says so as registries do.
    #[error("it does not exist there")]
    NotFound,
    /// It answered 404 with nothing that only a registry would say.
    #[error("it answered 404, though not in a registry's words")]
    BareNotFound,
    /// Nothing in the layout has that name.
    #[error("there is no image of that name, but {0}")]
    NoSuchImage(String),
    /// More than one image in the layout is meant.
    #[error("there is more than one: {0}")]
    Ambiguous(String),
    /// A file of the layout cannot be read.
    #[error("{}", with_cause(.0))]
    File(#[from] FileError),
    /// It wants a credential, or another one.
    #[error("access is denied: it {0}")]
    Unauthorized(Refusal),
    /// The credential does not reach this far.
    #[error("access is denied: it {0}")]
    Forbidden(Refusal),
    /// Too many requests, also after waiting.
    #[error("it allows no more requests for now: it {0}")]
    RateLimited(Refusal),
    /// It failed on its side, also when tried again.
    #[error("it {0}")]
    Server(Refusal),
    /// A status that means nothing for this request.
    #[error("it {0}, which makes no sense here")]
    Unexpected(Refusal),
    /// No connection, or it broke off.
    #[error("{0}")]
    Transport(#[from] HttpError),
    /// It dripped, hung or failed until the time was up.
    #[error("it took longer than {:.1} s", .0.as_secs_f32())]
    Deadline(Duration),
    /// What came hashes to something else.
    #[error("what came has the digest {received}, not {expected}")]
    DigestMismatch {
        /// What was asked for.
        expected: Digest,
        /// What the bytes hash to.
        received: Digest,
    },
    /// More or fewer bytes than the descriptor says.
    #[error("what came has {received} bytes, not {expected}")]
    SizeMismatch {
        /// What the descriptor says.
        expected: u64,
        /// What was announced, or came before the download was given up.
        received: u64,
    },
    /// More than we take.
    #[error("there is more than {limit} {unit} of it")]
    TooLarge {
        /// The most that is taken.
        limit: u64,
        /// Of what.
        unit: &'static str,
    },
    /// Something else than the distribution protocol, or an ambiguous document.
    #[error("the answer is malformed: {0}")]
    Malformed(String),
    /// A manifest of a kind that is not used here.
    #[error("`{0}` is not a kind of manifest that is supported")]
    Unsupported(String),
    /// A redirect that is not followed.
    #[error("it redirects {0}")]
    Redirect(&'static str),
    /// The credential for the registry could not be found out, or may not be used.
    #[error("{0}")]
    Credential(#[from] CredentialError),
    /// The registry's token service failed.
    #[error("its token service {service} gave no token: {reason}")]
    Token {
        /// The token service's host.
        service: String,
        /// Why.
        reason: Box<Self>,
    },
}

/// The error with the operating system's reason, which it keeps as its source.
fn with_cause(error: &FileError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// A credential that is there but cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// docker's configuration cannot be read.
    #[error("the credentials could not be read: {0}")]
    File(#[from] FileError),
    /// docker's configuration, or an entry of it, is malformed.
    #[error("{place} is malformed: {what}")]
    Malformed {
        /// Which file or helper.
        place: String,
        /// What is wrong, without the value.
        what: &'static str,
    },
    /// A credential helper did not run to its end.
    #[error("{0}")]
    Helper(#[from] ProcessError),
    /// A credential helper ran and failed.
    #[error("the credential helper `{0}` failed")]
    HelperFailed(String),
    /// The registry's token service is on a host that the credential is not meant for.
    #[error("the credential from {origin} is not sent to the token service on {service}")]
    ForeignTokenService {
        /// Where the credential comes from.
        origin: String,
        /// The token service.
        service: String,
    },
    /// The registry's token service would get the credential unencrypted.
    #[error("the token service on {0} is neither encrypted nor the registry's own host")]
    PlainTokenService(String),
}

/// An HTTP status that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status code.
    pub status: u16,
    /// The code in the error's body, such as `DENIED`, where there is one.
    pub code: Option<String>,
    /// How long it asked us to wait.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered {}", self.status)?;
        self.code
            .iter()
            .try_for_each(|code| write!(f, " ({code})"))?;
        match self.retry_after {
            Some(wait) => write!(f, " and asked to wait {} s", wait.as_secs()),
            None => Ok(()),
        }
    }
}

impl From<json::StrictError> for Reason {
    fn from(error: json::StrictError) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// Refuses bytes that hash to something else than was asked for.
pub(super) fn expect_digest(expected: &Digest, received: &Digest) -> Result<(), Reason> {
    if expected == received {
        return Ok(());
    }
    Err(Reason::DigestMismatch {
        expected: expected.clone(),
        received: received.clone(),
    })
}
