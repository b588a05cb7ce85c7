//! Replaces a file that was read and judged, as long as it still is what it was.

use std::{
    fs::{self, File, Metadata},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown},
    path::{Path, PathBuf},
};

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::{FileError, folder_of, read, resolve, unfinished};

/// Puts `new` in place of the file at `path` below `root`, unless it no longer holds the bytes
/// `read`.
///
/// It is replaced whole or not at all, and keeps its mode; its owner and group too, as far as we
/// may give files away, which root may. Its other hard links keep the old bytes.
///
/// Links are followed as long as they stay below `root`. A file that we may not write is left alone
/// although its folder would let us replace it; so is one that nobody may write, even for root.
pub fn replace_if_unchanged(
    root: &Path,
    path: &Path,
    read: &[u8],
    new: &[u8],
) -> Result<(), FileError> {
    let path = within(root, path)?;
    let old = writable(&path)?;
    let failed = |error| FileError::io("write", &path)(error);
    // Only we may read it until it has the old one's owner and mode.
    let mut temporary = unfinished(&path, 0o600)?;
    let file = temporary.as_file_mut();
    file.write_all(new)
        .and_then(|()| resemble(file, &old))
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    if !holds(&path, read)? {
        return Err(FileError::Changed { path });
    }
    temporary
        .persist(&path)
        .map_err(|error| failed(error.error))?;
    sync_folder(&path).map_err(FileError::io("flush the folder of", &path))
}

fn within(root: &Path, path: &Path) -> Result<PathBuf, FileError> {
    let (root, target) = (resolve(root)?, resolve(path)?);
    if target.starts_with(&root) {
        return Ok(target);
    }
    Err(FileError::Outside {
        path: path.to_owned(),
        target,
        root,
    })
}

/// What is known of the file at `path`, if we may write it.
fn writable(path: &Path) -> Result<Metadata, FileError> {
    use rustix::io::Errno;
    let path = path.to_owned();
    let metadata = fs::metadata(&path).map_err(FileError::io("read", &path))?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile { path });
    }
    if metadata.mode() & 0o222 == 0 {
        return Err(FileError::ReadOnly { path });
    }
    match accessat(CWD, &path, Access::WRITE_OK, AtFlags::EACCESS) {
        Ok(()) => Ok(metadata),
        Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) => Err(FileError::ReadOnly { path }),
        Err(error) => Err(FileError::io("write", &path)(error.into())),
    }
}

/// Gives `file` the owner, the group and the mode of `old`.
fn resemble(file: &File, old: &Metadata) -> io::Result<()> {
    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        let refused = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
        match fchown(file, Some(old.uid()), Some(old.gid())) {
            // Of another user's file we may at most keep the group, if it is one of ours.
            Err(error) if refused(&error) => match fchown(file, None, Some(old.gid())) {
                Err(error) if !refused(&error) => return Err(error),
                _ => {}
            },
            owned => owned?,
        }
    }
    // After the owner, whose change takes bits away.
    file.set_permissions(fs::Permissions::from_mode(old.mode() & 0o777))
}

fn holds(path: &Path, bytes: &[u8]) -> Result<bool, FileError> {
    match read(path, bytes.len() as u64) {
        Ok(now) => Ok(now == bytes),
        Err(FileError::TooLarge { .. } | FileError::NotAFile { .. }) => Ok(false),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes the new name last through a loss of power.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    match File::open(folder_of(path))?.sync_all() {
        // Some file systems flush no folders.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, symlink};

    use super::*;
    use crate::seam::files::create;

    /// A folder without links in its name, with `file` in it.
    fn folder(file: &str, bytes: &[u8], mode: u32) -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = resolve(folder.path()).unwrap();
        let path = root.join(file);
        create(&path, bytes, mode).unwrap();
        (folder, root, path)
    }

    /// What `path` holds, if nothing else was left in its folder.
    fn alone(path: &Path) -> Vec<u8> {
        let names = fs::read_dir(folder_of(path)).unwrap();
        assert_eq!(names.count(), 1, "something was left beside the file");
        read(path, 99).unwrap()
    }

    #[test]
    fn mode_and_owner_are_kept() {
        for mode in [0o644, 0o600, 0o755, 0o664, 0o200] {
            let (_folder, root, path) = folder("a", b"old", mode);
            // Root alone may give files away.
            let is_root = rustix::process::geteuid().is_root();
            if is_root {
                chown(&path, Some(4_321), Some(4_322)).unwrap();
            } else if mode & 0o400 == 0 {
                continue;
            }
            let old = fs::metadata(&path).unwrap();
            replace_if_unchanged(&root, &path, b"old", b"new").unwrap();
            let new = fs::metadata(&path).unwrap();
            assert_eq!(new.mode(), old.mode());
            assert_eq!((new.uid(), new.gid()), (old.uid(), old.gid()));
            assert_ne!(new.ino(), old.ino());
            assert_eq!(alone(&path), b"new");
        }
    }

    #[test]
    fn what_was_changed_in_between_is_left_alone() {
        let (_folder, root, path) = folder("a", b"now", 0o644);
        for read in [&b"old"[..], b"no", b"now\n", b""] {
            let error = replace_if_unchanged(&root, &path, read, b"new").unwrap_err();
            assert!(matches!(error, FileError::Changed { .. }), "{error}");
            assert_eq!(alone(&path), b"now");
        }
        assert!(!holds(&root.join("gone"), b"now").unwrap());
        assert!(!holds(&root, b"now").unwrap());
    }

    #[test]
    fn links_are_followed_within_the_root_alone() {
        let (_outer, outside, secret) = folder("secret", b"old", 0o644);
        let (_folder, root, path) = folder("a", b"old", 0o644);
        let links = tempfile::tempdir_in(&root).unwrap();
        let link = links.path().join("link");
        symlink("../a", &link).unwrap();
        replace_if_unchanged(&root, &link, b"old", b"new").unwrap();
        assert_eq!(read(&path, 9).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());

        symlink(&secret, root.join("out")).unwrap();
        symlink(&outside, root.join("folder")).unwrap();
        for path in ["out", "folder/secret"] {
            let error = replace_if_unchanged(&root, &root.join(path), b"old", b"new");
            let error = error.unwrap_err().to_string();
            assert!(error.contains(secret.to_str().unwrap()), "{error}");
        }
        assert_eq!(alone(&secret), b"old");
    }

    #[test]
    fn a_file_that_nobody_may_write_is_left_alone() {
        let (_folder, root, path) = folder("a", b"old", 0o444);
        let error = replace_if_unchanged(&root, &path, b"old", b"new").unwrap_err();
        assert!(error.to_string().ends_with("a is read-only"), "{error}");
        assert_eq!(alone(&path), b"old");
        let error = replace_if_unchanged(&root, &root, b"", b"new").unwrap_err();
        assert!(matches!(error, FileError::NotAFile { .. }), "{error}");
    }
}
