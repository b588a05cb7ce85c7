//! Paths as the runtime's machine sees them, for a CLI that itself runs in a container.
//!
//! A CI job's container that shares the host's socket asks a daemon that knows nothing of the
//! job's own file system: what the job calls `/builds/x` may be `/srv/runner/builds/x` there.

use std::path::{Path, PathBuf};

use crate::{
    runtime::{ContainerId, MountPoint, Runtime, RuntimeError, own_container},
    seam::files,
};

const PROC_BYTES: u64 = 4 << 20;

/// Translates paths of this process into those of the runtime's machine.
#[derive(Debug)]
pub(super) enum HostPaths {
    /// They are the same.
    Same,
    /// This process runs in a container of the same runtime, with these mounts.
    Mounted(Vec<MountPoint>),
}

/// A path that does not exist on the runtime's machine.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} lies in this job's own container, where the container runtime cannot see it; \
     only what the job itself has mounted can be mounted on",
    .0.display()
)]
pub(super) struct Unreachable(PathBuf);

impl HostPaths {
    /// Finds out whether this process runs in a container of `runtime`.
    pub(super) async fn detect(runtime: &dyn Runtime) -> Result<Self, RuntimeError> {
        let Some(container) = own_container() else {
            return Ok(Self::Same);
        };
        Ok(match runtime.mounts(&container).await? {
            Some(mounts) => Self::Mounted(mounts),
            None => Self::Same,
        })
    }

    /// The path that the runtime must be given for `path`, which is absolute and without links.
    pub(super) fn translate(&self, path: &Path) -> Result<PathBuf, Unreachable> {
        match self {
            Self::Same => Ok(path.to_owned()),
            Self::Mounted(mounts) => {
                own_container::translate(path, mounts).ok_or_else(|| Unreachable(path.to_owned()))
            }
        }
    }
}

fn own_container() -> Option<ContainerId> {
    let read = |path: &str| {
        let bytes = files::read(Path::new(path), PROC_BYTES).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    own_container::identifier(&read("/proc/self/mountinfo"), &read("/proc/self/cgroup"))
}
