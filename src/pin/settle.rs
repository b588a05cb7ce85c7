//! From decisions about a repository to the texts of its files.

use std::{ops::Range, path::PathBuf};

use super::{
    decision::{Decision, Pin, shown},
    repository::{NamingFile, Repository},
};
use crate::{
    document::edit::Edit,
    model::pinning::Status,
    reference::{self, Reference},
};

/// A file that is to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which file, from the repository's root on.
    pub path: PathBuf,
    /// What it is.
    pub old: String,
    /// What it is to be.
    pub new: String,
}

/// What becomes of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Those that were made, by site; one that cannot be carried out says why, and goes nowhere.
    pub decisions: Vec<Decision>,
    /// The files that change.
    pub files: Vec<Change>,
    /// Which files go together; every one is in exactly one group.
    pub groups: Vec<Group>,
    /// The sites, in order, whose decision cannot be carried out because their file or their group
    /// cannot be edited.
    pub failed: Vec<usize>,
}

/// Files that are written all or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Their numbers; the last is written last, and tells whether all was done.
    pub files: Vec<usize>,
    /// The sites that say something else afterwards.
    pub sites: Vec<usize>,
}

impl Settlement {
    /// The sites that were to be on something else and stay where they are, and why.
    pub fn stuck(&self) -> impl Iterator<Item = (usize, &str)> {
        let sites = self.decisions.iter().enumerate();
        let stuck = sites.filter(|(_, decision)| {
            let is_good = matches!(decision.status, Status::Pinned | Status::Ignored);
            decision.to.is_none() && !is_good
        });
        stuck.map(|(number, decision)| (number, decision.reason.as_deref().unwrap_or_default()))
    }
}

/// What becomes of one file.
struct Settling<'a> {
    file: &'a NamingFile,
    sites: Range<usize>,
    /// Its new text, if it gets one; or why it cannot be edited.
    text: Result<Option<String>, String>,
    /// Whether something of it moves only together with the lock.
    is_governed: bool,
}

impl Repository {
    /// What becomes of the files by `decisions`, one for each of the [sites](Self::sites).
    pub fn settle(&self, mut decisions: Vec<Decision>) -> Settlement {
        let lock = self.follow(&mut decisions);
        let mut settling = self.edited(&mut decisions);
        if settling.iter().any(|it| it.is_governed && it.text.is_err()) {
            let governed = settling.iter_mut().filter(|it| it.is_governed);
            for it in governed.filter(|it| it.text.is_ok()) {
                it.text = Err("another workflow that moves with it cannot be edited".to_owned());
            }
        }
        let mut failed = Vec::new();
        for it in &settling {
            if let Err(reason) = &it.text {
                for number in it.moving(&decisions) {
                    decisions[number] = Decision::new(Status::Error).because(reason);
                    failed.push(number);
                }
            }
        }
        let (files, groups) = self.changes(settling, lock, &decisions);
        Settlement {
            decisions,
            files,
            groups,
            failed,
        }
    }

    /// Every file with its edits made; a decision that cannot be written goes nowhere.
    fn edited(&self, decisions: &mut [Decision]) -> Vec<Settling<'_>> {
        let mut start = 0;
        let mut settling = Vec::new();
        for file in &self.files {
            let sites = start..start + file.references.len();
            start = sites.end;
            let own = decisions.get_mut(sites.clone()).unwrap_or_default();
            let edits = edits(&file.references, own);
            settling.push(Settling {
                text: file.edited(&edits),
                is_governed: own.iter().any(is_governed),
                file,
                sites,
            });
        }
        settling
    }

    /// Makes `decisions` such that the lock can follow them, and gives what that becomes.
    fn follow(&self, decisions: &mut [Decision]) -> Option<String> {
        let lock = self.lock.as_ref()?;
        let sites = self.sites();
        // The last file is the lock, whose own references follow nobody.
        let beyond = self.files.last().map_or(0, |file| file.references.len());
        let direct = sites.len().saturating_sub(beyond);
        let direct = sites.iter().zip(&*decisions).take(direct);
        let direct: Vec<_> = direct
            .map(|(site, decision)| (site.reference, site.locked, decision))
            .collect();
        let relocked = lock.relocked(&direct);
        for (number, why) in relocked.refused {
            if let Some(decision) = decisions.get_mut(number) {
                decision.refuse(&why);
            }
        }
        relocked.text
    }

    fn changes(
        &self,
        settling: Vec<Settling<'_>>,
        lock: Option<String>,
        decisions: &[Decision],
    ) -> (Vec<Change>, Vec<Group>) {
        let (mut files, mut groups) = (Vec::new(), Vec::new());
        let mut together = Group::default();
        for it in settling {
            let sites = it.moving(decisions);
            let number = files.len();
            let text = it.text.unwrap_or_default();
            let changes = text.map(|text| it.file.change(text));
            if it.is_governed {
                together.sites.extend(sites);
                together.files.extend(changes.is_some().then_some(number));
            } else if changes.is_some() {
                groups.push(Group {
                    files: vec![number],
                    sites,
                });
            }
            files.extend(changes);
        }
        // What moves with the lock moves it, and is the only thing that does.
        if !together.sites.is_empty() {
            if let (Some(new), Some(own)) = (lock, self.files.last()) {
                together.files.push(files.len());
                files.push(own.change(new));
            }
            groups.push(together);
        }
        (files, groups)
    }
}

impl Settling<'_> {
    /// The sites that say something else by `decisions`.
    fn moving(&self, decisions: &[Decision]) -> Vec<usize> {
        let references = self.file.references.iter();
        let moves = |(number, reference): &(usize, &Reference)| {
            let decision = decisions.get(*number);
            let to = decision.and_then(|decision| decision.to.as_ref());
            let is_other = |to: &Pin| to.shown(reference) != shown(reference);
            decision.is_some_and(is_governed) || to.is_some_and(is_other)
        };
        let moving = self.sites.clone().zip(references).filter(moves);
        moving.map(|(number, _)| number).collect()
    }
}

impl NamingFile {
    fn edited(&self, edits: &[Edit]) -> Result<Option<String>, String> {
        if edits.is_empty() {
            return Ok(None);
        }
        let edited = reference::apply(&self.path, &self.bytes, &self.references, edits);
        edited.map(Some).map_err(|error| error.to_string())
    }

    fn change(&self, new: String) -> Change {
        Change {
            path: self.path.clone(),
            old: String::from_utf8_lossy(&self.bytes).into_owned(),
            new,
        }
    }
}

fn is_governed(decision: &Decision) -> bool {
    matches!(decision.to, Some(Pin::Locked { .. }))
}

/// The edits by `decisions`; one that cannot be written goes nowhere.
fn edits(references: &[Reference], decisions: &mut [Decision]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (reference, decision) in references.iter().zip(decisions) {
        let is_governed = is_governed(decision);
        let Some(to) = &decision.to else { continue };
        match reference.edits(&to.as_pinned()) {
            Ok(own) if own.is_empty() && !is_governed => {
                let reason = decision.reason.take().unwrap_or_default();
                decision.reason = Some(format!("{reason}: a comment has no room here"));
            }
            Ok(own) => edits.extend(own),
            Err(obstacle) => {
                decision.to = None;
                decision.reason = Some(obstacle.to_string());
            }
        }
    }
    edits
}
