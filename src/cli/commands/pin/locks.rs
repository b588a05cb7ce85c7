//! GitHub's locks of actions, each beside the workflows that it governs.

use std::{path::Path, sync::Arc};

use rayon::prelude::*;

use super::files::{Read, Settled, unread};
use crate::{
    cli::{commands::selection::Selected, patch::patch},
    document::MAX_BYTES,
    model::{chain::chain, pinning::Status},
    pin::{Decision, WorkflowLock},
    reference::{ACTIONS_LOCK, FileKind},
    report::references::ReferenceRow,
    seam::files,
};

/// So many files are written at the same time: each waits for the disk, which takes as long for
/// several as for one.
const WRITERS: usize = 16;

/// The locks of the repositories that are looked at.
pub(super) struct Locks<'a>(Vec<Own<'a>>);

/// The lock of one repository.
struct Own<'a> {
    file: &'a Selected,
    bytes: Vec<u8>,
    lock: WorkflowLock,
    /// What it is to become.
    text: Option<String>,
}

/// The locks beside the workflows among `files`.
pub(super) fn beside(files: &[Read<'_>]) -> Vec<Selected> {
    let mut found: Vec<Selected> = Vec::new();
    for file in files.iter().map(|read| read.file) {
        let is_workflow = FileKind::of_path(&file.name) == Some(FileKind::GithubWorkflow);
        if !is_workflow || found.iter().any(|lock| lock.root == file.root) {
            continue;
        }
        let name = Path::new(ACTIONS_LOCK);
        let path = file.root.join(name);
        if files::is_regular(&path).unwrap_or(false) {
            let is_first = file.shown == file.name;
            found.push(Selected {
                shown: if is_first {
                    name.to_owned()
                } else {
                    path.clone()
                },
                root: Arc::clone(&file.root),
                within: Arc::clone(&file.within),
                name: name.to_owned(),
                is_named: false,
                path,
            });
        }
    }
    found
}

impl<'a> Locks<'a> {
    /// Reads `files`, tells every one of `reads` how its references stand in the lock that governs
    /// them, and adds what these bring with them; gives a row for each lock that cannot be judged.
    pub(super) fn read(
        files: &'a [Selected],
        reads: &mut Vec<Read<'a>>,
    ) -> (Self, Vec<ReferenceRow>) {
        let mut rows = Vec::new();
        let mut locks = Vec::new();
        for file in files {
            let read = files::read(&file.path, MAX_BYTES as u64);
            let (bytes, lock) = match read {
                Ok(bytes) => {
                    let lock = WorkflowLock::read(&bytes);
                    (bytes, lock)
                }
                Err(error) => (Vec::new(), WorkflowLock::unreadable(chain(&error))),
            };
            if let Some((reason, is_broken)) = lock.problem() {
                let status = if is_broken {
                    Status::Error
                } else {
                    Status::Unknown
                };
                rows.push(unread(file.shown.clone(), status, reason.to_owned()));
            }
            let own = reads.iter_mut().filter(|read| read.file.root == file.root);
            for read in own {
                read.locked = lock.locked(&read.references);
            }
            let own = reads.iter().filter(|read| read.file.root == file.root);
            let beyond = lock.beyond(own.flat_map(|read| &read.references));
            let (references, locked): (Vec<_>, Vec<_>) = beyond.into_iter().unzip();
            reads.push(Read {
                file,
                bytes: bytes.clone(),
                references,
                locked: locked.into_iter().map(Some).collect(),
            });
            locks.push(Own {
                file,
                bytes,
                lock,
                text: None,
            });
        }
        (Self(locks), rows)
    }

    /// Settles what every lock becomes; a decision that its lock cannot follow is changed.
    pub(super) fn follow(&mut self, reads: &[Read<'_>], decisions: &mut [Decision]) {
        for own in &mut self.0 {
            let mut numbers = Vec::new();
            let mut sites = Vec::new();
            let mut number = 0;
            for read in reads {
                let is_own = read.file.root == own.file.root && read.file.name != own.file.name;
                for (reference, locked) in read.references.iter().zip(&read.locked) {
                    if let Some(decision) = decisions.get(number).filter(|_| is_own) {
                        numbers.push(number);
                        sites.push((reference, locked.as_ref(), decision));
                    }
                    number += 1;
                }
            }
            let relocked = own.lock.relocked(&sites);
            own.text = relocked.text;
            for (site, why) in relocked.refused {
                let number = numbers.get(site).copied().unwrap_or(usize::MAX);
                if let Some(decision) = decisions.get_mut(number) {
                    decision.refuse(&why);
                }
            }
        }
    }

    /// The edits of the locks as a patch.
    pub(super) fn patch(&self) -> String {
        let patches = self.0.iter().map(|own| {
            let old = std::str::from_utf8(&own.bytes).ok();
            match &own.text {
                Some(new) => patch(&own.file.name, old, new),
                None => String::new(),
            }
        });
        patches.collect()
    }

    /// Writes every file of `reads`; those that move with a lock together with it, or not at all.
    pub(super) fn write(&self, reads: &[Read<'_>], settled: &mut [Settled]) {
        for own in &self.0 {
            own.write(reads, settled);
        }
        let others = reads.iter().zip(settled);
        write_all(others.filter(|(_, settled)| settled.governed.is_empty()));
    }
}

/// Writes files that have nothing to do with each other.
fn write_all<'w>(files: impl Iterator<Item = (&'w Read<'w>, &'w mut Settled)>) {
    let files = files.filter(|(_, settled)| settled.text.is_some());
    let files: Vec<_> = files.collect();
    let threads = files.len().clamp(1, WRITERS);
    let write = || {
        let files = files.into_par_iter();
        files.for_each(|(read, settled)| read.write(settled));
    };
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool.install(write),
        Err(_) => write(),
    }
}

impl Own<'_> {
    /// Writes the workflows that move, and the lock last: it tells whether all was done, and a rerun
    /// of what was ended between finishes it.
    fn write(&self, reads: &[Read<'_>], settled: &mut [Settled]) {
        let members: Vec<usize> = (0..reads.len().min(settled.len()))
            .filter(|&number| {
                reads[number].file.root == self.file.root && !settled[number].governed.is_empty()
            })
            .collect();
        let Some(text) = &self.text else { return };
        let mut done = Vec::new();
        let mut failure = None;
        for &number in &members {
            if settled[number].is_failed() {
                failure = Some("another workflow that moves with it cannot be edited".to_owned());
                break;
            }
            if let Err(error) = reads[number].put(&settled[number]) {
                failure = Some(chain(&error));
                break;
            }
            done.push(number);
        }
        let lock = || self.file.replace(&self.bytes, text.as_bytes());
        if failure.is_none() {
            failure = lock().err().map(|error| chain(&error));
        }
        let Some(failure) = failure else {
            for number in members {
                settled[number].is_written();
            }
            return;
        };
        for &number in &done {
            if let Err(error) = reads[number].take_back(&settled[number]) {
                let reason = format!(
                    "{failure}; and what was written could not be taken back: {}",
                    chain(&error)
                );
                settled[number].fail(&reason);
            }
        }
        for &number in &members {
            if !settled[number].is_failed() {
                settled[number].fail(&failure);
            }
        }
    }
}
