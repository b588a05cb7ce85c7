//! What can go wrong between this program and a container runtime.

use std::{io, path::PathBuf, time::Duration};

use crate::model::{image::ImageReference, text::shortened};

/// A runtime that could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// Nothing listens at the runtime's address.
    #[error("no container runtime answers at {endpoint}")]
    Unreachable {
        /// The address that was tried.
        endpoint: String,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The socket is there, and this user may not use it.
    #[error("this user may not use the container runtime at {endpoint}")]
    Permission {
        /// The address that was tried.
        endpoint: String,
    },
    /// `DOCKER_HOST` or a docker context names something that cannot be used.
    #[error("{origin} names `{value}`, which cannot be used: {reason}")]
    Address {
        /// Where the address comes from: a variable's or context's name.
        origin: String,
        /// The address as written.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The runtime speaks only an old version of the API.
    #[error("{name} {version} speaks API {api_version}, and at least {minimum} is needed", minimum = super::facts::MINIMUM_API)]
    TooOld {
        /// `docker` or `podman`.
        name: &'static str,
        /// The runtime's own version.
        version: String,
        /// The newest API version that it speaks.
        api_version: String,
    },
    /// The runtime that was asked for is not the one that answers.
    #[error("{wanted} was asked for, and {found} answers at {endpoint}")]
    WrongRuntime {
        /// The name that was asked for.
        wanted: &'static str,
        /// The name of the one that answers.
        found: &'static str,
        /// Its address.
        endpoint: String,
    },
    /// The connection ended before the answer was complete.
    #[error("the container runtime went away while fullsend wanted to {doing}")]
    Lost {
        /// The step that failed.
        doing: &'static str,
        /// What the connection reported, where it reported anything.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The runtime did not answer in time.
    #[error("the container runtime did not {doing} within {} s", after.as_secs())]
    Timeout {
        /// The step that failed.
        doing: &'static str,
        /// How long it was waited for.
        after: Duration,
    },
    /// The runtime has no such image.
    #[error("the container runtime does not have {image}")]
    ImageMissing {
        /// The image's name and digest.
        image: String,
    },
    /// The image could not be pulled.
    #[error("could not pull {image}: {message}")]
    Pull {
        /// What was asked for.
        image: ImageReference,
        /// The runtime's reason.
        message: String,
    },
    /// The runtime holds something else than what was verified.
    #[error("the container runtime offers {found} where {wanted} was verified")]
    WrongImage {
        /// The identifier that was verified.
        wanted: String,
        /// The identifier that the runtime named.
        found: String,
    },
    /// The container could not be created.
    #[error("could not create the container: {message}")]
    Create {
        /// The runtime's reason.
        message: String,
    },
    /// The container could not be started.
    #[error("could not start the container: {message}")]
    Start {
        /// The runtime's reason.
        message: String,
    },
    /// The container would hold the means to control its own runtime.
    #[error("{} may not be mounted: it would give the agent {control}", source_path.display())]
    Refused {
        /// The path that was to be mounted.
        source_path: PathBuf,
        /// What lies at or under it.
        control: String,
    },
    /// The runtime refused a request.
    #[error("the container runtime refused to {doing} ({status}): {message}")]
    Answered {
        /// The step that failed.
        doing: &'static str,
        /// The HTTP status.
        status: u16,
        /// The runtime's reason.
        message: String,
    },
    /// The runtime answered with something that is not its API.
    #[error("the container runtime gave an answer that makes no sense when asked to {doing}")]
    Garbled {
        /// The step that failed.
        doing: &'static str,
        /// What was wrong with the answer.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl RuntimeError {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unreachable { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "install Docker or Podman, start it (`systemctl start docker`), or name its socket \
                 in DOCKER_HOST"
            }
            Self::Unreachable { .. } => {
                "start the runtime (`systemctl start docker`), or name another in DOCKER_HOST"
            }
            Self::Permission { .. } => {
                "run `sudo usermod -aG docker $USER` and log in again (membership equals root on \
                 this machine), or set up rootless Docker with `dockerd-rootless-setuptool.sh install`"
            }
            Self::Address { .. } => {
                "unix:///path/to/socket and tcp://host:port are understood; for ssh, forward the \
                 socket: `ssh -NL /tmp/docker.sock:/var/run/docker.sock HOST` and \
                 DOCKER_HOST=unix:///tmp/docker.sock"
            }
            Self::TooOld { .. } => "upgrade to Docker 20.10 or Podman 4.0, or newer",
            Self::WrongRuntime { .. } => {
                "unset DOCKER_HOST and DOCKER_CONTEXT, or use --runtime auto"
            }
            Self::Lost { .. } => {
                "see the runtime's log (`journalctl -u docker`); `fullsend exec --reap` removes \
                 containers that were left behind"
            }
            Self::Timeout { .. } => "the runtime may be overloaded: see `journalctl -u docker`",
            Self::Refused { .. } => {
                "whoever controls the runtime is root on its machine; mount the folder that the \
                 agent needs, and nothing that leads to a runtime's socket"
            }
            Self::WrongImage { .. } => {
                "another program changed the runtime's images meanwhile: run it again"
            }
            Self::ImageMissing { .. }
            | Self::Pull { .. }
            | Self::Create { .. }
            | Self::Start { .. }
            | Self::Answered { .. }
            | Self::Garbled { .. } => return None,
        };
        Some(hint.to_owned())
    }

    /// Whether the runtime itself, rather than what it was asked to do, is the trouble.
    pub fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Permission { .. }
                | Self::Address { .. }
                | Self::TooOld { .. }
                | Self::WrongRuntime { .. }
                | Self::Lost { .. }
                | Self::Timeout { .. }
                | Self::Garbled { .. }
        )
    }
}

/// What a runtime or registry said, on one line of a length that a person can read.
pub(super) fn excerpt(message: &str) -> String {
    const LONGEST: usize = 2000;
    let lines: Vec<&str> = message.split(['\n', '\r', '\t']).map(str::trim).collect();
    shortened(lines.join(" ").trim(), LONGEST)
}
