//! The files of a commit, read with the `git` program; the work tree's own files never count.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    files::{self, FileError},
    process::{Finished, Invocation, ProcessError, Variables},
};
use crate::model::commit::CommitId;

/// How long one call of git may take, a fetch included.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest file `.git`, which holds one path.
const LINK_BYTES: u64 = 8 << 10;
/// The most that it may say beside a file's content.
const ANSWER_BYTES: u64 = 1 << 20;

/// A file of a commit that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The program is not there, or did not come to its end.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// Git refused or could not read its own files.
    #[error("`git` failed {0}")]
    Failed(&'static str),
    /// The commit is not in the repository, and could not be fetched into it.
    #[error("commit {commit} is not in the checkout {}{}", root.display(),
            if *fetched { " and could not be fetched from its origin" } else { "" })]
    NoCommit {
        /// Which commit.
        commit: CommitId,
        /// Where the work tree begins.
        root: PathBuf,
        /// Whether it was asked for at the origin.
        fetched: bool,
    },
    /// The commit has no such file.
    #[error("commit {commit} has no {path}")]
    Absent {
        /// Which commit.
        commit: CommitId,
        /// The path from the repository's root.
        path: String,
    },
    /// Something else than a regular file has that name.
    #[error("in commit {commit}, {path} is {kind}, not a regular file")]
    NotAFile {
        /// Which commit.
        commit: CommitId,
        /// The path from the repository's root.
        path: String,
        /// What it is.
        kind: &'static str,
    },
    /// The path cannot be named to git.
    #[error("{} is not UTF-8, so no commit is searched for it", .0.display())]
    NotUtf8(PathBuf),
}

/// The innermost work tree that `folder` lies in, a submodule's own included; git is not asked.
pub fn work_tree(folder: &Path) -> Result<Option<&Path>, FileError> {
    for ancestor in folder.ancestors() {
        if files::lies_at(&ancestor.join(".git"))? {
            return Ok(Some(ancestor));
        }
    }
    Ok(None)
}

/// A git work tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    root: PathBuf,
    offline: bool,
}

/// What a commit has at a path.
#[derive(Debug)]
struct Entry {
    mode: String,
    object: String,
    path: String,
}

impl Repository {
    /// The innermost work tree that `path` lies in; nothing need exist there. A submodule belongs
    /// to the work tree around it: where it lies and what it holds is said by whoever wrote that.
    ///
    /// If `offline`, nothing is fetched into it.
    pub fn around(path: &Path, offline: bool) -> Result<Option<Self>, FileError> {
        let mut root = None;
        for folder in path.ancestors() {
            let git = folder.join(".git");
            if files::lies_at(&git)? {
                root = Some(folder.to_owned());
                if !is_submodules(&git)? {
                    break;
                }
            }
        }
        Ok(root.map(|root| Self { root, offline }))
    }

    /// Where the work tree begins.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The URL of the remote `origin`, as whoever set it up wrote it: with a password, maybe.
    pub fn origin(&self) -> Result<Option<String>, GitError> {
        let finished = self.git(&["config", "--get", "remote.origin.url"], LINK_BYTES)?;
        let url = String::from_utf8(finished.output).ok();
        let url = url.filter(|_| finished.success);
        Ok(url.map(|url| url.trim().to_owned()))
    }

    /// The path from the work tree's root as git writes it.
    pub fn relative(&self, path: &Path) -> Result<String, GitError> {
        path.strip_prefix(&self.root)
            .ok()
            .and_then(Path::to_str)
            .map(str::to_owned)
            .ok_or_else(|| GitError::NotUtf8(path.to_owned()))
    }

    /// Sees to it that `commit` is there: if it is not, it is fetched once from the origin.
    pub fn require(&self, commit: &CommitId) -> Result<(), GitError> {
        if self.has(commit)? {
            return Ok(());
        }
        if !self.offline {
            self.fetch(commit)?;
            if self.has(commit)? {
                return Ok(());
            }
        }
        Err(GitError::NoCommit {
            commit: commit.clone(),
            root: self.root.clone(),
            fetched: !self.offline,
        })
    }

    /// The one of `paths` with the most folders that `commit` has, whatever it is there.
    pub fn deepest(&self, commit: &CommitId, paths: &[String]) -> Result<Option<String>, GitError> {
        let entries = self.list(commit, paths)?;
        let deepest = entries
            .into_iter()
            .filter(|entry| paths.contains(&entry.path))
            .max_by_key(|entry| entry.path.matches('/').count());
        Ok(deepest.map(|entry| entry.path))
    }

