//! Files: reads are bounded, writes are atomic.

mod growing;
mod on_disk;
mod replace;

pub use growing::GrowingFile;
pub use on_disk::OnDisk;
pub use replace::replace_if_unchanged;

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
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
    /// What was read is no longer there, so that what came of it is not written.
    #[error("{} was changed by someone else after it was read, so it is left alone", path.display())]
    Changed {
        /// Which file.
        path: PathBuf,
    },
    /// We may not write the file, or nobody may.
    #[error("{} is read-only", path.display())]
    ReadOnly {
        /// Which file.
        path: PathBuf,
    },
    /// A link leads out of the folder that is written to.
    #[error("{} outside of {}, so it is left alone", led(path, target), root.display())]
    Outside {
        /// The file, as it was named.
        path: PathBuf,
        /// Where it lies.
        target: PathBuf,
        /// Below which folder files are written.
        root: PathBuf,
    },
}

/// Where what was named as `path` lies.
fn led(path: &Path, target: &Path) -> String {
    if path == target {
        return format!("{} lies", path.display());
    }
    format!("{} leads to {},", path.display(), target.display())
}

/// What the names of files begin with that are still being written.
const UNFINISHED_PREFIX: &str = ".fullsend-";

/// What the names of our private folders begin with; 22 random characters follow.
const PRIVATE_PREFIX: &str = "fullsend-";

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
        match self {
            Self::Io { source, .. } => source.kind() == io::ErrorKind::NotFound,
            Self::TooLarge { .. }
            | Self::NotAFile { .. }
            | Self::Changed { .. }
            | Self::ReadOnly { .. }
            | Self::Outside { .. } => false,
        }
    }
}

/// Reads a regular file of at most `limit` bytes.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    open(path)?
        .take(limit + 1)
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

/// Opens a regular file of any size, for a reader that keeps none of it.
pub fn open(path: &Path) -> Result<File, FileError> {
    // Asked before opening, as opening a pipe would wait for its writer.
    let metadata = fs::metadata(path).map_err(FileError::io("read", path))?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile {
            path: path.to_owned(),
        });
    }
    File::open(path).map_err(FileError::io("read", path))
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
        Self::with_mode(path, 0o644)
    }

    /// The same for a file that only we may read.
    pub fn open_private(path: &Path) -> Result<Self, FileError> {
        Self::with_mode(path, 0o600)
    }

    fn with_mode(path: &Path, mode: u32) -> Result<Self, FileError> {
        if fs::metadata(path).is_ok_and(|existing| existing.is_dir()) {
            return Err(FileError::NotAFile {
                path: path.to_owned(),
            });
        }
        let temporary = unfinished(path, mode)?;
        Ok(Self {
            path: path.to_owned(),
            temporary,
        })
    }

    /// Whether a file of that name is one that was never finished.
    pub(super) fn is_unfinished(name: &std::ffi::OsStr) -> bool {
        name.as_encoded_bytes()
            .starts_with(UNFINISHED_PREFIX.as_bytes())
    }

    /// Writes `bytes`, flushes them to the disk and moves them into place.
    pub fn commit(mut self, bytes: &[u8]) -> Result<(), FileError> {
        let file = self.temporary.as_file_mut();
        file.write_all(bytes)
            .and_then(|()| file.sync_data())
            .map_err(FileError::io("write", &self.path))?;
        self.replace()
    }

    /// The same without flushing: a loss of power may leave anything.
    pub fn commit_unflushed(mut self, bytes: &[u8]) -> Result<(), FileError> {
        let file = self.temporary.as_file_mut();
        file.write_all(bytes)
            .map_err(FileError::io("write", &self.path))?;
        self.replace()
    }

    fn replace(self) -> Result<(), FileError> {
        match self.temporary.persist(&self.path) {
            Ok(_) => Ok(()),
            Err(error) => Err(FileError::io("write", &self.path)(error.error)),
        }
    }
}

/// A new file beside `path`, gone with the value unless it is moved into place.
fn unfinished(path: &Path, mode: u32) -> Result<tempfile::NamedTempFile, FileError> {
    tempfile::Builder::new()
        .prefix(UNFINISHED_PREFIX)
        .permissions(fs::Permissions::from_mode(mode))
        .tempfile_in(folder_of(path))
        .map_err(FileError::io("write", path))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the folders above `path` that are missing.
pub fn make_parents(path: &Path) -> Result<(), FileError> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            fs::create_dir_all(folder).map_err(FileError::io("make the folder of", path))
        }
        _ => Ok(()),
    }
}

/// Makes a new file of exactly `mode`, whatever the umask; one that is there already is an error.
pub fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    let write = || {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)?;
        file.write_all(bytes)?;
        file.set_permissions(fs::Permissions::from_mode(mode))
    };
    write().map_err(FileError::io("write", path))
}

/// Gives what lies at `path` exactly `mode`.
pub fn set_mode(path: &Path, mode: u32) -> Result<(), FileError> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(FileError::io("change the mode of", path))
}

