//! Why fleet.yaml could not be edited.

use super::FLEET_FILE;
use crate::{
    config::{ConfigError, ValueError},
    document::insert::NoRoom,
};

/// A fleet.yaml that was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It cannot be used as it is.
    #[error("{0}")]
    Config(#[source] ConfigError),
    /// It has no such ring.
    #[error("{FLEET_FILE} has no ring `{0}`")]
    NoRing(String),
    /// It does not know this version, so that no ring can stand on it.
    #[error("{FLEET_FILE} knows no release of version {0}")]
    UnknownVersion(semver::Version),
    /// A value that is not one for the file.
    #[error("could not {doing}: {error}")]
    Value {
        /// What was to be done, beginning with a verb.
        doing: String,
        /// What is wrong with it.
        #[source]
        error: ValueError,
    },
    /// It is written in a way in which the change cannot be made.
    #[error("{FLEET_FILE}:{line}: could not {doing}: {error}")]
    NoRoom {
        /// The line that would have changed, from 1.
        line: usize,
        /// What was to be done, beginning with a verb.
        doing: String,
        /// Why not.
        #[source]
        error: Box<NoRoom>,
    },
    /// With the change it would mean something else, or nothing.
    #[error("{FLEET_FILE}:{line}: could not {doing}: the file would not mean that")]
    Changed {
        /// The first line that would have changed, from 1.
        line: usize,
        /// What was to be done, beginning with a verb.
        doing: String,
    },
}

impl EditError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => error.hint(),
            Self::NoRing(_) => None,
            Self::UnknownVersion(_) => {
                Some("add its action and image under `approved`".to_owned())
            }
            Self::Value { error, .. } => error.hint(),
            Self::NoRoom { .. } | Self::Changed { .. } => Some(
                "write it as docs/guide/renovate.md shows, an action on a line of its own, or make \
                 the change by hand"
                    .to_owned(),
            ),
        }
    }
}
