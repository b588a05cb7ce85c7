//! What a reference is to a lock.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::document::{Called, Lock, Nth, Place, RecordedDigest, Thing, thing};
use crate::{
    model::{
        commit::CommitId,
        digest::Digest,
        pinning::ReferenceKind,
        version::{Flavor, Moves, moves},
    },
    pin::{
        actions_lock::Locked,
        decide::{left_alone, repository_of},
        options::Options,
        plan::Site,
    },
    reference::{Reference, Target},
};

/// Why a reference has no identity.
pub(super) const NO_ADDRESS: &str = "its name is no repository's";

/// Which thing a reference is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    pub(super) kind: ReferenceKind,
    pub(super) name: String,
    /// Who is asked about it.
    pub(super) source: String,
}

/// What a reference says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// It has a digest or a commit, and may tell its version.
    Pinned {
        version: Option<String>,
        digest: RecordedDigest,
    },
    /// A component at a tag that names one release.
    Released(String),
    /// Others can change what it runs.
    Unpinned,
}

impl Identity {
    /// Nothing for what is nothing to pin, has no name, or none that can be told from the file.
    pub(super) fn of(reference: &Reference, options: &Options) -> Option<Self> {
        if left_alone(reference, options).is_some() {
            return None;
        }
        let source = match &reference.target {
            Target::Image(image) => image.repository.host().to_owned(),
            Target::Remote { url, .. } => url.clone(),
            target => {
                let repository = repository_of(target, options);
                repository.ok()??.to_string()
            }
        };
        Some(Self {
            kind: reference.kind(),
            name: reference.name()?,
            source,
        })
    }

    pub(super) fn thing(&self) -> Thing {
        thing(self.kind, &self.name, &self.source)
    }

    /// That what is recorded of this name in `lock` was asked of another; nothing where it was not.
    pub(super) fn elsewhere(&self, lock: &Lock) -> Option<String> {
        let other = lock.other_source(&self.thing(), &self.name)?;
        let Self { name, source, kind } = self;
        let setting = match kind {
            ReferenceKind::Action => "`--github-url`",
            ReferenceKind::Component | ReferenceKind::Image => "CI_SERVER_URL",
        };
        Some(format!(
            "{name} is recorded from {other}, and here it would come from {source}: where that is \
             not meant, set {setting}; else run `fullsend pin --lock`"
        ))
    }

    /// What `file` calls it.
    pub(super) fn called(&self, file: &str) -> Called {
        Called {
            file: file.to_owned(),
            thing: self.thing(),
            name: self.name.clone(),
        }
    }
}

/// The place of each of `uses` among those of the same thing; each with whether it is fixed.
pub(super) fn placed<'i>(uses: impl Iterator<Item = (&'i Identity, bool)> + Clone) -> Vec<Place> {
    let mut counts: HashMap<&Identity, (usize, usize)> = HashMap::new();
    let before = uses.clone().map(|(identity, is_fixed)| {
        let (all, fixed) = counts.entry(identity).or_default();
        let before = (*all, *fixed);
        *all += 1;
        *fixed += usize::from(is_fixed);
        before
    });
    let before: Vec<_> = before.collect();
    let places = uses.zip(before).map(|((identity, is_fixed), before)| {
        let uses = counts.get(identity).copied().unwrap_or_default();
        let nth = |before, uses| Nth { before, uses };
        Place {
            all: nth(before.0, uses.0),
            fixed: nth(before.1, uses.1),
            is_fixed,
        }
    });
    places.collect()
}

impl Form {
    pub(super) fn of(site: Site<'_>, options: &Options) -> Self {
        let reference = site.reference;
        let version = reference.version().map(str::to_owned);
        if let (Some(Locked::At { commit, .. }), Target::Action { reference, .. }) =
            (site.locked, &reference.target)
        {
            let version = if is_commit(reference) {
                version
            } else {
                Some(reference.clone())
            };
            return Self::Pinned {
                version,
                digest: RecordedDigest::Commit(commit.clone()),
            };
        }
        let at = |written: &str| {
            let commit: Option<CommitId> = written.to_ascii_lowercase().parse().ok();
            commit.map(|commit| Self::Pinned {
                version: version.clone(),
                digest: RecordedDigest::Commit(commit),
            })
        };
        let form = match &reference.target {
            Target::Image(image) => image.digest.as_ref().map(|digest| Self::Pinned {
                version: image.tag.clone(),
                digest: RecordedDigest::Sha256(digest.clone()),
            }),
            Target::Action { reference, .. } => at(reference),
            Target::Component { reference, .. }
            | Target::Project {
                reference: Some(reference),
                ..
            } => at(reference).or_else(|| {
                let stays =
                    !options.components_by_commit && moves(reference, Flavor::Git) == Moves::Exact;
                stays.then(|| Self::Released(reference.clone()))
            }),
            Target::Remote { integrity, .. } => {
                let digest = integrity.as_deref().and_then(digest_of);
                digest.map(|digest| Self::Pinned {
                    version: None,
                    digest: RecordedDigest::Sha256(digest),
                })
            }
            _ => None,
        };
        form.unwrap_or(Self::Unpinned)
    }
}

/// Whether `reference` is a commit, in any case.
pub(super) fn is_commit(reference: &str) -> bool {
    let commit: Result<CommitId, _> = reference.to_ascii_lowercase().parse();
    commit.is_ok()
}

/// The digest that GitLab's `integrity` says.
pub(super) fn digest_of(integrity: &str) -> Option<Digest> {
    let decoded = STANDARD.decode(integrity.strip_prefix("sha256-")?).ok()?;
    Some(Digest::from_sha256(decoded.try_into().ok()?))
}

/// `digest` as GitLab's `integrity` says it.
pub(super) fn integrity_of(digest: &Digest) -> String {
    format!("sha256-{}", STANDARD.encode(digest.sha256()))
}
