//! The files that a verb reads: those named, and those below the folders named.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use globset::{GlobBuilder, GlobSet};

use crate::{
    cli::failure::CliFailure,
    model::chain::chain,
    report::finding::{Finding, Rule},
    seam::{
        files::{self, FileError},
        git,
        walk::{self, Unread},
    },
};

/// Longer files are not read by any verb. What is parsed is far shorter, which the readers of
/// documents see to; but only its bytes tell that a longer file is none of them.
pub(super) const MAX_FILE_BYTES: u64 = 16 << 20;

/// Which files a verb reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// Whether a file below a folder is, by its name from the repository's root; one that the
    /// command line names always is.
    pub(super) is_candidate: fn(&Path) -> bool,
    /// What is left out even so.
    pub(super) exclude: &'a [Exclude],
}

/// A pattern of files and folders that are left out.
#[derive(Clone, Debug)]
pub(super) struct Exclude(GlobSet);

impl Exclude {
    /// Reads a pattern of the command line.
    ///
    /// It is about the whole path from the repository's root: `*` and `?` stay within one name, `**`
    /// crosses folders.
    pub(super) fn parse(pattern: &str) -> Result<Self, String> {
        let pattern = pattern.trim_start_matches("./").trim_matches('/');
        if pattern.is_empty() {
            return Err("it names nothing within the repository".to_owned());
        }
        // The crate's own sentence names the pattern first, which clap does already.
        let refused = |error: globset::Error| error.kind().to_string();
        let mut glob = GlobBuilder::new(pattern);
        let glob = glob.literal_separator(true).build().map_err(refused)?;
        // A set of one: a matcher alone panics where the pattern is too large.
        let set = GlobSet::builder().add(glob).build();
        set.map(Self).map_err(refused)
    }

    /// Whether it leaves out the file `name`, be it with a folder around it.
    fn holds(&self, name: &Path) -> bool {
        let mut parts = name.ancestors();
        parts.any(|part| part != Path::new("") && self.0.is_match(part))
    }
}

impl Wanted<'_> {
    fn takes(&self, name: &Path, is_named: bool) -> bool {
        (is_named || (self.is_candidate)(name)) && !self.exclude.iter().any(|it| it.holds(name))
    }
}

/// The files of one repository, or of several.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) files: Vec<Selected>,
    /// What could not be looked into, by the same names as files are shown.
    unread: Vec<Unread>,
    /// Whether there are more files than are looked at.
    truncated: bool,
}

/// A file to read.
#[derive(Debug)]
pub(super) struct Selected {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// The root of its repository, or the folder that was named where there is no repository.
    pub(super) root: Arc<Path>,
    /// Below which folder it may be written: another than the root where the command line names it
    /// through a link that leads out of its repository.
    pub(super) within: Arc<Path>,
    /// Its name from that root: this tells its kind.
    pub(super) name: PathBuf,
    /// What findings call it: its name, with the whole path before it where it is of another
    /// repository than the first.
    pub(super) shown: PathBuf,
    /// Whether the command line names the file itself.
    pub(super) is_named: bool,
}

impl Selection {
    /// The `wanted` files at and below `paths`, each once.
    pub(super) fn of(paths: &[PathBuf], wanted: Wanted<'_>) -> Result<Self, CliFailure> {
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
            search.add(path)?;
        }
        Ok(search.found)
    }

    /// A finding of `rule` for everything that could not be looked into.
    pub(super) fn unread(&self, rule: &'static Rule) -> Vec<Finding> {
        let unread = self.unread.iter();
        let unread = unread.map(|it| Finding::whole_file(rule, &it.path, it.reason.as_str()));
        let more = "there are more files than are looked at";
        let more = self
            .truncated
            .then(|| Finding::whole_file(rule, Path::new("."), more));
        unread.chain(more).collect()
    }
}

impl Selected {
    /// Its bytes.
    pub(super) fn read(&self) -> Result<Vec<u8>, FileError> {
        files::read(&self.path, MAX_FILE_BYTES)
    }

    /// Puts `new` in its place, as long as it still holds the bytes `read`.
    pub(super) fn replace(&self, read: &[u8], new: &[u8]) -> Result<(), FileError> {
        files::replace_if_unchanged(&self.within, &self.path, read, new)
    }

