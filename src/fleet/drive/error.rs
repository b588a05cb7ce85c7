//! Why a rollout could not be driven.

use jiff::Timestamp;

use super::Refused;
use crate::{
    fleet::{
        desired::EditError,
        rollout::{Kind, Rollout, RolloutId},
    },
    forge::ForgeError,
    generate::GenerateError,
    model::{exit_code, text::with_hint},
};

/// A rollout that could not begin, or not go on.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The forge.
    #[error("{0}")]
    Forge(#[from] ForgeError),
    /// fleet.yaml could not be edited.
    #[error("{0}")]
    Edit(#[from] EditError),
    /// A preset could not be made.
    #[error("{0}")]
    Generate(#[from] GenerateError),
    /// The configuration repository is not as it has to be.
    #[error("{0}")]
    Configuration(String),
    /// Another rollout is under way.
    #[error("{0}")]
    Busy(Box<Busy>),
    /// The image was not proven.
    #[error("{0}")]
    Unproven(#[source] Refused),
    /// The image that is to come back was not proven.
    #[error("{refused}")]
    UnprovenTarget {
        /// What was found.
        refused: Refused,
        /// Its version.
        version: semver::Version,
    },
    /// A release is bad, and could not be taken back.
    #[error("{reason}; it could not be taken back: {error}")]
    NotTakenBack {
        /// Why it is bad.
        reason: String,
        /// Why it is still there.
        error: Box<Self>,
    },
    /// The release is not one that may be gone to.
    #[error("{reason}")]
    Target {
        /// Why.
        reason: String,
        /// What to do.
        hint: String,
    },
    /// What the rollout remembers cannot be read or written.
    #[error("{0}")]
    Record(String),
}

/// The rollout that is under way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{id} is under way: {by} began it at {since}")]
pub struct Busy {
    /// Its name.
    pub id: RolloutId,
    /// Who began it.
    pub by: String,
    /// When.
    pub since: Timestamp,
    /// Forth or back.
    pub kind: Kind,
    /// The version that it brings.
    pub version: semver::Version,
}

impl Busy {
    fn hint(&self) -> String {
        let version = &self.version;
        match self.kind {
            Kind::Upgrade => format!(
                "go on with it by `fullsend upgrade {version}`, or take it back by `fullsend \
                 rollback`"
            ),
            Kind::Rollback => {
                "go on with it by `fullsend rollback`; once fleet.yaml denies what it \
                               takes back, `fullsend rollback VERSION` goes to an older version"
                    .to_owned()
            }
        }
    }
}

impl DriveError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Forge(error) => error.hint(),
            Self::Edit(error) => error.hint(),
            Self::Generate(error) => error.hint(),
            Self::Busy(busy) => Some(busy.hint()),
            Self::Configuration(_) | Self::Unproven(_) => None,
            Self::UnprovenTarget { version, .. } => Some(format!(
                "`fullsend rollback {version} --force {version}` goes there without a proof, for \
                 example while its registry is down"
            )),
            Self::NotTakenBack { error, .. } => error.hint(),
            Self::Target { hint, .. } => Some(hint.clone()),
            Self::Record(_) => Some(format!(
                "mend or remove the file on the branch {}; the repositories tell how far it came",
                crate::fleet::STATE_BRANCH
            )),
        }
    }

    /// The whole sentence with the hint.
    pub fn with_hint(&self) -> String {
        with_hint(self, self.hint())
    }

    /// The code to exit with.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Forge(_) => exit_code::UNAVAILABLE,
            Self::Unproven(refused) | Self::UnprovenTarget { refused, .. } => {
                refused.verdict.exit_code()
            }
            Self::NotTakenBack { error, .. } => error.exit_code(),
            Self::Busy(_) => exit_code::FINDINGS,
            _ => exit_code::USAGE,
        }
    }
}

impl From<Rollout> for DriveError {
    /// Another rollout is under way.
    fn from(rollout: Rollout) -> Self {
        Self::Busy(Box::new(Busy {
            version: rollout.to.version().clone(),
            kind: rollout.kind,
            id: rollout.id,
            by: rollout.by,
            since: rollout.started_at,
        }))
    }
}