/// A new folder that only we can enter, gone with the value; its name has 128 random bits.
pub fn private_folder(parent: &Path) -> Result<tempfile::TempDir, FileError> {
    tempfile::Builder::new()
        .prefix(PRIVATE_PREFIX)
        .rand_bytes(22)
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .map_err(FileError::io("make a folder in", parent))
}

/// Removes a folder that [`private_folder`] made, with the files in it.
///
/// Anything else is left alone, whoever names it: a link, a folder of another user or mode or name,
/// and folders within.
pub fn remove_private_folder(path: &Path) -> Result<(), FileError> {
    let failed = |error| FileError::io("remove", path)(error);
    let metadata = fs::symlink_metadata(path).map_err(failed)?;
    let name = path.file_name().and_then(|name| name.to_str());
    let is_ours = metadata.is_dir()
        && metadata.mode() & 0o777 == 0o700
        && metadata.uid() == rustix::process::getuid().as_raw()
        && name.is_some_and(|name| name.starts_with(PRIVATE_PREFIX) && name.len() == 31);
    if !is_ours {
        return Err(failed(io::ErrorKind::PermissionDenied.into()));
    }
    for entry in fs::read_dir(path).map_err(failed)? {
        fs::remove_file(entry.map_err(failed)?.path()).map_err(failed)?;
    }
    fs::remove_dir(path).map_err(failed)
}

/// Whether anything lies at `path`, be it a link to nowhere.
///
/// Only what certainly is not there is absent: a folder that may not be entered is an error.
pub fn lies_at(path: &Path) -> Result<bool, FileError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(FileError::io("look for", path)(error)),
    }
}

/// Whether a symbolic link lies at `path`.
pub fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
}

fn is_absent(error: &io::Error) -> bool {
    let kind = error.kind();
    matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The folder that relative paths start at.
pub fn working_directory() -> io::Result<PathBuf> {
    std::env::current_dir()
}

/// The absolute path without links, of something that exists.
pub fn resolve(path: &Path) -> Result<PathBuf, FileError> {
    fs::canonicalize(path).map_err(FileError::io("find", path))
}

/// Whether `path` leads to a regular file.
pub fn is_regular(path: &Path) -> Result<bool, FileError> {
    let metadata = fs::metadata(path).map_err(FileError::io("find", path))?;
    Ok(metadata.is_file())
}

/// The names of the regular files directly within `folder`, sorted, at most 10,000.
pub fn names(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    listed(folder, fs::FileType::is_file)
}

/// The names of the folders directly within `folder`, sorted, at most 10,000; links are none.
pub fn folders(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    listed(folder, fs::FileType::is_dir)
}

fn listed(folder: &Path, is_meant: fn(&fs::FileType) -> bool) -> Result<Vec<PathBuf>, FileError> {
    let failed = |error| FileError::io("list", folder)(error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)?.take(10_000) {
        let entry = entry.map_err(failed)?;
        if is_meant(&entry.file_type().map_err(failed)?) {
            names.push(PathBuf::from(entry.file_name()));
        }
    }
    names.sort();
    Ok(names)
}

/// Whether `path` leads to a folder.
pub fn is_folder(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// How many bytes a user may still write to the disk that `path` lies on.
pub fn free_bytes(path: &Path) -> Result<u64, FileError> {
    let disk = rustix::fs::statvfs(path)
        .map_err(|error| FileError::io("look at the disk of", path)(error.into()))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The user and group that own what lies at `path`.
pub fn owner(path: &Path) -> Result<(u32, u32), FileError> {
    let metadata = fs::metadata(path).map_err(FileError::io("find", path))?;
    Ok((metadata.uid(), metadata.gid()))
}

/// What the link at `path` says, as text.
pub fn link_target(path: &Path) -> Result<String, FileError> {
    let target = fs::read_link(path).map_err(FileError::io("read", path))?;
    Ok(target.to_string_lossy().into_owned())
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
    fn only_what_certainly_is_not_there_is_absent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("link");
        assert!(!lies_at(&path).unwrap());
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        assert!(lies_at(&path).unwrap());
        create(&folder.path().join("file"), b"", 0o644).unwrap();
        assert!(!lies_at(&folder.path().join("file/below")).unwrap());
        // Refused to root too, as a folder without permissions is not.
        let error = lies_at(&folder.path().join("x".repeat(300))).unwrap_err();
        assert!(error.to_string().starts_with("could not look for"));
    }

    #[test]
    fn only_a_private_folder_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let private = private_folder(parent.path()).unwrap().keep();
        create(&private.join("init"), b"", 0o555).unwrap();
        let link = parent.path().join("fullsend-0123456789012345678901");
        std::os::unix::fs::symlink(&private, &link).unwrap();
        assert!(remove_private_folder(&link).is_err());
        assert!(remove_private_folder(parent.path()).is_err());
        remove_private_folder(&private).unwrap();
        assert!(!private.exists());
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
