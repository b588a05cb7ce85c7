//! What is recorded of references that were resolved.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    document::{Called, Entry, Lock, RecordedDigest, is_version},
    identity::{Form, Identity, digest_of, placed},
};
use crate::{
    model::pinning::{ReferenceKind, Status},
    pin::{
        decide::repository_of,
        decision::{Decision, Pin},
        facts::Facts,
        options::Options,
        plan::Site,
    },
    reference::Reference,
};

/// One use of a thing by a file.
#[derive(Clone, Debug)]
pub struct Use {
    identity: Identity,
    /// Whether it had a digest or a release before anything was changed.
    is_fixed: bool,
    resolved: Option<Resolved>,
}

/// What a reference stands at.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Resolved {
    version: Option<String>,
    digest: RecordedDigest,
}

impl Use {
    /// What is to be recorded of the reference of `site`, which came to have `status` by `decision`; nothing of
    /// what has no name, or is nothing to pin.
    pub fn of(
        site: Site<'_>,
        decision: &Decision,
        status: Status,
        facts: &Facts,
        options: &Options,
    ) -> Option<Self> {
        let reference = site.reference;
        let identity = Identity::of(reference, options)?;
        let behind = |tag: &str| {
            let repository = repository_of(&reference.target, options).ok()??;
            let commit = facts.refs(&repository).ok()?.tag(tag)?;
            Some(Resolved {
                version: Some(tag.to_owned()),
                digest: RecordedDigest::Commit(commit.clone()),
            })
        };
        let resolved = match (&decision.to, status) {
            (Some(Pin::Tag(tag)), Status::Changed) => behind(tag),
            (Some(pin), Status::Changed) => Resolved::by(pin, reference),
            (_, Status::Pinned | Status::Stale | Status::Ignored) => {
                match Form::of(site, options) {
                    Form::Pinned { version, digest } if status != Status::Ignored => {
                        Some(Resolved { version, digest })
                    }
                    Form::Released(tag) => behind(&tag),
                    Form::Pinned { .. } | Form::Unpinned => None,
                }
            }
            _ => None,
        };
        let fits = |it: &Resolved| it.version.as_deref().is_none_or(is_version);
        Some(Self {
            identity,
            is_fixed: Form::of(site, options) != Form::Unpinned,
            resolved: resolved.filter(fits),
        })
    }
}

impl Resolved {
    fn by(pin: &Pin, reference: &Reference) -> Option<Self> {
        let (version, digest) = match pin {
            Pin::Image { tag, digest } => {
                (Some(tag.clone()), RecordedDigest::Sha256(digest.clone()))
            }
            Pin::Digest(digest) => (None, RecordedDigest::Sha256(digest.clone())),
            Pin::Commit { commit, version } => {
                let version = version.as_deref().or(reference.version());
                (
                    version.map(str::to_owned),
                    RecordedDigest::Commit(commit.clone()),
                )
            }
            Pin::Integrity(integrity) => (None, RecordedDigest::Sha256(digest_of(integrity)?)),
            Pin::Locked {
                commit, version, ..
            } => (
                Some(version.clone()),
                RecordedDigest::Commit(commit.clone()),
            ),
            Pin::Tag(_) => return None,
        };
        Some(Self { version, digest })
    }
}

impl Lock {
    /// The lock after `files` were looked at: each with what it uses, in order.
    ///
    /// What was not resolved keeps its entry, and so does every file that was not looked at, as
    /// long as it is `kept`. An entry that says the same as before keeps its time.
    #[must_use]
    pub fn renewed(
        &self,
        files: &BTreeMap<String, Vec<Use>>,
        kept: impl Fn(&str) -> bool,
        now: Timestamp,
    ) -> Self {
        let elsewhere = |entry: &&Entry| !files.contains_key(&entry.file) && kept(&entry.file);
        let mut entries: Vec<Entry> = self.entries().iter().filter(elsewhere).cloned().collect();
        for (file, uses) in files {
            entries.extend(self.renewed_file(file, uses, now));
        }
        // Stable: entries of one name stay in the order of its uses.
        entries.sort_by(|a, b| order(a).cmp(&order(b)));
        Self::new(entries)
    }

    fn renewed_file(&self, file: &str, uses: &[Use], now: Timestamp) -> Vec<Entry> {
        let places = placed(uses.iter().map(|one| (&one.identity, one.is_fixed)));
        let mut named: BTreeMap<Called, Vec<Entry>> = BTreeMap::new();
        for (one, place) in uses.iter().zip(places) {
            let name = one.identity.called(file);
            let entry = match &one.resolved {
                Some(resolved) => Some(self.entry(&name, &one.identity, resolved, now)),
                None => self.entry_of(&name, place).ok().cloned(),
            };
            named.entry(name).or_default().extend(entry);
        }
        for own in named.values_mut() {
            if let [first, others @ ..] = own.as_slice()
                && others.iter().all(|other| first == other)
            {
                own.truncate(1);
            }
        }
        named.into_values().flatten().collect()
    }

    fn entry(&self, name: &Called, identity: &Identity, to: &Resolved, now: Timestamp) -> Entry {
        let mut old = self.of_name(name);
        if let Some(same) = old.find(|old| old.says(to.version.as_deref(), &to.digest)) {
            return same.clone();
        }
        Entry {
            file: name.file.clone(),
            kind: identity.kind,
            name: identity.name.clone(),
            version: to.version.clone(),
            digest: to.digest.clone(),
            resolved_at: seconds(now),
            source: identity.source.clone(),
        }
    }
}

/// The time in whole seconds, which is as exact as anybody needs it.
fn seconds(now: Timestamp) -> String {
    let whole = Timestamp::from_second(now.as_second());
    whole.unwrap_or(now).to_string()
}

fn order(entry: &Entry) -> (&str, ReferenceKind, &str) {
    (&entry.file, entry.kind, &entry.name)
}
