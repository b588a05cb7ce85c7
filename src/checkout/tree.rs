//! Where the files of a policy are read from: the disk, or the commit that a change is made to.

use std::path::{Path, PathBuf};

use super::{
    origin::{self, PolicyOrigin},
    platform,
};
use crate::{
    model::{commit::CommitId, path::lexical},
    seam::{
        environment::Environment,
        files::{self, FileError},
        git::{self, GitError, Repository},
    },
};

/// The folder of fullsend.yaml, from which its relative paths start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// A folder on the disk.
    Folder(PathBuf),
    /// A folder whose files on the disk may be a stranger's.
    Base {
        /// The folder.
        folder: PathBuf,
        /// What its files were before.
        base: Base,
    },
}

/// The version of a checkout that was there before a stranger's change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// The commit, or why it is not known: then no file of a checkout is read at all.
    pub commit: Result<CommitId, String>,
    /// What people call it: `main`.
    pub name: String,
    /// Where the CI job keeps its checkouts. Files outside of it and of every git work tree are
    /// not a stranger's.
    pub workspace: Option<PathBuf>,
    /// Whether the commit may not be fetched.
    pub offline: bool,
}

/// A file that could not be read from where it counts.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// From the disk.
    #[error(transparent)]
    File(#[from] FileError),
    /// A stranger's version of it is on the disk, and the trusted one cannot be had.
    #[error("could not read {} as it was before the change", path.display())]
    Base {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: BaseError,
    },
}

impl TreeError {
    /// What the user can do about it, where the message does not say.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File(_) => None,
            Self::Base { source, .. } => Some(source.hint()),
        }
    }
}

/// The version from before a change that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// Nothing says which commit it is.
    #[error("the base commit is not known: {0}")]
    Unknown(String),
    /// There is no history to find it in.
    #[error("it lies in the job's checkout, which is no git work tree")]
    NoRepository,
    /// Git has no answer.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl BaseError {
    fn hint(&self) -> String {
        let first = match self {
            Self::Git(GitError::NoCommit { .. }) => {
                "check out with `fetch-depth: 0` (on GitLab `GIT_DEPTH: 0`)"
            }
            Self::Git(GitError::Absent { .. }) => "name a file that the base has",
            Self::Git(GitError::NotAFile { .. }) => "make it a regular file in the base",
            Self::Git(_) => "see to it that `git` works in the checkout",
            Self::NoRepository => "make the checkout with git, or put the file outside of it",
            Self::Unknown(_) => "pass on the CI platform's variables and the event's file",
        };
        format!("{first}; --trust-checkout reads the checkout's own files, whoever wrote them")
    }
}

/// Where one file is read.
#[derive(Debug)]
enum Place {
    Disk,
    Commit {
        repository: Repository,
        path: String,
    },
}

impl Tree {
    /// The files of `folder` that people wrote who may write to the repository: its own, or what
    /// they were before the change that this CI job is about.
    ///
    /// `offline` says that what they were may not be fetched.
    pub fn trusted(environment: &Environment, folder: &Path, offline: bool) -> Self {
        let folder = folder.to_owned();
        let (commit, name) = match origin::of_policy(environment) {
            PolicyOrigin::Checkout => return Self::Folder(folder),
            PolicyOrigin::Base { commit, name } => (Ok(commit), name),
            PolicyOrigin::Unknown(reason) => (Err(reason), "base".to_owned()),
        };
        let base = Base {
            commit,
            name,
            workspace: platform::workspace(environment),
            offline,
        };
        Self::Base { folder, base }
    }

    /// The folder on the disk, where whatever is no part of the policy is.
    pub fn folder(&self) -> &Path {
        match self {
            Self::Folder(folder) | Self::Base { folder, .. } => folder,
        }
    }

    /// The same files with relative paths that start at `folder`.
    #[must_use]
    pub fn at(&self, folder: &Path) -> Self {
        let folder = folder.to_owned();
        match self {
            Self::Folder(_) => Self::Folder(folder),
            Self::Base { base, .. } => Self::Base {
                folder,
                base: base.clone(),
            },
        }
    }

    /// How a message names the file at `path`.
    pub fn name(&self, path: &Path) -> String {
        let path = self.folder().join(path);
        if let Self::Base { base, .. } = self
            && let Ok(commit) = &base.commit
            && let Ok(Place::Commit { path, .. }) = base.place(&path)
        {
            return format!("{}@{}:{path}", base.name, commit.short());
        }
        path.display().to_string()
    }

    /// `NAME@COMMIT` of what the file at `path` is read from; none for the disk.
    pub fn revision(&self, path: &Path) -> Result<Option<String>, TreeError> {
        let Self::Base { folder, base } = self else {
            return Ok(None);
        };
        let path = folder.join(path);
        match (base.place(&path)?, &base.commit) {
            (Place::Commit { .. }, Ok(commit)) => Ok(Some(format!("{}@{commit}", base.name))),
            _ => Ok(None),
        }
    }

