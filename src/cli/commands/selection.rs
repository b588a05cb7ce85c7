//! The files that a verb reads: those named, and those below the folders named.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    cli::failure::CliFailure,
    seam::{
        files, git,
        walk::{self, Unread},
    },
};

/// The files of one repository, or of several.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) files: Vec<Selected>,
    /// What could not be looked into, by the same names as files are shown.
    pub(super) unread: Vec<Unread>,
    /// Whether there are more files than are looked at.
    pub(super) truncated: bool,
}

/// A file to read.
#[derive(Debug)]
pub(super) struct Selected {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// The root of its repository, or the folder that was named where there is no repository.
    pub(super) root: Arc<Path>,
    /// Its name from that root: this tells its kind.
    pub(super) name: PathBuf,
    /// What findings call it: its name, with the whole path before it where it is of another
    /// repository than the first.
    pub(super) shown: PathBuf,
    /// Whether the command line names the file itself.
    pub(super) is_named: bool,
}

impl Selection {
    /// The files at and below `paths`, each once; below folders only those that `wanted` accepts by
    /// their names from the repository's root.
    pub(super) fn of(
        paths: &[PathBuf],
        wanted: impl Fn(&Path) -> bool,
    ) -> Result<Self, CliFailure> {
        let here = [PathBuf::from(".")];
        let paths = if paths.is_empty() { &here } else { paths };
        let mut search = Search {
            wanted,
            first: None,
            seen: HashMap::new(),
            found: Self {
                files: Vec::new(),
                unread: Vec::new(),
                truncated: false,
            },
        };
        for path in paths {
            search.add(&files::resolve(path)?)?;
        }
        Ok(search.found)
    }
}

/// A selection that is being made.
struct Search<W> {
    wanted: W,
    /// The root that files are shown from.
    first: Option<Arc<Path>>,
    /// Where in the selection each path is.
    seen: HashMap<PathBuf, usize>,
    found: Selection,
}

impl<W: Fn(&Path) -> bool> Search<W> {
    fn add(&mut self, path: &Path) -> Result<(), CliFailure> {
        let is_named = files::is_regular(path)?;
        let folder = path.parent().filter(|_| is_named).unwrap_or(path);
        let root: Arc<Path> = git::work_tree(folder)?.unwrap_or(folder).into();
        let first = self.first.get_or_insert_with(|| root.clone()).clone();
        let wanted = |below: &Path| is_named || (self.wanted)(below_of(&root, &folder.join(below)));
        let walked = walk::walk(path, wanted);
        for file in walked.files {
            let path = folder.join(file);
            let known = self.seen.entry(path.clone());
            let number = *known.or_insert(self.found.files.len());
            if let Some(file) = self.found.files.get_mut(number) {
                file.is_named |= is_named;
                continue;
            }
            self.found.files.push(Selected {
                name: below_of(&root, &path).to_owned(),
                shown: below_of(&first, &path).to_owned(),
                root: root.clone(),
                path,
                is_named,
            });
        }
        for unread in walked.unread {
            let path = below_of(&first, &folder.join(unread.path)).to_owned();
            self.found.unread.push(Unread { path, ..unread });
        }
        self.found.truncated |= walked.truncated;
        Ok(())
    }
}

/// `path` from `root`, or as it is where it lies elsewhere.
fn below_of<'a>(root: &Path, path: &'a Path) -> &'a Path {
    path.strip_prefix(root).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate;

    /// Writes empty files below a new folder; `.git` makes it a repository.
    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            files::make_parents(&path).unwrap();
            files::create(&path, b"", 0o644).unwrap();
        }
        folder
    }

    fn names(selection: &Selection) -> Vec<&str> {
        let names = selection.files.iter();
        names.map(|file| file.name.to_str().unwrap()).collect()
    }

    #[test]
    fn a_folder_within_is_asked_for_by_names_from_the_root() {
        let folder = folder(&[
            ".git",
            ".github/workflows/actions.lock",
            ".github/workflows/ci.yml",
            ".github/workflows/notes.md",
            "actions.lock",
        ]);
        let lock = ".github/workflows/actions.lock";
        for below in ["", ".github", ".github/workflows"] {
            let paths = [folder.path().join(below)];
            let selection = Selection::of(&paths, validate::is_candidate).unwrap();
            assert_eq!(names(&selection), [lock, ".github/workflows/ci.yml"]);
        }
        let paths = [folder.path().join(lock)];
        let selection = Selection::of(&paths, |_| false).unwrap();
        assert_eq!(names(&selection), [lock]);
        assert!(selection.files[0].is_named);
    }

    #[test]
    fn every_file_is_named_from_its_own_repository() {
        let parent = folder(&["a/.git", "a/ci/x.yml", "b/.git", "b/ci/y.yml"]);
        let parent = files::resolve(parent.path()).unwrap();
        let paths = ["a/ci", "b/ci/y.yml", "a"].map(|path| parent.join(path));
        let selection = Selection::of(&paths, validate::is_candidate).unwrap();
        assert_eq!(names(&selection), ["ci/x.yml", "ci/y.yml"]);
        let [x, y] = &selection.files[..] else {
            panic!("{selection:?}");
        };
        assert_eq!(x.shown, Path::new("ci/x.yml"));
        assert_eq!(*x.root, *parent.join("a"));
        assert_eq!(y.shown, parent.join("b/ci/y.yml"));
        assert_eq!(*y.root, *parent.join("b"));
    }

    #[test]
    fn a_file_that_is_found_first_is_named_all_the_same() {
        let folder = folder(&["x.yml"]);
        let paths = [folder.path().to_owned(), folder.path().join("x.yml")];
        let selection = Selection::of(&paths, validate::is_candidate).unwrap();
        assert_eq!(names(&selection), ["x.yml"]);
        assert!(selection.files[0].is_named);
    }
}
