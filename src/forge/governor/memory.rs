//! The pace between runs, and between processes that run at once: one file for each identity.

use std::{
    path::{Path, PathBuf},
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
}

impl Memory {
    /// Named by a hash, as hosts and identities are no file names.
    pub(super) fn new(folder: &Path, host: &str, identity: &str) -> Self {
        let whose = Sha256::digest(format!("{host}\n{identity}"));
        Self {
            folder: folder.join(format!("pace-{}", hex::encode(&whose[..16]))),
        }
    }

    /// Does `work` on the pace that is kept, and keeps what comes of it. Where that is impossible
    /// it is done on this process's own.
    pub(super) async fn with<T>(
        &self,
        pace: &mut Pace,
        clock: Clock,
        work: impl FnOnce(&mut Pace, Moment) -> T,
    ) -> T {
        let folder = match SharedFolder::enter(&self.folder, PATIENCE).await {
            Ok(folder) => folder,
            Err(error) => {
                tracing::debug!(%error, "the pace is not shared");
                return work(pace, clock.now());
            }
        };
        let now = clock.now();
        match self.read() {
            Ok(Some(state)) => pace.resume(state, now),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "the pace is forgotten"),
        }
        let result = work(pace, now);
        let bytes = serde_json::to_vec(pace.state()).unwrap_or_default();
        if let Err(error) = folder.jot(FILE, &bytes) {
            tracing::debug!(%error, "the pace is not kept");
        }
        result
    }

    /// What is kept; a file that makes no sense holds nothing.
    fn read(&self) -> Result<Option<State>, FileError> {
        match files::read(&self.folder.join(FILE), MAX_BYTES) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
