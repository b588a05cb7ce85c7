//! What came of a reference that was to be at a version and a digest.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a reference names.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ReferenceKind {
    /// A GitHub action or a reusable workflow.
    Action,
    /// A container image.
    Image,
    /// What a GitLab pipeline includes: a component, a file of a project or of the web.
    Component,
}

impl ReferenceKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Image => "image",
            Self::Component => "component",
        }
    }
}

/// How the reason ends why most references are not pinned: `a tag can be moved`.
pub const CAN_BE_MOVED: &str = "can be moved";

/// How a reference stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// At a version and at the digest or commit of that version.
    Pinned,
    /// Was edited.
    Changed,
    /// What it runs can be changed by others at any time.
    Unpinned,
    /// Its digest or commit is not that of the version beside it.
    Mismatch,
    /// Its commit is on no branch and behind no tag of the repository that it names.
    Impostor,
    /// What it names does not exist, or no longer.
    Missing,
    /// Safe, but there is something newer or more exact to say.
    Stale,
    /// Could not be found out.
    Unknown,
    /// Left alone: of this repository, decided by a variable, or asked to be left alone.
    Ignored,
    /// Whoever had to be asked gave no usable answer.
    Error,
}

impl Status {
    /// Every status, in the order in which they are counted.
    pub const ALL: [Self; 10] = [
        Self::Pinned,
        Self::Changed,
        Self::Unpinned,
        Self::Mismatch,
        Self::Impostor,
        Self::Missing,
        Self::Stale,
        Self::Unknown,
        Self::Ignored,
        Self::Error,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Changed => "changed",
            Self::Unpinned => "unpinned",
            Self::Mismatch => "mismatch",
            Self::Impostor => "impostor",
            Self::Missing => "missing",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
            Self::Ignored => "ignored",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