    /// The content of the regular file `path` of `commit`; links are not followed.
    pub fn read(&self, commit: &CommitId, path: &str, limit: u64) -> Result<Vec<u8>, GitError> {
        let listed = self.list(commit, &[path.to_owned()])?;
        let Some(entry) = listed.into_iter().find(|entry| entry.path == path) else {
            return Err(GitError::Absent {
                commit: commit.clone(),
                path: path.to_owned(),
            });
        };
        let kind = match entry.mode.as_str() {
            "100644" | "100755" => None,
            "120000" => Some("a symbolic link"),
            "160000" => Some("a submodule"),
            _ => Some("a folder"),
        };
        if let Some(kind) = kind {
            return Err(GitError::NotAFile {
                commit: commit.clone(),
                path: path.to_owned(),
                kind,
            });
        }
        let finished = self.git(&["cat-file", "blob", &entry.object], limit)?;
        if !finished.success {
            return Err(GitError::Failed(READING));
        }
        Ok(finished.output)
    }

    fn has(&self, commit: &CommitId) -> Result<bool, GitError> {
        let arguments = ["cat-file", "-t", commit.as_str()];
        let finished = self.git(&arguments, ANSWER_BYTES)?;
        Ok(finished.success && finished.output == b"commit\n")
    }

    /// Without a depth, a shallow repository would be given the whole history.
    fn fetch(&self, commit: &CommitId) -> Result<(), GitError> {
        let arguments = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--depth=1",
            "--no-recurse-submodules",
            "--no-write-fetch-head",
            "origin",
            commit.as_str(),
        ];
        // Whether that went well is seen by the commit's being there.
        self.git(&arguments, ANSWER_BYTES)?;
        Ok(())
    }

    fn list(&self, commit: &CommitId, paths: &[String]) -> Result<Vec<Entry>, GitError> {
        let mut arguments = vec!["ls-tree", "-z", "--full-tree", commit.as_str(), "--"];
        arguments.extend(paths.iter().map(String::as_str));
        let finished = self.git(&arguments, ANSWER_BYTES)?;
        let text = String::from_utf8(finished.output).ok();
        let entries = text.filter(|_| finished.success).and_then(|text| {
            let lines = text.split_terminator('\0');
            lines.map(Entry::parse).collect::<Option<Vec<_>>>()
        });
        entries.ok_or(GitError::Failed(READING))
    }

    /// Runs git on this repository and no other, with nothing that could run another program.
    fn git(&self, arguments: &[&str], output_limit: u64) -> Result<Finished, GitError> {
        let root = self.root.to_str();
        let root = root.ok_or_else(|| GitError::NotUtf8(self.root.clone()))?;
        // Named, not searched for: a folder of the checkout could pose as a bare repository.
        let git_dir = format!("--git-dir={root}/.git");
        let work_tree = format!("--work-tree={root}");
        let safe = format!("safe.directory={root}");
        let mut all = vec![
            &git_dir as &str,
            &work_tree,
            "--no-pager",
            "--no-replace-objects",
            "--literal-pathspecs",
            "-c",
            &safe,
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "core.fsmonitor=false",
            "-c",
            "gc.auto=0",
            "-c",
            "maintenance.auto=false",
        ];
        all.extend(arguments);
        let mut set = vec![("GIT_TERMINAL_PROMPT", "0"), ("GIT_OPTIONAL_LOCKS", "0")];
        if self.offline {
            set.push(("GIT_NO_LAZY_FETCH", "1"));
        }
        let invocation = Invocation {
            purpose: READING,
            program: "git",
            arguments: &all,
            input: b"",
            path: None,
            variables: Variables {
                without: Some("GIT_"),
                set: &set,
            },
            time_limit: PATIENCE,
            output_limit,
        };
        Ok(invocation.run_blocking()?)
    }
}

/// Whether what `.git` names is the repository of a submodule.
fn is_submodules(git: &Path) -> Result<bool, FileError> {
    match files::read(git, LINK_BYTES) {
        Ok(link) => Ok(String::from_utf8_lossy(&link).contains("/.git/modules/")),
        Err(FileError::NotAFile { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

const READING: &str = "reading the base commit";

impl Entry {
    /// Reads `MODE TYPE OBJECT<tab>PATH`.
    fn parse(line: &str) -> Option<Self> {
        let (head, path) = line.split_once('\t')?;
        let mut words = head.split(' ');
        let (mode, _, object) = (words.next()?, words.next()?, words.next()?);
        Some(Self {
            mode: mode.to_owned(),
            object: object.to_owned(),
            path: path.to_owned(),
        })
    }
}
