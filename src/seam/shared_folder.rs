//! A folder that several processes use, one at a time.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::fs::{FlockOperation, flock};

use super::files::{AtomicFile, FileError};

/// How often a held lock is asked for again.
const POLL: Duration = Duration::from_millis(25);
const LOCK: &str = "lock";

/// The folder, ours alone until the value is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct SharedFolder {
    path: PathBuf,
    _lock: File,
}

impl SharedFolder {
    /// Makes the folder where it is missing, and waits at most `patience` for the others.
    pub async fn enter(path: &Path, patience: Duration) -> Result<Self, FileError> {
        let failed = |verb| move |source| io_error(verb, path, source);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(failed("make"))?;
        let lock = fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK))
            .map_err(failed("lock"))?;
        let started = Instant::now();
        loop {
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(rustix::io::Errno::WOULDBLOCK) if started.elapsed() < patience => {
                    tokio::time::sleep(POLL).await;
                }
                Err(error) => return Err(failed("lock")(error.into())),
            }
        }
        let folder = Self {
            path: path.to_owned(),
            _lock: lock,
        };
        folder.sweep();
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the file `name`: readers, who need no lock, see the old bytes or the new ones.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        AtomicFile::open(&self.path.join(name))?.commit(bytes)
    }

    /// The same for a file that only we may read, and that may be lost with the machine's power:
    /// it is not flushed to the disk.
    pub fn jot(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        AtomicFile::open_private(&self.path.join(name))?.commit_unflushed(bytes)
    }

    /// Removes what a process left that was killed while it wrote.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.path) else {
            return;
        };
        for entry in entries.flatten() {
            if AtomicFile::is_unfinished(&entry.file_name()) {
                // What cannot be removed takes up room and nothing else.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn io_error(verb: &'static str, path: &Path, source: io::Error) -> FileError {
    FileError::Io {
        verb,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_process_at_a_time_and_no_longer_than_patience() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/b");
        let first = SharedFolder::enter(&path, Duration::ZERO).await.unwrap();
        let patience = Duration::from_millis(60);
        let second = SharedFolder::enter(&path, patience).await;
        assert!(
            second
                .unwrap_err()
                .to_string()
                .starts_with("could not lock")
        );
        drop(first);
        SharedFolder::enter(&path, Duration::ZERO).await.unwrap();
    }

    #[tokio::test]
    async fn what_a_killed_writer_left_is_swept() {
        let home = tempfile::tempdir().unwrap();
        let folder = SharedFolder::enter(home.path(), Duration::ZERO).await;
        let folder = folder.unwrap();
        folder.write("state", b"old").unwrap();
        fs::rename(home.path().join("state"), home.path().join(".fullsend-x")).unwrap();
        folder.write("state", b"new").unwrap();
        drop(folder);
        SharedFolder::enter(home.path(), Duration::ZERO)
            .await
            .unwrap();
        let left = fs::read_dir(home.path()).unwrap();
        let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["lock", "state"]);
    }
}
