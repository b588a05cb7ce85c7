//! Ways back to what was recorded.

use super::{
    document::{Entry, Lock, NotThere, RecordedDigest},
    identity::{Form, Identity, NO_ADDRESS, integrity_of, is_commit, placed},
};
use crate::{
    model::{commit::CommitId, pinning::Status},
    pin::{
        actions_lock::Locked,
        decide::{excluded, left_alone},
        decision::{Decision, Pin},
        options::Options,
        plan::Site,
    },
    reference::Target,
};

impl Lock {
    /// What becomes of the references of the file called `file`, given in their order, to have each
    /// back at what was recorded of it.
    pub fn restore(&self, file: &str, sites: &[Site<'_>], options: &Options) -> Vec<Decision> {
        let identities: Vec<_> = sites
            .iter()
            .map(|site| Identity::of(site.reference, options))
            .collect();
        let uses = sites.iter().zip(&identities);
        let uses = uses.filter_map(|(site, identity)| {
            let is_fixed = Form::of(*site, options) != Form::Unpinned;
            identity.as_ref().map(|identity| (identity, is_fixed))
        });
        let mut places = placed(uses).into_iter();
        let decide = |(site, identity): (&Site<'_>, &Option<Identity>)| {
            let reference = site.reference;
            let place = identity.as_ref().and_then(|_| places.next());
            if let Some(decision) =
                excluded(reference, options).or_else(|| left_alone(reference, options))
            {
                return decision;
            }
            let unknown = |why: &str| Decision::new(Status::Unknown).because(why);
            let (Some(identity), Some(place)) = (identity, place) else {
                return unknown(NO_ADDRESS);
            };
            match self.entry_of(&identity.called(file), place) {
                Ok(entry) => back_to(entry, *site, options),
                Err(NotThere::Nothing(why)) => match identity.elsewhere(self) {
                    Some(why) => unknown(&format!("left alone: {why}")),
                    None => unknown(why),
                },
                Err(NotThere::Several(why)) => Decision::new(Status::Mismatch).because(why),
            }
        };
        sites.iter().zip(&identities).map(decide).collect()
    }
}

fn back_to(entry: &Entry, site: Site<'_>, options: &Options) -> Decision {
    let recorded = (entry.version.as_deref(), &entry.digest);
    let is_there = match Form::of(site, options) {
        Form::Pinned { version, digest } => (version.as_deref(), &digest) == recorded,
        Form::Released(version) => entry.version.as_deref() == Some(&version),
        Form::Unpinned => false,
    };
    if is_there {
        return Decision::new(Status::Pinned);
    }
    let when = &entry.resolved_at;
    match pin(entry, site, options) {
        Some(pin) => Decision::new(Status::Mismatch)
            .to(pin)
            .because(format!("as it was recorded on {when}")),
        None => Decision::new(Status::Mismatch)
            .because("left alone: what is recorded of it cannot be written here"),
    }
}

fn pin(entry: &Entry, site: Site<'_>, options: &Options) -> Option<Pin> {
    let version = entry.version.clone();
    Some(match (&entry.digest, &site.reference.target) {
        (RecordedDigest::Commit(commit), Target::Action { reference, .. })
            if site.locked.is_some() =>
        {
            governed(site, reference, commit, version?)?
        }
        (RecordedDigest::Sha256(digest), Target::Image(_)) => match version {
            Some(tag) => Pin::Image {
                tag,
                digest: digest.clone(),
            },
            None => Pin::Digest(digest.clone()),
        },
        (RecordedDigest::Sha256(digest), Target::Remote { .. }) => {
            Pin::Integrity(integrity_of(digest))
        }
        (
            RecordedDigest::Commit(_),
            Target::Component { reference, .. }
            | Target::Project {
                reference: Some(reference),
                ..
            },
        ) if !options.components_by_commit && !is_commit(reference) => Pin::Tag(version?),
        (RecordedDigest::Commit(commit), _) => Pin::Commit {
            commit: commit.clone(),
            version,
        },
        (RecordedDigest::Sha256(_), _) => return None,
    })
}

/// What a governed reference goes back to; nothing where the lock could not follow.
fn governed(site: Site<'_>, reference: &str, commit: &CommitId, version: String) -> Option<Pin> {
    let may_move = matches!(site.locked, Some(Locked::At { fixed: None, .. }))
        && site.reference.obstacle().is_none();
    may_move.then(|| Pin::Locked {
        reference: if is_commit(reference) {
            commit.to_string()
        } else {
            version.clone()
        },
        version,
        commit: commit.clone(),
    })
}