    /// The finding of `rule` that [`Self::read`] failed.
    pub(super) fn unread(&self, rule: &'static Rule, error: &FileError) -> Finding {
        Finding::whole_file(rule, &self.shown, chain(error))
    }
}

/// A selection that is being made.
struct Search<'a> {
    wanted: Wanted<'a>,
    /// The root that files are shown from.
    first: Option<Arc<Path>>,
    /// Where in the selection each path is.
    seen: HashMap<PathBuf, usize>,
    found: Selection,
}

/// What the files at and below one path have in common.
struct Bounds {
    root: Arc<Path>,
    within: Arc<Path>,
}

impl Search<'_> {
    fn add(&mut self, path: &Path) -> Result<(), CliFailure> {
        // A link that is named is the file of that name, wherever it leads.
        let named = path.file_name().filter(|_| !files::is_folder(path));
        let folder = named.and_then(|_| path.parent()).unwrap_or(path);
        let folder = if folder == Path::new("") {
            Path::new(".")
        } else {
            folder
        };
        let folder = files::resolve(folder)?;
        let root: Arc<Path> = git::work_tree(&folder)?.unwrap_or(&folder).into();
        let within = left_behind(
            path.parent().filter(|_| named.is_some()).unwrap_or(path),
            &folder,
        )?;
        let bounds = Bounds {
            within: within.unwrap_or_else(|| root.clone()),
            root,
        };
        self.first.get_or_insert_with(|| bounds.root.clone());
        match named {
            Some(name) => self.add_named(folder.join(name), &bounds)?,
            None => self.add_folder(&folder, &bounds),
        }
        Ok(())
    }

    fn add_named(&mut self, path: PathBuf, bounds: &Bounds) -> Result<(), CliFailure> {
        if !files::is_regular(&path)? {
            return Err(FileError::NotAFile { path }.into());
        }
        if self.wanted.takes(below_of(&bounds.root, &path), true) {
            self.select(path, bounds, true);
        }
        Ok(())
    }

    fn add_folder(&mut self, folder: &Path, bounds: &Bounds) {
        let walked = walk::walk(folder, |below| {
            let path = folder.join(below);
            self.wanted.takes(below_of(&bounds.root, &path), false)
        });
        for file in walked.files {
            self.select(folder.join(file), bounds, false);
        }
        for unread in walked.unread {
            let path = self.shown(&folder.join(unread.path));
            self.found.unread.push(Unread { path, ..unread });
        }
        self.found.truncated |= walked.truncated;
    }

    fn select(&mut self, path: PathBuf, bounds: &Bounds, is_named: bool) {
        let known = self.seen.entry(path.clone());
        let number = *known.or_insert(self.found.files.len());
        if let Some(file) = self.found.files.get_mut(number) {
            file.is_named |= is_named;
            return;
        }
        self.found.files.push(Selected {
            name: below_of(&bounds.root, &path).to_owned(),
            shown: self.shown(&path),
            root: bounds.root.clone(),
            within: bounds.within.clone(),
            path,
            is_named,
        });
    }

    fn shown(&self, path: &Path) -> PathBuf {
        let first = self.first.as_deref().unwrap_or(Path::new(""));
        below_of(first, path).to_owned()
    }
}

/// The repository that a link on the way along `path` lies in and leads out of, to `folder`.
fn left_behind(path: &Path, folder: &Path) -> Result<Option<Arc<Path>>, CliFailure> {
    // Without a `/` at the end, behind which a link is what it leads to.
    let path: PathBuf = path.components().collect();
    for link in path.ancestors().filter(|part| files::is_link(part)) {
        let parent = link.parent().filter(|it| *it != Path::new(""));
        let parent = files::resolve(parent.unwrap_or(Path::new(".")))?;
        let tree = git::work_tree(&parent)?;
        if let Some(tree) = tree.filter(|tree| !folder.starts_with(tree)) {
            return Ok(Some(tree.into()));
        }
    }
    Ok(None)
}

