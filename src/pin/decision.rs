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
    /// An image without a tag.
    Digest(Digest),
    /// An action or a component.
    Commit {
        /// What runs.
        commit: CommitId,
        /// The version, for the comment.
        version: Option<String>,
    },
    /// A component that stays at a tag.
    Tag(String),
    /// An action that GitHub's lock of actions governs.
    Locked {
        /// What stands behind the `@`: a tag, or a commit where one stood before.
        reference: String,
        /// The tag or branch that has the commit.
        version: String,
        /// What runs, by the lock.
        commit: CommitId,
    },
    /// A file of the web: `sha256-` and the digest in Base64.
    Integrity(String),
}

impl Pin {
    /// `reference` as people compare it, were it pinned so: the version of a commit behind it.
    pub fn shown(&self, reference: &Reference) -> String {
        let name = reference.written.split('@').next().unwrap_or_default();
        match self {
            Self::Image { tag, digest } => format!("{}:{tag}@{digest}", without_tag(name)),
            Self::Digest(digest) => format!("{}@{digest}", without_tag(name)),
            Self::Commit { commit, .. } => with_version(
                &format!("{name}@{commit}"),
                reference
                    .told(&self.as_pinned())
                    .as_deref()
                    .or(reference.version()),
            ),
            Self::Tag(tag) => format!("{name}@{tag}"),
            Self::Locked { reference: to, .. } => {
                let told = reference.told(&self.as_pinned());
                let told = told.filter(|_| reference.version().is_some());
                with_version(&format!("{name}@{to}"), told.as_deref())
            }
            Self::Integrity(integrity) => format!("{} {integrity}", reference.written),
        }
    }

    /// The same, as an edit takes it.
    pub fn as_pinned(&self) -> Pinned<'_> {
        match self {
            Self::Image { tag, digest } => Pinned::Image { tag, digest },
            Self::Digest(digest) => Pinned::Digest(digest),
            Self::Commit { commit, version } => Pinned::Commit {
                commit: commit.as_str(),
                version: version.as_deref(),
            },
            Self::Tag(tag) => Pinned::Ref(tag),
            Self::Locked {
                reference, version, ..
            } if reference == version => Pinned::Ref(version),
            Self::Locked {
                commit, version, ..
            } => Pinned::Commit {
                commit: commit.as_str(),
                version: Some(version),
            },
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

    /// It stays, as GitHub's lock of actions cannot follow, and `why`.
    pub(super) fn refuse(&mut self, why: &str) {
        let newer = self.reason.take().unwrap_or_default();
        let what = match &self.to {
            Some(Pin::Locked { reference, .. }) => format!("write `@{reference}` and run"),
            _ => "run".to_owned(),
        };
        self.to = None;
        self.reason = Some(format!(
            "{newer}; not moved, as actions.lock cannot follow ({why}): {what} `gh actions-lock`"
        ));
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

/// The `name` of an image without its tag.
fn without_tag(name: &str) -> &str {
    match name.rfind(':') {
        Some(colon) if !name[colon..].contains('/') => &name[..colon],
        _ => name,
    }
}

fn with_version(reference: &str, version: Option<&str>) -> String {
    match version {
        Some(version) => format!("{reference} # {version}"),
        None => reference.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::reference::references;

    #[test]
    fn what_is_shown_is_what_is_written() {
        let digits = "c".repeat(40);
        let pin = Pin::Commit {
            commit: digits.parse().unwrap(),
            version: Some("main".to_owned()),
        };
        for (line, shown) in [
            ("- uses: a/b@main", "a/b@C # tag=main"),
            ("- uses: a/b@main # pin@main", "a/b@C # main"),
            ("- {uses: a/b@main, id: x}", "a/b@C"),
        ] {
            let text = format!("on: push\njobs:\n  a:\n    steps:\n    {line}\n");
            let path = Path::new(".github/workflows/a.yml");
            let found = references(path, text.as_bytes()).unwrap();
            assert_eq!(pin.shown(&found[0]), shown.replace('C', &digits), "{line}");
        }
    }
}
