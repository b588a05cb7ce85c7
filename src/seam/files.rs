//! Files: reads are bounded, writes are atomic.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system refused.
    #[error("could not {verb} {}", path.display())]
    Io {
        /// What was tried: `read`, `write`.
        verb: &'static str,
        /// Which file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The file is larger than anything of its kind has reason to be.
    #[error("{} is larger than {limit} bytes", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// The most that is read.
        limit: u64,
    },
    /// A directory, device, pipe or socket stands where a file is expected.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// Which path.
        path: PathBuf,
    },
}

impl FileError {
    fn io(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            verb,
            path: path.to_owned(),
            source,
        }
    }

    /// Whether nothing lies at the path.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// Reads a regular file of at most `limit` bytes.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    // Asked before opening, as opening a pipe would wait for its writer.
    let metadata = fs::metadata(path).map_err(FileError::io("read", path))?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile {
            path: path.to_owned(),
        });
    }
    let file = File::open(path).map_err(FileError::io("read", path))?;
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(FileError::io("read", path))?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    Ok(bytes)
}

/// A file that is written whole or not at all: the bytes go beside it and are moved into place.
///
/// Opening it early shows whether the place can be written, before work is done whose result
/// would have nowhere to go.
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    temporary: tempfile::NamedTempFile,
}

impl AtomicFile {
    /// Prepares to write `path`, and changes nothing there yet.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        if fs::metadata(path).is_ok_and(|existing| existing.is_dir()) {
            return Err(FileError::NotAFile {
                path: path.to_owned(),
            });
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let temporary = tempfile::Builder::new()
            .prefix(".fullsend-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(folder)
            .map_err(FileError::io("write", path))?;
        Ok(Self {
            path: path.to_owned(),
            temporary,
        })
    }

    /// Writes `bytes`, flushes them to the disk and moves them into place.
    pub fn commit(mut self, bytes: &[u8]) -> Result<(), FileError> {
        let file = self.temporary.as_file_mut();
        file.write_all(bytes)
            .and_then(|()| file.sync_data())
            .map_err(FileError::io("write", &self.path))?;
        match self.temporary.persist(&self.path) {
            Ok(_) => Ok(()),
            Err(error) => Err(FileError::io("write", &self.path)(error.error)),
        }
    }
}

/// Adds `text` to the end of a file that another program made for it, as CI platforms do.
pub fn append(path: &Path, text: &str) -> Result<(), FileError> {
    fs::OpenOptions::new()
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(FileError::io("append to", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        AtomicFile::open(&path).unwrap().commit(b"12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert!(matches!(
            read(&path, 4),
            Err(FileError::TooLarge { limit: 4, .. })
        ));
        assert!(matches!(
            read(folder.path(), 9),
            Err(FileError::NotAFile { .. })
        ));
        assert!(
            read(&folder.path().join("absent"), 9)
                .unwrap_err()
                .is_not_found()
        );
    }

    #[test]
    fn an_abandoned_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        AtomicFile::open(&path).unwrap().commit(b"old").unwrap();
        drop(AtomicFile::open(&path).unwrap());
        assert_eq!(read(&path, 9).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
