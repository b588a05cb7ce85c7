//! What is decided about one reference.

use crate::{
    model::{commit::CommitId, digest::Digest, pinning::Status},
    reference::{Pinned, Reference},
};

/// What is decided about one reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// How it stands before any edit.
    pub status: Status,
    /// What it is to become; nothing where it stays.
    pub to: Option<Pin>,
    /// Why, and what to do about it, for people.
    pub reason: Option<String>,
}

/// What a reference is pinned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pin {
    /// An image.
    Image {
        /// The version.
        tag: String,
        /// What runs.
        digest: Digest,
    },
    /// An action or a component.
    Commit {
        /// What runs.
        commit: CommitId,
        /// The version, for the comment.
        version: Option<String>,
    },
    /// A component that stays at a tag.
    Tag(String),
    /// A file of the web: `sha256-` and the digest in Base64.
    Integrity(String),
}

impl Pin {
    /// `reference` as people compare it, were it pinned so: the version of a commit behind it.
    pub fn shown(&self, reference: &Reference) -> String {
        let name = reference.written.split('@').next().unwrap_or_default();
        match self {
            Self::Image { tag, digest } => {
                let name = match name.rfind(':') {
                    Some(colon) if !name[colon..].contains('/') => &name[..colon],
                    _ => name,
                };
                format!("{name}:{tag}@{digest}")
            }
            Self::Commit { commit, version } => with_version(
                &format!("{name}@{commit}"),
                version.as_deref().or(reference.version()),
            ),
            Self::Tag(tag) => format!("{name}@{tag}"),
            Self::Integrity(integrity) => format!("{} {integrity}", reference.written),
        }
    }

    /// The same, as an edit takes it.
    pub fn as_pinned(&self) -> Pinned<'_> {
        match self {
            Self::Image { tag, digest } => Pinned::Image { tag, digest },
            Self::Commit { commit, version } => Pinned::Commit {
                commit: commit.as_str(),
                version: version.as_deref(),
            },
            Self::Tag(tag) => Pinned::Ref(tag),
            Self::Integrity(integrity) => Pinned::Integrity(integrity),
        }
    }
}

impl Decision {
    pub(super) fn new(status: Status) -> Self {
        Self {
            status,
            to: None,
            reason: None,
        }
    }

    /// It is to become `to`.
    #[must_use]
    pub(super) fn to(mut self, to: Pin) -> Self {
        self.to = Some(to);
        self
    }

    #[must_use]
    pub(super) fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

/// `reference` as it was written, with the version of its comment.
pub fn shown(reference: &Reference) -> String {
    with_version(&reference.written, reference.version())
}

fn with_version(reference: &str, version: Option<&str>) -> String {
    match version {
        Some(version) => format!("{reference} # {version}"),
        None => reference.to_owned(),
    }
}
