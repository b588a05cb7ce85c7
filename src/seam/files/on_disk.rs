//! A repository on the disk.

use std::path::{Component, Path, PathBuf};

use super::{folders, is_absent, names, read, resolve};
use crate::{
    model::{chain::chain, files::Files},
    seam::files::FileError,
};

/// The repository below a folder, each of its files up to a limit.
#[derive(Clone, Copy, Debug)]
pub struct OnDisk<'a> {
    /// The folder, without links on the way to it: see [`resolve`].
    pub root: &'a Path,
    /// The bytes of the longest file that is read.
    pub limit: u64,
}

impl OnDisk<'_> {
    /// Where `path` lies; nothing where that is outside of the repository, be it by a link.
    fn within(&self, path: &Path) -> Result<Option<PathBuf>, FileError> {
        let is_below = path
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !is_below {
            return Ok(None);
        }
        match resolve(&self.root.join(path)) {
            Ok(path) => Ok(path.starts_with(self.root).then_some(path)),
            Err(FileError::Io { source, .. }) if is_absent(&source) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn listed(
        &self,
        folder: &Path,
        list: fn(&Path) -> Result<Vec<PathBuf>, FileError>,
    ) -> Vec<PathBuf> {
        let Ok(Some(found)) = self.within(folder) else {
            return Vec::new();
        };
        let names = list(&found).unwrap_or_default();
        names.into_iter().map(|name| folder.join(name)).collect()
    }
}

impl Files for OnDisk<'_> {
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, String> {
        let read = |path: PathBuf| match read(&path, self.limit) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(FileError::NotAFile { .. }) => Ok(None),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        };
        let found = self
            .within(path)
            .and_then(|path| path.map_or(Ok(None), read));
        found.map_err(|error| chain(&error))
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        self.listed(folder, names)
    }

    fn folders(&self, folder: &Path) -> Vec<PathBuf> {
        self.listed(folder, folders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seam::files::{create, make_parents};

    #[test]
    fn nothing_outside_is_there_and_what_cannot_be_read_is() {
        let place = tempfile::tempdir().unwrap();
        let place = resolve(place.path()).unwrap();
        let root = place.join("root");
        for name in ["root/a/b", "root/long", "secret"] {
            make_parents(&place.join(name)).unwrap();
            create(&place.join(name), b"12345678", 0o644).unwrap();
        }
        create(&root.join("short"), b"1234", 0o644).unwrap();
        std::os::unix::fs::symlink("../secret", root.join("link")).unwrap();
        let files = OnDisk {
            root: &root,
            limit: 4,
        };
        assert_eq!(files.read("short".as_ref()), Ok(Some(b"1234".to_vec())));
        let error = files.read("long".as_ref()).unwrap_err();
        assert!(error.ends_with("is larger than 4 bytes"), "{error}");
        for absent in ["link", "../secret", "a", "short/below", "none", ""] {
            assert_eq!(files.read(absent.as_ref()), Ok(None), "{absent}");
        }
        assert_eq!(files.folders("".as_ref()), [PathBuf::from("a")]);
        assert_eq!(files.list("a".as_ref()), [PathBuf::from("a/b")]);
        assert!(files.list("..".as_ref()).is_empty());
    }
}
