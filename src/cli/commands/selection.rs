//! The files that a verb reads: those named, and those below the folders named.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use crate::{
    cli::failure::CliFailure,
    seam::{
        files, git,
        walk::{self, Unread},
    },
};

/// The files of one repository.
#[derive(Debug)]
pub(super) struct Selection {
    /// The repository's root, or the folder where there is no repository.
    pub(super) root: PathBuf,
    pub(super) files: Vec<Selected>,
    /// What could not be looked into, by the same names as files.
    pub(super) unread: Vec<Unread>,
    /// Whether there are more files than are looked at.
    pub(super) truncated: bool,
}

/// A file to read.
#[derive(Debug)]
pub(super) struct Selected {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// Its name from the repository's root: this tells its kind, and code scanning finds it by it.
    pub(super) name: PathBuf,
    /// Whether the command line names the file itself.
    pub(super) is_named: bool,
}

impl Selection {
    /// The files at and below `paths`, each once; below folders only those that `wanted` accepts by
    /// their names. All names start at the repository around the first path.
    pub(super) fn of(
        paths: &[PathBuf],
        wanted: impl Fn(&Path) -> bool,
    ) -> Result<Self, CliFailure> {
        let here = [PathBuf::from(".")];
        let paths = if paths.is_empty() { &here } else { paths };
        let resolved: Vec<PathBuf> = paths
            .iter()
            .map(|path| files::resolve(path))
            .collect::<Result<_, _>>()?;
        let mut selection = Self {
            root: root_of(&resolved[0])?,
            files: Vec::new(),
            unread: Vec::new(),
            truncated: false,
        };
        let mut seen = HashSet::new();
        for path in &resolved {
            selection.add(path, &wanted, &mut seen)?;
        }
        Ok(selection)
    }

    fn add(
        &mut self,
        path: &Path,
        wanted: impl Fn(&Path) -> bool,
        seen: &mut HashSet<PathBuf>,
    ) -> Result<(), CliFailure> {
        let is_named = files::is_regular(path)?;
        let folder = path.parent().filter(|_| is_named).unwrap_or(path);
        let walked = walk::walk(path, |below| is_named || wanted(below));
        for file in walked.files {
            let path = folder.join(file);
            if seen.insert(path.clone()) {
                let name = self.name(&path);
                self.files.push(Selected {
                    path,
                    name,
                    is_named,
                });
            }
        }
        for unread in walked.unread {
            let path = self.name(&folder.join(unread.path));
            self.unread.push(Unread { path, ..unread });
        }
        self.truncated |= walked.truncated;
        Ok(())
    }

    fn name(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap_or(path).to_owned()
    }
}

fn root_of(path: &Path) -> Result<PathBuf, CliFailure> {
    let folder = match path.parent() {
        Some(folder) if files::is_regular(path)? => folder,
        _ => path,
    };
    Ok(git::work_tree(folder)?.unwrap_or(folder).to_owned())
}
