//! The files of one repository, wherever they lie: on the disk, in memory, at a forge.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Reads the files of one repository; every path is relative to its root.
pub trait Files: Sync {
    /// The bytes of `path`; nothing where no regular file lies there, or the path leads out of the
    /// repository. Fails, saying why, where there is one and it cannot be read.
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, String>;

    /// The regular files directly within `folder`, sorted; none where there is no such folder, or
    /// where files are only known by name.
    fn list(&self, _folder: &Path) -> Vec<PathBuf> {
        Vec::new()
    }

    /// The folders directly within `folder`, sorted; none as above.
    fn folders(&self, _folder: &Path) -> Vec<PathBuf> {
        Vec::new()
    }

    /// The bytes of `path`, where they can be had.
    fn found(&self, path: &Path) -> Option<Vec<u8>> {
        self.read(path).ok().flatten()
    }

    /// Whether a file lies at `path`, be it one that cannot be read.
    fn has(&self, path: &Path) -> bool {
        !matches!(self.read(path), Ok(None))
    }
}

/// A repository of no files, or of one that is already at hand.
#[derive(Clone, Copy, Debug)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &Path) -> Result<Option<Vec<u8>>, String> {
        Ok(None)
    }
}

/// A whole repository in memory: what is not in the map is not there.
impl<T: AsRef<[u8]> + Sync> Files for BTreeMap<PathBuf, T> {
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, String> {
        Ok(self.get(path).map(|bytes| bytes.as_ref().to_vec()))
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        let files = self.keys().filter(|path| path.parent() == Some(folder));
        files.cloned().collect()
    }

    fn folders(&self, folder: &Path) -> Vec<PathBuf> {
        let below = self.keys().filter_map(|path| {
            let mut rest = path.strip_prefix(folder).ok()?.components();
            let name = rest.next()?;
            rest.next().map(|_| folder.join(name))
        });
        below.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_a_repository() {
        let files: BTreeMap<PathBuf, &str> = [
            ("a", "1"),
            ("agents/x/instructions.md", ""),
            ("agents/y.md", ""),
        ]
        .map(|(path, text)| (PathBuf::from(path), text))
        .into();
        let path = |text: &str| PathBuf::from(text);
        assert_eq!(files.read(&path("a")), Ok(Some(b"1".to_vec())));
        assert_eq!(files.read(&path("agents")), Ok(None));
        assert_eq!(files.list(&path("agents")), [path("agents/y.md")]);
        assert_eq!(files.folders(&path("agents")), [path("agents/x")]);
        assert_eq!(files.list(Path::new("")), [path("a")]);
        assert_eq!(files.folders(Path::new("")), [path("agents")]);
        assert!(files.folders(&path("agents/y.md")).is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_there() {
        struct Locked;
        impl Files for Locked {
            fn read(&self, _: &Path) -> Result<Option<Vec<u8>>, String> {
                Err("it is locked".to_owned())
            }
        }
        assert!(Locked.has(Path::new("a")) && Locked.found(Path::new("a")).is_none());
        assert!(!NoFiles.has(Path::new("a")));
    }
}
