//! The fleet's repositories, as far as a rollout is concerned with them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Crew, DriveError,
    moving::{Moving, RENOVATE},
};
use crate::{
    config::Fleet,
    fleet::{
        Outcome, Refusal, RefusalKind, Row, Step, Texts, Want, membership,
        plan::texts,
        rollout::{EntryState, Fact, Rollout, RolloutId, Stands, Via},
    },
    forge::{CommitOf, Entry, FileAt, Request, Seen, Watch},
    model::digest::Digest,
};

/// What was seen of repositories, by name.
#[derive(Default)]
pub(super) struct Members {
    /// The newest look.
    pub(super) rows: BTreeMap<String, Row>,
    /// The files whose texts are known: they are read again only where they changed.
    known: BTreeMap<String, (BTreeMap<String, Entry>, Texts)>,
    /// Those that do not belong to the fleet: they are left alone, whoever wrote down that they move.
    outside: BTreeSet<String>,
}

impl Members {
    /// Looks at these repositories; one that is not there any more has no row afterwards.
    pub(super) async fn look(
        &mut self,
        crew: Crew<'_>,
        want: &Moving,
        names: &[String],
    ) -> Result<(), DriveError> {
        if names.is_empty() {
            return Ok(());
        }
        for name in names {
            self.rows.remove(name);
        }
        let found = crew.means.forge.look(names, want.watch()).await?;
        let found = names.iter().zip(found);
        let found = found.filter_map(|(name, seen)| Some((name.clone(), seen?)));
        self.take(crew, want, found.collect()).await
    }

    /// Takes what was seen under these names.
    pub(super) async fn take(
        &mut self,
        crew: Crew<'_>,
        want: &Moving,
        seen: Vec<(String, Seen)>,
    ) -> Result<(), DriveError> {
        let is_known = |name: &String, seen: &Seen| {
            let known = self.known.get(name);
            known.is_some_and(|(files, _)| *files == seen.files)
        };
        let unread: Vec<(&String, &Seen)> = seen
            .iter()
            .filter(|(name, seen)| !is_known(name, seen))
            .map(|(name, seen)| (name, seen))
            .collect();
        let stale: Vec<&Seen> = unread.iter().map(|(_, seen)| *seen).collect();
        let read = texts(crew.means.forge, want, &stale).await?;
        let read = unread.into_iter().zip(read);
        let read = read.map(|((name, seen), texts)| (name.clone(), (seen.files.clone(), texts)));
        let read: Vec<_> = read.collect();
        self.known.extend(read);
        for (name, seen) in self.inside(crew, want, seen) {
            let texts = self.known.get(&name).map(|(_, texts)| texts.clone());
            let texts = texts.unwrap_or_default();
            let row = Row::decided(want, seen, "", texts, false);
            self.rows.insert(name, row);
        }
        Ok(())
    }

    /// Those of `seen` that belong to the fleet.
    fn inside(
        &mut self,
        crew: Crew<'_>,
        want: &Moving,
        seen: Vec<(String, Seen)>,
    ) -> Vec<(String, Seen)> {
        let all: Vec<Seen> = seen.iter().map(|(_, seen)| seen.clone()).collect();
        let configuration = configuration(crew, &all);
        let members = membership(want.fleet(), &all, Some(&configuration)).members;
        let members = members.iter().map(|it| it.seen.repository.id.as_str());
        let members: BTreeSet<&str> = members.collect();
        let is_inside = |(_, seen): &(String, Seen)| members.contains(&*seen.repository.id);
        let (inside, outside): (Vec<_>, Vec<_>) = seen.into_iter().partition(is_inside);
        for (name, _) in &inside {
            self.outside.remove(name);
        }
        for (name, _) in outside {
            self.rows.remove(&name);
            self.outside.insert(name);
        }
        inside
    }

