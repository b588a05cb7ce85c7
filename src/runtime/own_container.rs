//! Paths of a program that itself runs in a container and speaks to the runtime beside it.
//!
//! A CI job in a container often gets the machine's socket. The runtime then reads `/builds/x` as
//! a path of the machine, where it may be nothing, or something else. Our own container's mounts
//! tell what a path is called there.

use std::path::{Path, PathBuf};

use super::{ContainerId, MountPoint};

/// Finds the identifier of the container that this program runs in.
///
/// `mountinfo` is the text of `/proc/self/mountinfo` and `cgroup` that of `/proc/self/cgroup`.
/// Docker and Podman mount files of the container's own folder (`…/containers/<id>/hostname`) into
/// it, and version 1 cgroups carry the identifier in their path. `None` outside of a container.
pub fn identifier(mountinfo: &str, cgroup: &str) -> Option<ContainerId> {
    const OWN_FILES: [&str; 3] = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];
    let from_mounts = mountinfo.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(3);
        let (root, target) = (fields.next()?, fields.next()?);
        OWN_FILES.contains(&target).then_some(root)
    });
    let from_cgroup = cgroup.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    from_mounts.chain(from_cgroup).find_map(full_identifier)
}

/// The last part of `path` that is a full identifier, as runtimes decorate them:
/// `docker-<id>.scope`, `libpod-<id>`.
fn full_identifier(path: &str) -> Option<ContainerId> {
    path.split(['/', '-', '.', '_'])
        .rfind(|part| part.len() == 64 && part.parse::<ContainerId>().is_ok())
        .and_then(|part| part.parse().ok())
}

/// What `path` of our own container is called on the runtime's machine.
///
/// `None` if it lies in no mount: then it exists in this container alone, and cannot be shared.
/// `path` must be absolute and without links, as [`std::fs::canonicalize`] makes it.
pub fn translate(path: &Path, mounts: &[MountPoint]) -> Option<PathBuf> {
    let innermost = mounts
        .iter()
        .filter(|mount| path.starts_with(&mount.destination))
        .max_by_key(|mount| mount.destination.components().count())?;
    let below = path.strip_prefix(&innermost.destination).ok()?;
    Some(if below.as_os_str().is_empty() {
        innermost.source.clone()
    } else {
        innermost.source.join(below)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn the_identifier_is_found_where_runtimes_leave_it() {
        let docker = format!(
            "1 2 0:1 / / rw - overlay overlay rw\n\
             3 1 8:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4 /dev/sda rw"
        );
        let podman = format!(
            "3 1 0:2 /containers/overlay-containers/{ID}/userdata/hosts /etc/hosts rw - tmpfs x rw"
        );
        for mountinfo in [docker, podman] {
            assert_eq!(identifier(&mountinfo, "0::/\n").unwrap().as_str(), ID);
        }
        for cgroup in [
            format!("12:pids:/docker/{ID}\n"),
            format!("0::/system.slice/docker-{ID}.scope"),
            format!("0::/machine.slice/libpod-{ID}.scope/container"),
        ] {
            assert_eq!(identifier("", &cgroup).unwrap().as_str(), ID, "{cgroup}");
        }
        // A host that merely has docker's folders mounted somewhere is no container.
        let host = format!("9 1 0:3 / /var/lib/docker/overlay2/{ID}/merged rw - overlay o rw");
        assert_eq!(identifier(&host, "0::/user.slice/session-1.scope"), None);
    }

    #[test]
    fn paths_follow_the_innermost_mount() {
        let mount = |destination: &str, source: &str| MountPoint {
            destination: destination.into(),
            source: source.into(),
            writable: true,
        };
        let mounts = [mount("/builds", "/srv/b"), mount("/builds/cache", "/srv/c")];
        for (path, expected) in [
            ("/builds/a/b", Some("/srv/b/a/b")),
            ("/builds", Some("/srv/b")),
            ("/builds/cache/x", Some("/srv/c/x")),
            ("/builds2", None),
            ("/etc", None),
        ] {
            let translated = translate(Path::new(path), &mounts);
            assert_eq!(translated.as_deref(), expected.map(Path::new), "{path}");
        }
    }
}
