//! The pace between runs, and between processes that run at once: one file for each identity.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use sha2::{Digest as _, Sha256};

use super::{Moment, Pace, moment::Clock, pace::State};
use crate::seam::{
    files::{self, FileError},
    shared_folder::SharedFolder,
};

const FILE: &str = "pace.json";
/// Every window full of calls takes a tenth of it.
const MAX_BYTES: u64 = 1 << 20;
/// Others hold the file for less than a millisecond at a time.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the pace of one identity is kept.
#[derive(Debug)]
pub(super) struct Memory {
    folder: PathBuf,
    /// What is kept is no longer all that was done, and must not take the place of what we know.
    is_lost: AtomicBool,
}

impl Memory {
    /// Named by a hash, as hosts and identities are no file names.
    pub(super) fn new(folder: &Path, host: &str, identity: &str) -> Self {
        let whose = Sha256::digest(format!("{host}\n{identity}"));
        Self {
            folder: folder.join(format!("pace-{}", hex::encode(&whose[..16]))),
            is_lost: AtomicBool::new(false),
        }
    }

    /// Does `work` on the pace that is kept, and keeps what comes of it. Once that fails, it is
    /// done on this process's own.
    pub(super) async fn with<T>(
        &self,
        pace: &mut Pace,
        clock: Clock,
        work: impl FnOnce(&mut Pace, Moment) -> T,
    ) -> T {
        if self.is_lost.load(Ordering::Relaxed) {
            return work(pace, clock.now());
        }
        let entered = SharedFolder::enter(&self.folder, PATIENCE).await;
        let now = clock.now();
        let folder = entered.and_then(|folder| {
            if let Some(state) = self.read()? {
                pace.resume(state, now);
            }
            Ok(folder)
        });
        let result = work(pace, now);
        let bytes = serde_json::to_vec(pace.state()).unwrap_or_default();
        if let Err(error) = folder.and_then(|folder| folder.jot(FILE, &bytes)) {
            tracing::debug!(%error, "the pace is no longer shared");
            self.is_lost.store(true, Ordering::Relaxed);
        }
        result
    }

    /// What is kept; a file that makes no sense holds nothing.
    fn read(&self) -> Result<Option<State>, FileError> {
        match files::read(&self.folder.join(FILE), MAX_BYTES) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(FileError::TooLarge { .. }) => Ok(None),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
