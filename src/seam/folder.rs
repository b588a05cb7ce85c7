//! A folder that somebody else has filled: nothing in it can lead out of it.

use std::{
    fs::File,
    io::{self, Read as _},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::fs::{self, Mode, OFlags};

use super::files::FileError;

/// A folder held open, whose files are opened without following symbolic links.
#[derive(Debug)]
pub struct Folder {
    handle: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// Opens the folder at `path`, which the user named: on the way there, links are followed.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match fs::open(path, flags, Mode::empty()) {
            Ok(handle) => Ok(Self {
                handle,
                path: path.to_owned(),
            }),
            Err(error) => Err(failed(path.to_owned(), error.into())),
        }
    }

    /// Opens the folder `name` in this one.
    pub fn folder(&self, name: &str) -> Result<Self, FileError> {
        let handle = self.enter(name, OFlags::DIRECTORY)?;
        Ok(Self {
            handle,
            path: self.path.join(name),
        })
    }

    /// Reads the regular file `name` of at most `limit` bytes.
    pub fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        let mut bytes = Vec::new();
        self.take(name, self.file(name)?, limit, &mut bytes)?;
        Ok(bytes)
    }

    /// Reads the regular file `name` if it is of at most `limit` bytes and begins with `first`:
    /// of any other file one byte is read.
    pub fn read_if_starts(
        &self,
        name: &str,
        first: u8,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, FileError> {
        let file = self.file(name)?;
        let fails = |error| failed(self.path.join(name), error);
        let mut bytes = Vec::new();
        (&file).take(1).read_to_end(&mut bytes).map_err(fails)?;
        let length = file.metadata().map_err(fails)?.len();
        if bytes != [first] || length > limit {
            return Ok(None);
        }
        self.take(name, file, limit, &mut bytes)?;
        Ok(Some(bytes))
    }

    /// The names of what is in the folder, unless there are more than `most`.
    ///
    /// Names that are not UTF-8 are left out.
    pub fn names(&self, most: usize) -> Result<Option<Vec<String>>, FileError> {
        let fails = |error: rustix::io::Errno| failed(self.path.clone(), error.into());
        let mut names = Vec::new();
        for entry in fs::Dir::read_from(&self.handle).map_err(fails)? {
            let entry = entry.map_err(fails)?;
            match entry.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(_) if names.len() == most => return Ok(None),
                Ok(name) => names.push(name.to_owned()),
            }
        }
        Ok(Some(names))
    }

    fn file(&self, name: &str) -> Result<File, FileError> {
        // Without waiting: a pipe would make us wait for its writer.
        let file = File::from(self.enter(name, OFlags::NONBLOCK)?);
        let path = || self.path.join(name);
        let metadata = file.metadata().map_err(|error| failed(path(), error))?;
        if !metadata.is_file() {
            return Err(FileError::NotAFile { path: path() });
        }
        Ok(file)
    }

    fn enter(&self, name: &str, flags: OFlags) -> Result<OwnedFd, FileError> {
        if name.contains('/') || matches!(name, "" | "." | "..") {
            return Err(FileError::NotAFile {
                path: self.path.join(name),
            });
        }
        let flags = flags | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        fs::openat(&self.handle, name, flags, Mode::empty()).map_err(|error| match error {
            rustix::io::Errno::LOOP => FileError::NotAFile {
                path: self.path.join(name),
            },
            error => failed(self.path.join(name), error.into()),
        })
    }

    /// Appends the rest of the file, so that there are at most `limit` bytes.
    fn take(
        &self,
        name: &str,
        file: File,
        limit: u64,
        bytes: &mut Vec<u8>,
    ) -> Result<(), FileError> {
        let path = || self.path.join(name);
        let left = (limit + 1).saturating_sub(bytes.len() as u64);
        let read = file.take(left).read_to_end(bytes);
        read.map_err(|error| failed(path(), error))?;
        if bytes.len() as u64 > limit {
            return Err(FileError::TooLarge {
                path: path(),
                limit,
            });
        }
        Ok(())
    }
}

fn failed(path: PathBuf, source: io::Error) -> FileError {
    FileError::Io {
        verb: "read",
        path,
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::seam::files::AtomicFile;

    fn write(path: &Path, text: &str) {
        AtomicFile::open(path)
            .and_then(|file| file.commit(text.as_bytes()))
            .unwrap();
    }

    #[test]
    fn nothing_leads_out() {
        let place = tempfile::tempdir().unwrap();
        let inside = place.path().join("inside");
        std::fs::create_dir_all(inside.join("deep")).unwrap();
        write(&place.path().join("secret"), "x");
        write(&inside.join("plain"), "{}");
        symlink("../secret", inside.join("link")).unwrap();
        symlink("..", inside.join("up")).unwrap();
        let folder = Folder::open(&inside).unwrap();
        assert_eq!(folder.read("plain", 2).unwrap(), b"{}");
        assert!(matches!(
            folder.read("plain", 1),
            Err(FileError::TooLarge { limit: 1, .. })
        ));
        for name in [
            "link",
            "up",
            "deep",
            "..",
            ".",
            "",
            "../secret",
            "deep/../x",
        ] {
            let error = folder.read(name, 9).unwrap_err();
            assert!(
                matches!(error, FileError::NotAFile { .. }),
                "{name}: {error}"
            );
        }
        folder.folder("up").unwrap_err();
        folder.folder("deep").unwrap();
        assert!(folder.read("absent", 9).unwrap_err().is_not_found());
    }

    #[test]
    fn only_what_begins_right_is_read() {
        let place = tempfile::tempdir().unwrap();
        write(&place.path().join("a"), "{12}");
        write(&place.path().join("b"), "[12}");
        write(&place.path().join("c"), "");
        let folder = Folder::open(place.path()).unwrap();
        let read = |name, limit| folder.read_if_starts(name, b'{', limit).unwrap();
        assert_eq!(read("a", 4).unwrap(), b"{12}");
        assert_eq!(read("a", 3), None);
        assert_eq!(read("b", 4), None);
        assert_eq!(read("c", 4), None);
        let mut names = folder.names(3).unwrap().unwrap();
        names.sort();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(folder.names(2).unwrap(), None);
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let place = tempfile::tempdir().unwrap();
        let pipe = place.path().join("pipe");
        fs::mknodat(fs::CWD, &pipe, fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let error = folder.read("pipe", 9).unwrap_err();
        assert!(matches!(error, FileError::NotAFile { .. }), "{error}");
    }
}
