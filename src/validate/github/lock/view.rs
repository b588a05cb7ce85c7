//! The lock as rules see it, with the workflows that it is about.

use std::{ops::Deref, path::Path};

use crate::{
    document::{
        Source,
        yaml::{self, Scalar, Yaml},
    },
    reference::{ActionsLock, lock_name},
    validate::Subject,
};

/// GitHub's lock of actions as rules see it.
pub(in crate::validate) struct Lock<'a> {
    /// What the file says.
    lock: ActionsLock<'a>,
    /// The workflows that are locked.
    pub(super) workflows: Vec<Locked<'a>>,
}

/// A workflow that is locked.
pub(super) struct Locked<'a> {
    /// Its path.
    pub(super) path: Scalar<'a>,
    /// What the lock says that it uses.
    pub(super) uses: Vec<Scalar<'a>>,
    /// What the file itself uses; nothing where it is not at hand.
    pub(super) file: Option<Used>,
    /// Whether the file is known not to be there.
    pub(super) absent: bool,
}

/// What a workflow uses, by what its text says.
#[derive(Debug, Default)]
pub(super) struct Used {
    /// Actions and workflows of repositories, as the lock names them, with the line of each.
    pub(super) locked: Vec<(String, usize)>,
    /// Actions of the same repository by path, with the line of each.
    pub(super) local: Vec<(String, usize)>,
    /// Whether it calls what may use more: workflows, or actions of the same repository.
    pub(super) leads_on: bool,
}

impl<'a> Lock<'a> {
    /// Reads the first document of `tree`, and the workflows that it names; nothing where the file
    /// holds none.
    pub(in crate::validate) fn read(subject: Subject<'a>, tree: &'a Yaml) -> Option<Self> {
        let mut lock = ActionsLock::read(tree)?;
        let visible = subject.files.found(subject.source.file()).is_some();
        let workflows = lock.workflows.drain(..).map(|(path, uses)| {
            let read = subject.files.read(Path::new(path.value));
            Locked {
                uses,
                absent: visible && read == Ok(None),
                file: read
                    .ok()
                    .flatten()
                    .and_then(|bytes| used(Path::new(path.value), &bytes)),
                path,
            }
        });
        Some(Self {
            workflows: workflows.collect(),
            lock,
        })
    }
}

impl<'a> Deref for Lock<'a> {
    type Target = ActionsLock<'a>;

    fn deref(&self) -> &ActionsLock<'a> {
        &self.lock
    }
}

fn used(path: &Path, bytes: &[u8]) -> Option<Used> {
    let source = Source::decode(path, bytes).ok()?;
    let tree = yaml::parse(&source).ok()?;
    let root = tree.documents().next()?;
    let mut used = Used::default();
    let jobs = root.get("jobs")?;
    for (_, job) in jobs.entries() {
        if let Some(call) = job.get("uses").and_then(|uses| uses.scalar()) {
            used.leads_on = true;
            if let Some(name) = lock_name(call.value) {
                used.locked.push((name, line(&source, &call)));
            }
        }
        let steps = job.get("steps").into_iter().flat_map(|steps| steps.items());
        for uses in steps.filter_map(|step| step.get("uses")?.scalar()) {
            let line = line(&source, &uses);
            if let Some(name) = lock_name(uses.value) {
                used.locked.push((name, line));
            } else if uses.value.starts_with("./") || uses.value.starts_with("$/") {
                used.leads_on = true;
                if uses.value.starts_with("./") {
                    used.local.push((uses.value.to_owned(), line));
                }
            }
        }
    }
    Some(used)
}

fn line(source: &Source<'_>, scalar: &Scalar<'_>) -> usize {
    source.span(&scalar.at).start.line
}
