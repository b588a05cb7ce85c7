//! A file of lines that grows, each on the disk before anything else is done.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

use super::{FileError, replace::sync_folder};

/// The file, open for more lines. One writer at a time is the caller's to see to.
#[derive(Debug)]
pub struct GrowingFile {
    path: PathBuf,
    file: File,
    /// Of the whole lines.
    length: u64,
}

impl GrowingFile {
    /// Opens the file, or makes one that only we may read; and its whole lines, of at most `limit`
    /// bytes. What follows them was torn off while it was written, and is written over.
    pub fn open(path: &Path, limit: u64) -> Result<(Self, Vec<u8>), FileError> {
        let failed = |source| FileError::io("open", path)(source);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            // Nonblocking, as opening a pipe would wait for its writer.
            .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
            .open(path)
            .map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            let path = path.to_owned();
            return Err(FileError::NotAFile { path });
        }
        let mut bytes = Vec::new();
        let mut bounded = (&mut file).take(limit + 1);
        bounded.read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > limit {
            let path = path.to_owned();
            return Err(FileError::TooLarge { path, limit });
        }
        let whole = memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1);
        let is_torn = whole < bytes.len();
        bytes.truncate(whole);
        let growing = Self {
            path: path.to_owned(),
            file,
            length: whole as u64,
        };
        if is_torn {
            growing.cut().map_err(failed)?;
        }
        if whole == 0 {
            // It may be new, and its name has to last too.
            sync_folder(path).map_err(failed)?;
        }
        Ok((growing, bytes))
    }

    /// How many bytes its whole lines have.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Adds `line`, without its end, and flushes it to the disk. A line that fails is not there.
    pub fn add(&mut self, line: &[u8]) -> Result<(), FileError> {
        let mut bytes = line.to_vec();
        bytes.push(b'\n');
        let written = self
            .file
            .write_all_at(&bytes, self.length)
            .and_then(|()| self.file.sync_data());
        if let Err(source) = written {
            // Else the next line would stand behind half of this one; that fails, or it is
            // written over.
            let _ = self.cut();
            return Err(FileError::io("write", &self.path)(source));
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn cut(&self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;
    use crate::seam::files::{create, read};

    #[test]
    fn a_torn_line_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let (mut file, bytes) = GrowingFile::open(&path, 99).unwrap();
        assert_eq!(bytes, b"");
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        file.add(b"one").unwrap();
        drop(file);
        super::super::append(&path, "a long line that was torn").unwrap();
        let (mut file, bytes) = GrowingFile::open(&path, 99).unwrap();
        assert_eq!(bytes, b"one\n");
        file.add(b"two").unwrap();
        assert_eq!(
            (file.length(), read(&path, 99).unwrap()),
            (8, b"one\ntwo\n".to_vec())
        );
    }

    #[test]
    fn only_a_file_of_bounded_size_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        create(&path, b"0123456789\n", 0o600).unwrap();
        let error = GrowingFile::open(&path, 10).unwrap_err();
        assert!(matches!(error, FileError::TooLarge { limit: 10, .. }));
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(GrowingFile::open(&link, 99).is_err());
        assert!(GrowingFile::open(folder.path(), 99).is_err());
    }
}
