//! Paths as the runtime's machine sees them, for a CLI that itself runs in a container.
//!
//! A CI job's container that shares the host's socket asks a daemon that knows nothing of the
//! job's own file system: what the job calls `/builds/x` may be `/srv/runner/builds/x` there.

use std::path::{Path, PathBuf};

use crate::{
    runtime::{ContainerId, MountPoint, Runtime, RuntimeError},
    seam::files,
};

const MOUNTINFO_BYTES: u64 = 4 << 20;

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

    /// The path that the runtime must be given for `path`, which is absolute.
    pub(super) fn translate(&self, path: &Path) -> Result<PathBuf, Unreachable> {
        let Self::Mounted(mounts) = self else {
            return Ok(path.to_owned());
        };
        mounts
            .iter()
            .filter(|mount| path.starts_with(&mount.destination))
            .max_by_key(|mount| mount.destination.components().count())
            .and_then(|mount| {
                let rest = path.strip_prefix(&mount.destination).ok()?;
                let empty = rest.as_os_str().is_empty();
                Some(if empty {
                    mount.source.clone()
                } else {
                    mount.source.join(rest)
                })
            })
            .ok_or_else(|| Unreachable(path.to_owned()))
    }
}

/// The container that this process runs in, by the file that runtimes mount at /etc/hostname.
fn own_container() -> Option<ContainerId> {
    let bytes = files::read(Path::new("/proc/self/mountinfo"), MOUNTINFO_BYTES).ok()?;
    container_in(&String::from_utf8_lossy(&bytes))
}

fn container_in(mountinfo: &str) -> Option<ContainerId> {
    let hostname = mountinfo.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(3);
        let (root, target) = (fields.next()?, fields.next()?);
        (target == "/etc/hostname").then_some(root)
    })?;
    let is_id = |part: &&str| part.len() == 64 && part.bytes().all(|b| b.is_ascii_hexdigit());
    hostname.split('/').find(is_id)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_container_is_found_by_its_hostname_file() {
        let id = "0123456789abcdef".repeat(4);
        for root in [
            format!("/var/lib/docker/containers/{id}/hostname"),
            format!("/containers/storage/overlay-containers/{id}/userdata/hostname"),
        ] {
            let line = format!("600 590 254:1 {root} /etc/hostname rw - ext4 /dev/vda rw");
            assert_eq!(
                container_in(&line).map(|id| id.to_string()),
                Some(id.clone())
            );
        }
        assert_eq!(container_in("30 1 254:1 / / rw - ext4 /dev/vda rw"), None);
    }

    #[test]
    fn the_innermost_mount_translates() {
        let mount = |destination: &str, source: &str| MountPoint {
            destination: destination.into(),
            source: source.into(),
            writable: true,
        };
        let paths = HostPaths::Mounted(vec![
            mount("/builds", "/srv/b"),
            mount("/builds/x", "/srv/x"),
        ]);
        assert_eq!(
            paths.translate(Path::new("/builds/a")).unwrap(),
            Path::new("/srv/b/a")
        );
        assert_eq!(
            paths.translate(Path::new("/builds/x")).unwrap(),
            Path::new("/srv/x")
        );
        assert!(paths.translate(Path::new("/tmp/x")).is_err());
        assert!(paths.translate(Path::new("/buildsx")).is_err());
    }
}
