//! Checks of references against what was recorded, without a word from outside.

use super::{
    document::{Entry, Lock, RecordedDigest},
    identity::{Form, Identity, NO_ADDRESS},
};
use crate::{
    model::pinning::Status,
    pin::{
        actions_lock::Locked,
        decide::{excluded, left_alone},
        decision::Decision,
        governed::standing,
        options::Options,
        plan::Site,
    },
};

impl Lock {
    /// How the reference of `site` stands by what was recorded anywhere of the same thing.
    ///
    /// Nothing is asked of anybody: whether a version is still what it was then cannot be told.
    pub fn check(&self, site: Site<'_>, options: &Options) -> Decision {
        let reference = site.reference;
        if let Some(decision) =
            excluded(reference, options).or_else(|| left_alone(reference, options))
        {
            return decision;
        }
        if let Some(locked) = site.locked.filter(|it| !matches!(it, Locked::At { .. })) {
            return standing(locked);
        }
        let Some(identity) = Identity::of(reference, options) else {
            return Decision::new(Status::Error).because(NO_ADDRESS);
        };
        let known: Vec<&Entry> = self.of_thing(&identity.thing()).collect();
        match Form::of(site, options) {
            Form::Unpinned => Decision::new(Status::Unpinned)
                .because("nothing fixes what it runs: run `fullsend pin`"),
            Form::Released(version) if at_version(&known, &version).next().is_some() => {
                Decision::new(Status::Ignored).because("kept at its tag")
            }
            Form::Released(version) => self.nothing_of(&identity, Some(&version)),
            Form::Pinned {
                version: None,
                digest,
            } if known.iter().any(|entry| entry.digest == digest) => Decision::new(Status::Pinned),
            Form::Pinned { version: None, .. } => self.nothing_of(&identity, None),
            Form::Pinned {
                version: Some(version),
                digest,
            } => at_both(&known, &version, &digest)
                .unwrap_or_else(|| self.nothing_of(&identity, Some(&version))),
        }
    }

    fn nothing_of(&self, identity: &Identity, version: Option<&str>) -> Decision {
        let why = identity.elsewhere(self).unwrap_or_else(|| {
            let what = match version {
                Some(version) => format!("{} at {version}", identity.name),
                None => format!("{} at this digest", identity.name),
            };
            format!(
                "nothing is recorded of {what}: run `fullsend pin --lock` where {} can be asked",
                identity.source
            )
        });
        Decision::new(Status::Error).because(why)
    }
}

/// Nothing where neither is recorded.
fn at_both(known: &[&Entry], version: &str, digest: &RecordedDigest) -> Option<Decision> {
    let mut recorded = at_version(known, version).map(|entry| &entry.digest);
    let Some(first) = recorded.next() else {
        let other = known.iter().find(|entry| entry.digest == *digest)?;
        let other = other.version.as_deref()?;
        return Some(Decision::new(Status::Mismatch).because(format!(
            "it says {version}, and was recorded as {other}: {HOW_TO_RECORD}"
        )));
    };
    if first == digest || recorded.any(|other| other == digest) {
        return Some(Decision::new(Status::Pinned));
    }
    Some(Decision::new(Status::Mismatch).because(format!(
        "{version} was recorded at {first}: go back to that with `--to`, or {HOW_TO_RECORD}"
    )))
}

const HOW_TO_RECORD: &str = "where it was changed on purpose, record it with `fullsend pin --lock`";

fn at_version<'e>(known: &[&'e Entry], version: &str) -> impl Iterator<Item = &'e Entry> {
    let entries = known.iter().copied();
    entries.filter(move |entry| entry.version.as_deref() == Some(version))
}
