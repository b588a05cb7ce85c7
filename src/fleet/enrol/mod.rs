//! What a repository contains once it belongs to the fleet, and what goes when it leaves it. Pure.
//!
//! There are two kinds of writing. *Files* are ours as a whole: the workflows of GitHub, a first
//! fullsend.yaml, made as `fullsend generate` and `fullsend init` make them. *Entries* go into files
//! of people, with every other byte as it was. A [`Record`] tells what was written, so that leaving
//! removes that and nothing else. Versions and digests never count: Renovate moves them.

mod dependabot;
mod gitlab;
mod held;
mod lock;
mod obstacle;
mod own;
mod record;
mod remove;
mod renovate;
mod sheet;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::civil::Date;

pub(super) use self::own::FIRST_AGENT;
pub use self::{
    held::{Held, held},
    lock::{Actions, LockedAction},
    obstacle::Obstacle,
    record::{Entry, Record, RecordError},
    remove::{Leaving, Removal, unenrol},
    renovate::place,
};
use self::{obstacle::why_not, sheet::Sheet};
use super::Texts;
use crate::{
    config::{Fleet, FleetForge, Ring},
    forge::{Change, Seen},
    model::{limits::Limits, renovate::PLACES},
    reference::ACTIONS_LOCK,
};

/// What a repository decides for itself.
pub const CONFIG: &str = "fullsend.yaml";

/// Who moves the versions of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Renovate, by the presets of the rings; it is set up where it is not.
    Renovate,
    /// Requests of our own; a Renovate that is there is kept to its ring all the same.
    Direct,
}

/// What a repository is wanted for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// fleet.yaml.
    pub fleet: &'a Fleet,
    /// The repository's ring.
    pub ring: &'a Ring,
    /// The folder of the fleet's presets, see [`place`].
    pub presets: &'a str,
    /// Who moves versions.
    pub via: Via,
    /// The day in UTC.
    pub today: Date,
    /// What GitHub's lock says of actions that it does not have yet, see [`unlocked`].
    pub actions: &'a Actions,
}

/// What a repository is asked for to belong to the fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The files that differ from the default branch; none where it belongs to it already.
    pub changes: Vec<Change>,
    /// What of the repository is ours then.
    pub record: Record,
    /// What a person should know who reads the plan, a sentence each.
    pub notes: Vec<String>,
}

/// The files that are looked at in every repository.
pub fn watched(forge: &FleetForge) -> Vec<String> {
    let mut paths = vec![CONFIG.to_owned()];
    match forge {
        FleetForge::GitHub { .. } => {
            paths.extend(Limits::AGENTS.iter().map(|agent| own::workflow_path(agent)));
            paths.extend(dependabot::PLACES.map(str::to_owned));
            paths.push(ACTIONS_LOCK.to_owned());
        }
        FleetForge::GitLab { .. } => paths.push(gitlab::PIPELINE.to_owned()),
    }
    paths.extend(PLACES.map(str::to_owned));
    paths
}

/// Those of them whose texts [`plan`] and [`unenrol`] need.
pub fn needs(forge: &FleetForge, seen: &Seen) -> Vec<String> {
    let mut is_found = false;
    let mut paths = watched(forge);
    // Of Renovate's files the first that counts is enough; package.json tells by its text.
    paths.retain(|path| {
        if !seen.files.contains_key(path) {
            return false;
        }
        let is_renovate = PLACES.contains(&path.as_str());
        !is_renovate || !std::mem::replace(&mut is_found, true)
    });
    paths
}

/// What the workflows use that the repository's lock of GitHub's actions does not have yet, as they
/// write it; nothing where there is no lock.
///
/// [`plan`] has to [know](Wanted::actions) of it.
pub fn unlocked(wanted: &Wanted<'_>, seen: &Seen, texts: &Texts) -> BTreeSet<String> {
    let mut sheet = Sheet::new(seen, texts, None);
    let config = own::config(&mut sheet, wanted);
    let made = config.and_then(|config| own::workflows(&mut sheet, wanted, &config));
    // Where that fails, so does the plan.
    made.map(|()| lock::lacks(&sheet)).unwrap_or_default()
}

/// What the repository is asked for; `before` is what an earlier enrolment wrote.
///
/// Its files are never overwritten, but for ours that nobody changed.
pub fn plan(
    wanted: &Wanted<'_>,
    seen: &Seen,
    texts: &Texts,
    before: Option<&Record>,
) -> Result<Enrolment, Obstacle> {
    why_not(wanted.ring, &seen.repository, seen.head.is_some())?;
    let before = before.filter(|it| it.repository == seen.repository.id);
    let mut sheet = Sheet::new(seen, texts, before);
    let config = own::config(&mut sheet, wanted)?;
    match &wanted.fleet.forge {
        FleetForge::GitHub { .. } => {
            own::workflows(&mut sheet, wanted, &config)?;
            dependabot::ignore(&mut sheet, wanted)?;
            lock::add(&mut sheet, wanted)?;
        }
        FleetForge::GitLab {
            url,
            component_source,
            ..
        } => {
            let source = component_source.as_deref().ok_or(Obstacle::NoComponents)?;
            gitlab::include(&mut sheet, wanted, url, source)?;
        }
    }
    renovate::extend(&mut sheet, wanted, &config)?;
    Ok(sheet.into_enrolment())
}
