//! What ends a command, and the exit code for it.

use crate::{
    checkout::TreeError,
    config::{ConfigError, UnknownAgent},
    fleet::drive::DriveError,
    forge::{ForgeError, Reason},
    generate::GenerateError,
    model::exit_code,
    runtime::RuntimeError,
    seam::files::FileError,
    signature::{TrustError, VerifyError},
};

/// What ends a command before it has a result.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliFailure {
    /// Arguments that make no sense together, with the mend.
    #[error("{message}")]
    Usage {
        message: String,
        hint: Option<String>,
    },
    /// Something outside that is needed and gave no answer, with the mend.
    #[error("{message}")]
    Unavailable { message: String, hint: &'static str },
    /// A configuration file with mistakes.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// An agent that is not there.
    #[error(transparent)]
    Agent(#[from] UnknownAgent),
    /// A file that cannot be generated.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// A file that cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file of the policy that cannot be read from where it counts.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A policy that cannot be applied.
    #[error("the policy cannot be applied")]
    Policy(#[from] VerifyError),
    /// A forge that cannot be asked, or does not do what is needed.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// A trusted root that cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A container runtime that cannot do what is needed.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// A rollout that cannot begin or go on; boxed, as it is large.
    #[error("{0}")]
    Rollout(Box<DriveError>),
    /// A result that has no form in JSON.
    #[error("the result could not be written as JSON")]
    Document(#[from] serde_json::Error),
    /// The operating system refused what every program needs.
    #[error("could not {0}")]
    System(&'static str, #[source] std::io::Error),
}

impl CliFailure {
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn usage_with(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    /// What the user can do about it, where the message does not say.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } => hint.clone(),
            Self::Unavailable { hint, .. } => Some((*hint).to_owned()),
            Self::Agent(error) => error.hint(),
            Self::Generate(error) => error.hint(),
            Self::Runtime(error) => error.hint(),
            Self::Forge(error) => error.hint(),
            Self::Rollout(error) => error.hint(),
            Self::Tree(error) => error.hint(),
            Self::Trust(error) => error.hint().map(str::to_owned),
            // A rendered configuration error carries its own help.
            Self::Config(_)
            | Self::File(_)
            | Self::Policy(_)
            | Self::Document(_)
            | Self::System(..) => None,
        }
    }

    /// The exit code of the contract.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Trust(error) if error.is_unavailable() => exit_code::UNAVAILABLE,
            Self::Forge(error) if matches!(error.reason(), Reason::NoToken) => exit_code::USAGE,
            Self::Rollout(error) => error.exit_code(),
            Self::Usage { .. }
            | Self::Config(_)
            | Self::Agent(_)
            | Self::Generate(_)
            | Self::File(_)
            | Self::Tree(_)
            | Self::Policy(_)
            | Self::Trust(_)
            // Of this machine, where 3 is for services.
            | Self::Document(_)
            | Self::System(..) => exit_code::USAGE,
            Self::Unavailable { .. } | Self::Forge(_) | Self::Runtime(_) => {
                exit_code::UNAVAILABLE
            }
        }
    }
}
