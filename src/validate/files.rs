//! The other files of a repository, for rules that look across files.

use std::path::{Path, PathBuf};

/// Reads the files of one repository; every path is relative to its root.
pub trait Files: Sync {
    /// The bytes of `path`; nothing where no regular file of a readable size lies there, or the path
    /// leads out of the repository.
    fn read(&self, path: &Path) -> Option<Vec<u8>>;

    /// The regular files directly within `folder`, sorted; none where there is no such folder.
    fn list(&self, folder: &Path) -> Vec<PathBuf>;
}

/// A repository of one file, the one that is looked at.
#[derive(Clone, Copy, Debug)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &Path) -> Option<Vec<u8>> {
        None
    }

    fn list(&self, _: &Path) -> Vec<PathBuf> {
        Vec::new()
    }
}