    /// Whether each of these commits, of repositories that were looked at, has the release that is
    /// wanted: as a look would say of a default branch with these files.
    pub(super) async fn judge(
        &self,
        crew: Crew<'_>,
        want: &Moving,
        of: &[CommitOf],
        files: Vec<Option<BTreeMap<String, Entry>>>,
    ) -> Result<Vec<bool>, DriveError> {
        let as_seen = |(of, files): (&CommitOf, Option<BTreeMap<String, Entry>>)| {
            let mut rows = self.rows.values();
            let row = rows.find(|it| it.seen.repository.id == of.repository)?;
            Some(Seen {
                repository: row.seen.repository.clone(),
                head: Some(of.commit.clone()),
                files: files?,
                branch: None,
                request: None,
                open: Vec::new(),
            })
        };
        let seen: Vec<Option<Seen>> = of.iter().zip(files).map(as_seen).collect();
        let there: Vec<&Seen> = seen.iter().flatten().collect();
        let mut texts = texts(crew.means.forge, want, &there).await?.into_iter();
        let has_release = |seen: Option<Seen>| {
            let (seen, texts) = (seen?, texts.next()?);
            let ask = want.ask(&seen, &texts).ok()?;
            ask.changes.is_empty().then_some(())
        };
        Ok(seen
            .into_iter()
            .map(has_release)
            .map(|it| it.is_some())
            .collect())
    }

    /// How each of `names` stands.
    pub(super) fn stands(&self, names: &[String], via: Via) -> BTreeMap<String, Stands> {
        let stands = |name: &String| match self.rows.get(name) {
            Some(row) => stands(row, via),
            None if self.outside.contains(name) => {
                let reason = "it does not belong to the fleet";
                Stands::Refused(Refusal::new(RefusalKind::Skipped, reason))
            }
            None => Stands::Gone,
        };
        let names = names.iter();
        names.map(|name| (name.clone(), stands(name))).collect()
    }

    /// Open requests that would bring the release that is taken back: those of the rollout that
    /// brought it, and those of Renovate whose branch has it.
    pub(super) async fn unwanted(
        &self,
        crew: Crew<'_>,
        want: &Moving,
        rollout: &Rollout,
    ) -> Result<Vec<Fact>, DriveError> {
        let own = rollout.undoes.as_ref().map(RolloutId::branch);
        let mut unwanted = Vec::new();
        let mut renovates: BTreeMap<&str, Vec<(&String, &Request)>> = BTreeMap::new();
        for (name, row) in &self.rows {
            for request in &row.seen.open {
                if Some(&request.branch) == own.as_ref() {
                    unwanted.push(fact(name, request));
                } else if request.branch.starts_with(RENOVATE) && !want.has_bad(&row.texts) {
                    let alike = renovates.entry(&request.branch).or_default();
                    alike.push((name, request));
                }
            }
        }
        for (branch, requests) in renovates {
            unwanted.extend(of_branch(crew, want, branch, &requests).await?);
        }
        Ok(unwanted)
    }
}

fn fact(name: &str, request: &Request) -> Fact {
    Fact {
        name: name.to_owned(),
        request: request.clone(),
    }
}

/// Those of `requests`, all from branches of one name, that would bring the release.
async fn of_branch(
    crew: Crew<'_>,
    want: &Moving,
    branch: &str,
    requests: &[(&String, &Request)],
) -> Result<Vec<Fact>, DriveError> {
    let watch = Watch {
        branch: Some(branch.to_owned()),
        ..want.watch().clone()
    };
    let names: Vec<String> = requests.iter().map(|(name, _)| (*name).clone()).collect();
    let seen = crew.means.forge.look(&names, &watch).await?;
    let files: Vec<Vec<FileAt>> = seen
        .iter()
        .map(|it| it.iter().flat_map(on_branch).collect())
        .collect();
    let read = crew.means.forge.texts(&files.concat()).await?;
    let mut read = read.into_iter();
    let mut found = Vec::new();
    for ((name, request), files) in requests.iter().zip(files) {
        let texts = files.into_iter().zip(read.by_ref());
        let texts: Texts = texts
            .filter_map(|(file, text)| Some((file.path, text?)))
            .collect();
        if want.has_bad(&texts) {
            found.push(fact(name, request));
        }
    }
    Ok(found)
}

