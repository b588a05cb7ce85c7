//! What is to be pinned, and how far versions may move.

use globset::GlobSet;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::Bounds;
use crate::model::{pinning::ReferenceKind, version::Step};

/// What decisions are made by.
#[derive(Clone, Debug)]
pub struct Options {
    /// Other kinds are left alone.
    pub only: Option<Only>,
    /// Names of references that are left alone.
    pub exclude: GlobSet,
    /// How far versions may move.
    pub step: Step,
    /// A version younger than this is not moved to.
    pub min_age: Option<SignedDuration>,
    /// The present.
    pub now: Timestamp,
    /// Where actions come from: `https://github.com`.
    pub github: Url,
    /// Where GitLab's projects come from, if that is known.
    pub gitlab: Option<Url>,
    /// Whether something moves a component's commit and version together: Renovate with our preset.
    pub components_by_commit: bool,
    /// Whether an image is pinned only to a digest that the policy accepts.
    pub verify: bool,
    /// Which versions of our own action and image are out of bounds.
    pub bounds: Bounds,
}

/// One of two kinds of reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// Actions, reusable workflows and components.
    Actions,
    /// Container images.
    Images,
}

impl Only {
    pub(super) fn has(self, kind: ReferenceKind) -> bool {
        (kind == ReferenceKind::Image) == (self == Self::Images)
    }
}
