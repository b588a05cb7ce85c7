//! Which CI platform this is, and the event that started its job.

use std::path::{Path, PathBuf};

use crate::seam::{
    environment::Environment,
    files::{self, FileError},
};

/// GitHub's own limit on an event is 25 MB.
const EVENT_BYTES: u64 = 32 << 20;

/// The CI platform that this process runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
}

impl Platform {
    /// The platform that `environment` tells of.
    pub fn detect(environment: &Environment) -> Option<Self> {
        if environment.is_true("GITHUB_ACTIONS") {
            Some(Self::GitHub)
        } else if environment.is_true("GITLAB_CI") {
            Some(Self::GitLab)
        } else {
            None
        }
    }

    /// The variable that names the file with the event.
    fn event_variable(self) -> &'static str {
        match self {
            Self::GitHub => "GITHUB_EVENT_PATH",
            Self::GitLab => "TRIGGER_PAYLOAD",
        }
    }
}

/// Reads the event that started the CI job, as the platform wrote it; none where it wrote none.
pub fn event(environment: &Environment) -> Result<Option<Vec<u8>>, FileError> {
    let platform = Platform::detect(environment);
    let path = platform.and_then(|platform| environment.get(platform.event_variable()));
    path.map(|path| files::read(Path::new(path), EVENT_BYTES))
        .transpose()
}

/// The folder that the CI job keeps its checkouts in.
pub(super) fn workspace(environment: &Environment) -> Option<PathBuf> {
    let folder = environment
        .get("GITHUB_WORKSPACE")
        .or_else(|| environment.get("CI_PROJECT_DIR"));
    folder.map(PathBuf::from)
}