    /// Reads a regular file of at most `limit` bytes.
    ///
    /// An absolute path may lead out of the folder; it is read where every other would be.
    pub fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, TreeError> {
        let path = self.folder().join(path);
        let Self::Base { base, .. } = self else {
            return Ok(files::read(&path, limit)?);
        };
        match base.place(&path)? {
            Place::Disk => Ok(files::read(&path, limit)?),
            Place::Commit {
                repository,
                path: inside,
            } => base
                .required(&repository)
                .and_then(|commit| Ok(repository.read(commit, &inside, limit)?))
                .map_err(|source| TreeError::Base { path, source }),
        }
    }

    /// The nearest file of that name in the folder or above, no further than the repository's
    /// root; for a base, among the files of its commit.
    pub fn find(&self, name: &str) -> Result<Option<PathBuf>, TreeError> {
        let folder = self.folder();
        if let Self::Base { base, .. } = self
            && let Some(repository) = Repository::around(folder, base.offline)?
        {
            let found = base.find(&repository, folder, name);
            return found.map_err(|source| TreeError::Base {
                path: folder.join(name),
                source,
            });
        }
        let root = git::work_tree(folder)?.unwrap_or(Path::new(""));
        for within in folder.ancestors().take_while(|it| it.starts_with(root)) {
            let candidate = within.join(name);
            if files::lies_at(&candidate)? {
                return Ok(Some(candidate));
            }
        }
        Ok(None)
    }
}

impl Base {
    fn required(&self, repository: &Repository) -> Result<&CommitId, BaseError> {
        let commit = self.commit.as_ref();
        let commit = commit.map_err(|reason| BaseError::Unknown(reason.clone()))?;
        repository.require(commit)?;
        Ok(commit)
    }

    fn find(
        &self,
        repository: &Repository,
        folder: &Path,
        name: &str,
    ) -> Result<Option<PathBuf>, BaseError> {
        let commit = self.required(repository)?;
        let within = folder.ancestors();
        let candidates = within
            .take_while(|folder| folder.starts_with(repository.root()))
            .map(|folder| repository.relative(&folder.join(name)))
            .collect::<Result<Vec<_>, _>>()?;
        let found = repository.deepest(commit, &candidates)?;
        Ok(found.map(|path| repository.root().join(path)))
    }

    /// Where the file at the absolute `path` is read.
    ///
    /// What the path says decides before what the disk's links make of it, as those in the checkout
    /// are a stranger's too.
    fn place(&self, path: &Path) -> Result<Place, TreeError> {
        if let Some(place) = self.place_inside(&lexical(path))? {
            return Ok(place);
        }
        // A link from outside may lead into the checkout.
        let place = match files::resolve(path) {
            Ok(real) => self.place_inside(&real)?,
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error.into()),
        };
        Ok(place.unwrap_or(Place::Disk))
    }

    fn place_inside(&self, path: &Path) -> Result<Option<Place>, TreeError> {
        let refused = |source| TreeError::Base {
            path: path.to_owned(),
            source,
        };
        if let Some(repository) = Repository::around(path, self.offline)? {
            let relative = repository.relative(path);
            let path = relative.map_err(|error| refused(error.into()))?;
            return Ok(Some(Place::Commit { repository, path }));
        }
        let Some(workspace) = &self.workspace else {
            return Ok(None);
        };
        let real = files::resolve(workspace).ok();
        if path.starts_with(workspace) || real.is_some_and(|real| path.starts_with(real)) {
            return Err(refused(BaseError::NoRepository));
        }
        Ok(None)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "lays out folders to search")]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_search_ends_at_the_innermost_work_tree() {
        let outer = tempfile::tempdir().unwrap();
        let (inner, deep) = (outer.path().join("inner"), outer.path().join("inner/a/b"));
        fs::create_dir_all(&deep).unwrap();
        let found = |folder: &Path| Tree::Folder(folder.to_owned()).find("x.yaml").unwrap();
        fs::write(outer.path().join("x.yaml"), "").unwrap();
        assert_eq!(found(&deep), Some(outer.path().join("x.yaml")));
        fs::write(inner.join(".git"), "gitdir: elsewhere\n").unwrap();
        assert_eq!(git::work_tree(&deep).unwrap(), Some(inner.as_path()));
        assert_eq!(found(&deep), None);
        fs::write(inner.join("x.yaml"), "").unwrap();
        assert_eq!(found(&deep), Some(inner.join("x.yaml")));
        fs::write(inner.join("a/x.yaml"), "").unwrap();
        assert_eq!(found(&deep), Some(inner.join("a/x.yaml")));
    }
}
