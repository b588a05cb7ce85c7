//! The files of one repository that name something, with GitHub's lock of its actions; no input or
//! output.

use std::path::{Path, PathBuf};

use super::{
    actions_lock::{Locked, WorkflowLock},
    plan::Site,
};
use crate::{
    document::DocumentError,
    model::{pinning::Status, span::Position},
    reference::{self, ACTIONS_LOCK, FileKind, Reference},
    report::finding::Severity,
};

/// A file that names something.
#[derive(Clone, Debug)]
pub struct NamingFile {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    pub(super) references: Vec<Reference>,
    /// How each of them stands in the lock that governs it.
    locked: Vec<Option<Locked>>,
}

/// A file of which it is not known what it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Which file, from the repository's root on.
    pub path: PathBuf,
    /// [`Status::Ignored`] where nothing says that a platform reads it.
    pub status: Status,
    /// Where reading ended, if it began.
    pub position: Option<Position>,
    /// Why, for people.
    pub reason: String,
}

/// The files of one repository that name something, to be decided about and edited together.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    /// The last is the lock, where there is one.
    pub(super) files: Vec<NamingFile>,
    pub(super) lock: Option<WorkflowLock>,
}

impl NamingFile {
    /// Reads the file `path`, as it is called from the repository's root on; nothing where it names
    /// nothing.
    pub fn read(path: PathBuf, bytes: Vec<u8>) -> Result<Option<Self>, Unread> {
        let references = reference::references(&path, &bytes);
        let references = references.map_err(|error| Unread::of(&path, &error))?;
        Ok((!references.is_empty()).then(|| Self {
            locked: vec![None; references.len()],
            path,
            bytes,
            references,
        }))
    }

    /// Whether it is a workflow, which a lock may govern.
    pub fn is_workflow(&self) -> bool {
        FileKind::of_path(&self.path) == Some(FileKind::GithubWorkflow)
    }
}

impl Unread {
    /// A file that could not be had, and why.
    pub fn error(path: impl Into<PathBuf>, reason: String) -> Self {
        Self {
            path: path.into(),
            status: Status::Error,
            position: None,
            reason,
        }
    }

    fn of(path: &Path, error: &DocumentError) -> Self {
        let status = match reference::unreadable(error).severity {
            Severity::Error => Status::Error,
            Severity::Warning | Severity::Note => Status::Ignored,
        };
        Self {
            path: path.to_owned(),
            status,
            position: error.position,
            reason: error.problem.to_string(),
        }
    }
}

impl Repository {
    /// The repository of `files`, whose paths start at its root, and what of it cannot be told.
    ///
    /// Those that name nothing are left out; the lock of actions counts where a workflow does.
    pub fn read(files: impl IntoIterator<Item = (PathBuf, Vec<u8>)>) -> (Self, Vec<Unread>) {
        let (mut naming, mut unread) = (Vec::new(), Vec::new());
        let mut lock = None;
        for (path, bytes) in files {
            if path == Path::new(ACTIONS_LOCK) {
                lock = Some(Ok(bytes));
                continue;
            }
            match NamingFile::read(path, bytes) {
                Ok(file) => naming.extend(file),
                Err(error) => unread.push(error),
            }
        }
        let (repository, of_lock) = Self::of(naming, lock);
        unread.extend(of_lock);
        (repository, unread)
    }

    /// The repository of `files`, with its lock of actions or why that cannot be had.
    pub fn of(
        mut files: Vec<NamingFile>,
        lock: Option<Result<Vec<u8>, String>>,
    ) -> (Self, Option<Unread>) {
        let Some(lock) = lock.filter(|_| files.iter().any(NamingFile::is_workflow)) else {
            return (Self { files, lock: None }, None);
        };
        let (bytes, lock) = match lock {
            Ok(bytes) => {
                let lock = WorkflowLock::read(&bytes);
                (bytes, lock)
            }
            Err(reason) => (Vec::new(), WorkflowLock::unreadable(reason)),
        };
        let unread = lock.problem().map(|(reason, is_broken)| Unread {
            status: if is_broken {
                Status::Error
            } else {
                Status::Unknown
            },
            ..Unread::error(ACTIONS_LOCK, reason.to_owned())
        });
        for file in &mut files {
            file.locked = lock.locked(&file.references);
        }
        let beyond = lock.beyond(files.iter().flat_map(|file| &file.references));
        let (references, locked): (Vec<_>, Vec<_>) = beyond.into_iter().unzip();
        files.push(NamingFile {
            path: ACTIONS_LOCK.into(),
            bytes,
            references,
            locked: locked.into_iter().map(Some).collect(),
        });
        let lock = Some(lock);
        (Self { files, lock }, unread)
    }

    /// What the files name, file by file, as it is to be decided about.
    pub fn sites(&self) -> Vec<Site<'_>> {
        self.files.iter().flat_map(NamingFile::sites).collect()
    }
}

impl NamingFile {
    fn sites(&self) -> impl Iterator<Item = Site<'_>> {
        let sites = self.references.iter().zip(&self.locked);
        sites.map(|(reference, locked)| Site {
            reference,
            locked: locked.as_ref(),
        })
    }
}
