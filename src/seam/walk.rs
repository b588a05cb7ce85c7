//! Walks a repository for files, as git sees it.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use ignore::WalkBuilder;

/// More files are not listed: a repository of a hundred thousand configuration files is none.
pub const MAX_FILES: usize = 20_000;

/// More entries are not looked at, wanted or not.
pub const MAX_ENTRIES: usize = 2_000_000;

/// Folders deeper than this are not entered, and told.
const MAX_DEPTH: usize = 64;

/// What lies below a folder.
#[derive(Debug, Default)]
pub struct Walked {
    /// The wanted files, relative to the folder, in the order of their names' bytes.
    pub files: Vec<PathBuf>,
    /// What could not be looked into, and why.
    pub unread: Vec<Unread>,
    /// Whether a limit ended the walk: there may be more.
    pub truncated: bool,
}

/// A folder or file that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Which one, relative to where the walk began where that is known.
    pub path: PathBuf,
    /// The operating system's reason, or the limit.
    pub reason: String,
}

/// Lists the regular files below `root` that `wanted` accepts by their relative names.
///
/// What `.gitignore` files exclude is left out, as is `.git`; symbolic links are not followed.
/// Only the repository's own ignore files count, so that every machine sees the same files.
pub fn walk(root: &Path, wanted: impl Fn(&Path) -> bool) -> Walked {
    let mut walked = Walked::default();
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .ignore(false)
        .git_global(false)
        .git_exclude(false)
        .require_git(false)
        .follow_links(false)
        .max_depth(Some(MAX_DEPTH))
        .filter_entry(|entry| entry.depth() == 0 || entry.file_name() != OsStr::new(".git"))
        .build();
    for (count, entry) in walk.enumerate() {
        if walked.files.len() >= MAX_FILES || count >= MAX_ENTRIES {
            walked.truncated = true;
            break;
        }
        match entry {
            Ok(entry) => {
                let kind = entry.file_type();
                let path = relative(entry.path(), root);
                if kind.is_some_and(|kind| kind.is_file()) && wanted(path) {
                    walked.files.push(path.to_owned());
                }
                if kind.is_some_and(|kind| kind.is_dir()) && entry.depth() >= MAX_DEPTH {
                    walked.unread.push(Unread {
                        path: path.to_owned(),
                        reason: format!("folders within {MAX_DEPTH} others are not entered"),
                    });
                }
            }
            Err(error) => walked.unread.push(unread(&error, root)),
        }
    }
    walked.files.sort();
    walked
}

/// `path` below `root`; a root that is itself a file is named by its last part.
fn relative<'a>(path: &'a Path, root: &Path) -> &'a Path {
    match path.strip_prefix(root) {
        Ok(below) if below.as_os_str().is_empty() => path.file_name().map_or(path, Path::new),
        Ok(below) => below,
        Err(_) => path,
    }
}

fn unread(error: &ignore::Error, root: &Path) -> Unread {
    let mut inner = error;
    let mut path = None;
    loop {
        inner = match inner {
            ignore::Error::WithPath { path: named, err } => {
                path = Some(named);
                err
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => err,
            _ => break,
        };
    }
    Unread {
        path: path.map_or_else(PathBuf::new, |path| relative(path, root).to_owned()),
        reason: inner.to_string(),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "lays out folders to walk")]
mod tests {
    use std::{
        fs,
        os::unix::{ffi::OsStrExt as _, fs::symlink},
    };

    use super::*;

    fn put(root: &Path, name: &[u8], text: &str) {
        let path = root.join(OsStr::from_bytes(name));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn lists_what_git_would_track() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        put(root, b".gitignore", "/build\n*.log\n");
        put(root, b".github/workflows/a.yml", "");
        put(root, b"build/b.yml", "");
        put(root, b"x/.gitignore", "!kept.log\n");
        put(root, b"x/kept.log", "");
        put(root, b"x/lost.log", "");
        put(root, b".git/config", "");
        put(root, b"sub/.git/config", "");
        put(root, b".ignore", "*\n");
        put(root, b"odd-\xff.yml", "");
        symlink("/etc", root.join("link")).unwrap();
        symlink("x/kept.log", root.join("linked.yml")).unwrap();
        let walked = walk(root, |path| !path.ends_with(".gitignore"));
        let names: Vec<&[u8]> = walked
            .files
            .iter()
            .map(|path| path.as_os_str().as_bytes())
            .collect();
        let wanted: [&[u8]; 4] = [
            b".github/workflows/a.yml",
            b".ignore",
            b"odd-\xff.yml",
            b"x/kept.log",
        ];
        assert_eq!(names, wanted);
        assert_eq!(walked.unread, []);
        assert!(!walked.truncated);
    }

    #[test]
    fn a_file_is_a_root_too_and_absence_is_told() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), b"a.yml", "");
        let walked = walk(&folder.path().join("a.yml"), |_| true);
        assert_eq!(walked.files, [Path::new("a.yml")]);
        let walked = walk(&folder.path().join("absent"), |_| true);
        assert!(walked.files.is_empty());
        assert_eq!(walked.unread.len(), 1);
    }

    #[test]
    fn a_folder_too_deep_to_enter_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let deep = "d/".repeat(MAX_DEPTH);
        put(folder.path(), format!("x/{deep}a.yml").as_bytes(), "");
        let walked = walk(folder.path(), |_| true);
        assert_eq!(walked.unread.len(), 1);
        let last = format!("x/{}", &deep[2..]);
        assert_eq!(walked.unread[0].path, Path::new(last.trim_end_matches('/')));
    }

    #[test]
    fn a_loop_of_links_ends() {
        let folder = tempfile::tempdir().unwrap();
        symlink(folder.path(), folder.path().join("loop")).unwrap();
        put(folder.path(), b"a.yml", "");
        assert_eq!(walk(folder.path(), |_| true).files.len(), 1);
    }
}