fn on_branch(seen: &Seen) -> Vec<FileAt> {
    let branch = seen.branch.iter();
    let files = branch.flat_map(|branch| {
        let files = branch.files.iter();
        files.map(|(path, entry)| FileAt {
            repository: seen.repository.id.clone(),
            full_name: seen.repository.full_name.clone(),
            commit: branch.head.clone(),
            path: path.clone(),
            blob: entry.id.clone(),
        })
    });
    files.collect()
}

/// How one repository stands.
fn stands(row: &Row, via: Via) -> Stands {
    match (&row.ask, &row.step) {
        (Ok(ask), _) if ask.changes.is_empty() => match &row.seen.head {
            Some(head) => Stands::There(head.clone()),
            None => Stands::Gone,
        },
        (Err(refusal), _) => Stands::Refused(refusal.clone()),
        (Ok(_), Step::Rest(outcome)) => rests(outcome),
        (Ok(_), Step::Do(_)) => match by_renovate(row).filter(|_| via == Via::Renovate) {
            Some(request) => Stands::Theirs(request.clone()),
            None => Stands::Ready {
                committed: row.seen.branch.is_some(),
            },
        },
    }
}

fn rests(outcome: &Outcome) -> Stands {
    match outcome {
        Outcome::Open { request, .. } => Stands::Open(request.clone()),
        Outcome::Refused(refusal) => Stands::Refused(refusal.clone()),
        Outcome::Failed(why) => Stands::Failed(why.clone()),
        Outcome::Done | Outcome::Unreached => Stands::Ready { committed: false },
    }
}

/// Renovate's request for the fleet's packages: the rings give them one group of this name.
fn by_renovate(row: &Row) -> Option<&Request> {
    let mut open = row.seen.open.iter();
    open.find(|it| {
        let group = it.branch.strip_prefix(RENOVATE);
        group.is_some_and(|it| it == "fullsend" || it.ends_with("-fullsend"))
    })
}

/// The full name of the configuration repository, where `seen` tells it.
pub(super) fn configuration(crew: Crew<'_>, seen: &[Seen]) -> String {
    let name = crew.configuration;
    let mut seen = seen.iter();
    let found = seen.find(|it| it.repository.name.eq_ignore_ascii_case(name));
    found.map_or_else(|| name.to_owned(), |it| it.repository.full_name.clone())
}

/// The repositories of a wave: the members of its ring that no earlier wave has, up to its share.
pub(super) fn of_wave(
    fleet: &Fleet,
    survey: &[Seen],
    configuration: &str,
    rollout: &Rollout,
    index: usize,
    only: &[String],
) -> Vec<String> {
    let wave = &rollout.waves[index];
    let earlier: BTreeSet<&str> = rollout.entries().map(|it| it.name.as_str()).collect();
    let members = membership(fleet, survey, Some(configuration)).members;
    let members = members.into_iter().filter(|it| it.ring.name == wave.ring);
    let mut members: Vec<&Seen> = members.map(|it| it.seen).collect();
    let all = members.len();
    // The same order wherever it is asked.
    members.sort_by_cached_key(|seen| Digest::of(seen.repository.id.as_bytes()).to_string());
    let done = members
        .iter()
        .filter(|it| earlier.contains(it.repository.name.as_str()))
        .count();
    let left = members.into_iter().map(|it| it.repository.name.clone());
    let left = left.filter(|name| !earlier.contains(name.as_str()));
    let mut names: Vec<String> = match wave.share {
        0 => left
            .filter(|name| only.iter().any(|it| it.eq_ignore_ascii_case(name)))
            .collect(),
        share => {
            let upto = (all * share as usize).div_ceil(100);
            left.take(upto.saturating_sub(done)).collect()
        }
    };
    names.sort();
    names
}

/// The repositories of the waves that have begun, as far as something is expected of them.
pub(super) fn names(rollout: &Rollout) -> Vec<String> {
    let entries = rollout.entries();
    let open =
        entries.filter(|it| !matches!(it.state, EntryState::Verified | EntryState::RolledBack));
    open.map(|it| it.name.clone()).collect()
}
