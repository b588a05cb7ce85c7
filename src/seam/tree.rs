//! Where the files of a policy are read from.

use std::path::{Path, PathBuf};

use super::files::{self, FileError};

/// The folder of fullsend.yaml, from which its relative paths start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// A folder on the disk.
    Folder(PathBuf),
}

impl Tree {
    /// The folder; also where another version of its files was read.
    pub fn folder(&self) -> &Path {
        let Self::Folder(folder) = self;
        folder
    }

    /// How a message names the file at `path`.
    pub fn name(&self, path: &Path) -> String {
        self.folder().join(path).display().to_string()
    }

    /// Reads a regular file of at most `limit` bytes.
    pub fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
        files::read(&self.folder().join(path), limit)
    }
}