/// `path` from `root`, or as it is where it lies elsewhere.
fn below_of<'a>(root: &Path, path: &'a Path) -> &'a Path {
    path.strip_prefix(root).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;
    use crate::{reference, validate};

    fn select(paths: &[PathBuf], exclude: &[&str]) -> Selection {
        let exclude: Result<Vec<_>, _> = exclude.iter().map(|it| Exclude::parse(it)).collect();
        let wanted = Wanted {
            is_candidate: validate::is_candidate,
            exclude: &exclude.unwrap(),
        };
        Selection::of(paths, wanted).unwrap()
    }

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
            let selection = select(&paths, &[]);
            assert_eq!(names(&selection), [lock, ".github/workflows/ci.yml"]);
        }
        let paths = [folder.path().join(".github/workflows/notes.md")];
        let selection = select(&paths, &[]);
        assert_eq!(names(&selection), [".github/workflows/notes.md"]);
        assert!(selection.files[0].is_named);
    }

    #[test]
    fn every_file_is_named_from_its_own_repository() {
        let parent = folder(&["a/.git", "a/ci/x.yml", "b/.git", "b/ci/y.yml"]);
        let parent = files::resolve(parent.path()).unwrap();
        let paths = ["a/ci", "b/ci/y.yml", "a"].map(|path| parent.join(path));
        let selection = select(&paths, &[]);
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
    fn a_link_that_is_named_stays_where_it_is() {
        let outside = folder(&["secret.yml"]);
        let folder = folder(&[".git", "x/real.yml"]);
        let link = |name: &str, target: &Path| {
            std::os::unix::fs::symlink(target, folder.path().join(name)).unwrap();
        };
        link("in.yml", Path::new("x/real.yml"));
        link("out.yml", &outside.path().join("secret.yml"));
        link("here", Path::new("x"));
        let paths = ["in.yml", "out.yml", "here", "."].map(|it| folder.path().join(it));
        let selection = select(&paths, &[]);
        assert_eq!(names(&selection), ["in.yml", "out.yml", "x/real.yml"]);
        let [inside, outside, _] = &selection.files[..] else {
            panic!("{selection:?}");
        };
        inside.replace(b"", b"new").unwrap();
        let written = files::read(&folder.path().join("x/real.yml"), 9).unwrap();
        assert_eq!(written, b"new");
        let error = outside.replace(b"", b"new").unwrap_err();
        assert!(matches!(error, FileError::Outside { .. }), "{error}");
        assert_eq!(outside.read().unwrap(), b"");
    }

    #[test]
    fn what_a_link_out_of_the_repository_leads_to_is_only_read() {
        for its_own in [&["b/x.yml"][..], &[".git", "b/x.yml"]] {
            let outside = folder(its_own);
            let inside = folder(&[".git", "b/y.yml"]);
            let link = |name: &str, target: &Path| {
                std::os::unix::fs::symlink(target, inside.path().join(name)).unwrap();
            };
            link("out", outside.path());
            link("in", Path::new("b"));
            for path in ["out", "out/", "out/b", "out/b/x.yml", "out/b/../b"] {
                let selection = select(&[inside.path().join(path)], &[]);
                let [file] = &selection.files[..] else {
                    panic!("{path}: {selection:?}");
                };
                assert_eq!(file.read().unwrap(), b"");
                let error = file.replace(b"", b"new").unwrap_err();
                assert!(matches!(error, FileError::Outside { .. }), "{error}");
                assert_eq!(file.read().unwrap(), b"");
            }
            let selection = select(&[inside.path().join("in")], &[]);
            selection.files[0].replace(b"", b"new").unwrap();
            // A link that lies in no repository is a name like any other.
            let elsewhere = tempfile::tempdir().unwrap();
            let link = elsewhere.path().join("link");
            std::os::unix::fs::symlink(inside.path(), &link).unwrap();
            let selection = select(&[link.join("b")], &[]);
            assert_eq!(names(&selection), ["b/y.yml"]);
            selection.files[0].replace(b"new", b"newer").unwrap();
        }
    }

    #[test]
    fn a_file_that_is_found_first_is_named_all_the_same() {
        let folder = folder(&["x.yml"]);
        let paths = [folder.path().to_owned(), folder.path().join("x.yml")];
        let selection = select(&paths, &[]);
        assert_eq!(names(&selection), ["x.yml"]);
        assert!(selection.files[0].is_named);
    }

    #[test]
    fn what_is_excluded_is_left_out_with_all_below_it() {
        let folder = folder(&[".git", "a.yml", "b/a.yml", "b/c/a.yml", "d/a.yaml"]);
        let all = [folder.path().to_owned()];
        for (exclude, left) in [
            (&[][..], &["a.yml", "b/a.yml", "b/c/a.yml", "d/a.yaml"][..]),
            (&["a.yml"], &["b/a.yml", "b/c/a.yml", "d/a.yaml"]),
            (&["*.yml"], &["b/a.yml", "b/c/a.yml", "d/a.yaml"]),
            (&["**/*.yml"], &["d/a.yaml"]),
            (&["b"], &["a.yml", "d/a.yaml"]),
            (&["b/", "d/a.*"], &["a.yml"]),
            (&["./b", "/d"], &["a.yml"]),
            (&["?", "[d]"], &["a.yml"]),
            (&["b/*/a.yml"], &["a.yml", "b/a.yml", "d/a.yaml"]),
            (&["**/c"], &["a.yml", "b/a.yml", "d/a.yaml"]),
            (&["{a,b/a}.yml"], &["b/c/a.yml", "d/a.yaml"]),
            (&["**"], &[]),
        ] {
            assert_eq!(names(&select(&all, exclude)), left, "{exclude:?}");
        }
        // By the name from the root, whatever was named.
        let below = [folder.path().join("b"), folder.path().join("a.yml")];
        assert_eq!(names(&select(&below, &["b/a.yml", "a.yml"])), ["b/c/a.yml"]);
        for pattern in ["[", "{a", "", "./", "/"] {
            assert!(Exclude::parse(pattern).is_err(), "{pattern:?}");
        }
        // Too large or not, nothing panics.
        let _ = Exclude::parse(&"[!a-z]{a,b}".repeat(100_000));
    }

    #[test]
    fn what_cannot_be_read_is_a_finding() {
        let folder = folder(&[".git"]);
        let path = folder.path().join("d/".repeat(65)).join("a.yml");
        files::make_parents(&path).unwrap();
        let mut selection = select(&[folder.path().to_owned()], &[]);
        selection.truncated = true;
        let findings = selection.unread(&reference::UNREADABLE_FILE);
        let [deep, more] = &findings[..] else {
            panic!("{findings:?}");
        };
        assert!(deep.message.contains("64 others"), "{}", deep.message);
        assert!(more.message.contains("more files"), "{}", more.message);

        let file = folder.path().join("large.yml");
        files::create(&file, &[], 0o644).unwrap();
        let selection = select(std::slice::from_ref(&file), &[]);
        let file = std::fs::File::options().write(true).open(file).unwrap();
        file.set_len(MAX_FILE_BYTES).unwrap();
        assert_eq!(selection.files[0].read().unwrap().len(), 16 << 20);
        file.set_len(MAX_FILE_BYTES + 1).unwrap();
        let error = selection.files[0].read().unwrap_err();
        let finding = selection.files[0].unread(&reference::UNREADABLE_FILE, &error);
        assert_eq!(finding.file, Path::new("large.yml"));
        assert!(finding.message.contains("larger"), "{}", finding.message);
    }

    #[test]
    fn what_a_killed_write_leaves_is_no_ones_file() {
        let folder = folder(&[".git", "a.yml", "Dockerfile"]);
        let [workflow, dockerfile] = ["a.yml", "Dockerfile"].map(|it| folder.path().join(it));
        for path in [&workflow, &dockerfile] {
            std::mem::forget(files::AtomicFile::open(path).unwrap());
        }
        let left = std::fs::read_dir(folder.path()).unwrap();
        let left = left.map(|entry| entry.unwrap().file_name());
        let left = left.filter(|name| name.as_bytes().starts_with(b".fullsend-"));
        assert_eq!(left.count(), 2);
        for (is_candidate, found) in [
            (validate::is_candidate as fn(&Path) -> bool, &["a.yml"][..]),
            (reference::is_candidate, &["Dockerfile", "a.yml"]),
        ] {
            let wanted = Wanted {
                is_candidate,
                exclude: &[],
            };
            let selection = Selection::of(&[folder.path().to_owned()], wanted).unwrap();
            assert_eq!(names(&selection), found);
        }
    }
}
