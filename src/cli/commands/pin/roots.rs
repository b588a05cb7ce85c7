//! The repositories that files are of, each with options of its own.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use url::Url;

use super::{
    files::{Read, of_unread},
    public, renovate,
};
use crate::{
    cli::commands::selection::Selected,
    document::MAX_BYTES,
    model::{
        chain::chain,
        remote::{ForgeKind, Remote},
    },
    pin::{Options, Repository, Site},
    reference::ACTIONS_LOCK,
    report::references::ReferenceRow,
    seam::{files, git},
};

/// One repository.
pub(super) struct Root<'a> {
    pub(super) repository: Repository,
    pub(super) options: Options,
    /// By their names from its root on.
    files: HashMap<&'a Path, &'a Selected>,
    lock: Option<Selected>,
}

/// The repositories of `reads` in the order in which they come, with the `common` options and what
/// each says itself; also gives a row for each lock of actions that cannot be judged.
pub(super) fn of<'a>(reads: Vec<Read<'a>>, common: &Options) -> (Vec<Root<'a>>, Vec<ReferenceRow>) {
    let mut by_root: Vec<(&Path, Vec<Read<'a>>)> = Vec::new();
    for read in reads {
        let root = &*read.file.root;
        match by_root.iter_mut().find(|(known, _)| *known == root) {
            Some((_, own)) => own.push(read),
            None => by_root.push((root, vec![read])),
        }
    }
    let mut rows = Vec::new();
    let mut roots = Vec::new();
    for (path, reads) in by_root {
        let options = Options {
            gitlab: common.gitlab.clone().or_else(|| gitlab(path)),
            components_by_commit: renovate::extends_our_preset(path),
            ..common.clone()
        };
        let (root, row) = Root::of(reads, options);
        roots.push(root);
        rows.extend(row);
    }
    (roots, rows)
}

impl<'a> Root<'a> {
    fn of(reads: Vec<Read<'a>>, options: Options) -> (Self, Option<ReferenceRow>) {
        let workflow = reads.iter().find(|read| read.naming.is_workflow());
        let lock = workflow.and_then(|read| lock_beside(read.file));
        let bytes = lock.as_ref().map(|lock| {
            let read = files::read(&lock.path, MAX_BYTES as u64);
            read.map_err(|error| chain(&error))
        });
        let files = reads.iter().map(|read| (&*read.file.name, read.file));
        let files = files.collect();
        let naming = reads.into_iter().map(|read| read.naming).collect();
        let (repository, unread) = Repository::of(naming, bytes);
        let root = Self {
            repository,
            options,
            files,
            lock,
        };
        let row = unread.map(|unread| of_unread(root.shown(&unread.path), &unread));
        (root, row)
    }

    /// The file called `name` from the root on.
    pub(super) fn selected(&self, name: &Path) -> Option<&Selected> {
        let lock = self.lock.as_ref().filter(|lock| lock.name == name);
        lock.or_else(|| self.files.get(name).copied())
    }

    /// What the file called `name` is shown as.
    pub(super) fn shown(&self, name: &Path) -> PathBuf {
        let selected = self.selected(name);
        selected.map_or_else(|| name.to_owned(), |file| file.shown.clone())
    }

    /// How many files are looked at.
    pub(super) fn len(&self) -> usize {
        self.files.len() + usize::from(self.lock.is_some())
    }

    /// `of` each file's sites, one after the other, which are given with what the file is shown as.
    pub(super) fn by_file<T>(&self, mut of: impl FnMut(&str, &[Site<'_>]) -> Vec<T>) -> Vec<T> {
        let sites = self.repository.sites();
        let files = sites.chunk_by(|a, b| a.reference.file == b.reference.file);
        let results = files.flat_map(|sites| {
            let name = sites.first().map(|site| &*site.reference.file);
            let shown = self.shown(name.unwrap_or(Path::new("")));
            of(&shown.to_string_lossy(), sites)
        });
        results.collect()
    }
}

/// The lock beside a workflow.
fn lock_beside(workflow: &Selected) -> Option<Selected> {
    let name = Path::new(ACTIONS_LOCK);
    let path = workflow.root.join(name);
    let is_first = workflow.shown == workflow.name;
    files::is_regular(&path).unwrap_or(false).then(|| Selected {
        shown: if is_first {
            name.to_owned()
        } else {
            path.clone()
        },
        root: Arc::clone(&workflow.root),
        within: Arc::clone(&workflow.within),
        name: name.to_owned(),
        is_named: false,
        path,
    })
}

/// The GitLab that the repository at `root` was cloned from.
fn gitlab(root: &Path) -> Option<Url> {
    let repository = git::Repository::around(root, true).ok()??;
    let remote = Remote::of(&repository.origin().ok()??, None)?;
    let is_gitlab = remote.kind == ForgeKind::GitLab;
    is_gitlab.then(|| public(&remote.host).ok()).flatten()
}
