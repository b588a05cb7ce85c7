//! The sockets whose holder is root on the machine, or can become it; looks at no file.

use std::{
    ffi::OsStr,
    path::{Component, Path, PathBuf},
};

use super::path::lexical;

/// Their names, wherever they lie: rootless runtimes, copies, other machines.
const NAMES: [&str; 6] = [
    "docker.sock",
    "docker.sock.raw",
    "podman.sock",
    "containerd.sock",
    "crio.sock",
    "buildkitd.sock",
];

/// Where they lie in a run folder, the machine's or a user's, if not directly in it.
const PLACES: [&str; 7] = [
    "podman/podman.sock",
    "containerd/containerd.sock",
    "docker/containerd/containerd.sock",
    "crio/crio.sock",
    "buildkit/buildkitd.sock",
    "k3s/containerd/containerd.sock",
    "dbus/system_bus_socket",
];

/// The machine's run folder; the second is most often a link to the first.
const RUN_FOLDERS: [&str; 2] = ["/run", "/var/run"];

/// The control socket that a mount of `source` would carry into a container: `source` itself, or
/// one below it.
///
/// Judges the text alone. A link can hide a socket from it: ask again with the resolved path.
pub fn carried_by(source: &Path) -> Option<PathBuf> {
    let source = lexical(source);
    let name = source.file_name().and_then(OsStr::to_str);
    if name.is_some_and(|name| NAMES.contains(&name)) {
        return Some(source);
    }
    if !source.is_absolute() {
        return None;
    }
    well_known()
        .chain(user_folder(&source).iter().flat_map(|it| places(it)))
        .find(|socket| socket.starts_with(&source))
}

/// Every place of a control socket of the machine itself.
pub fn well_known() -> impl Iterator<Item = PathBuf> {
    RUN_FOLDERS
        .into_iter()
        .flat_map(|folder| places(Path::new(folder)))
}

/// Where control sockets lie in `folder`, if it is a run folder.
pub fn places(folder: &Path) -> impl Iterator<Item = PathBuf> {
    NAMES.iter().chain(&PLACES).map(|place| folder.join(place))
}

/// The run folder of the user whose files `source` names; of any user, if it names all of theirs.
fn user_folder(source: &Path) -> Option<PathBuf> {
    RUN_FOLDERS.iter().find_map(|folder| {
        let users = Path::new(folder).join("user");
        let below = source.strip_prefix(&users).ok()?;
        let user = below.components().next();
        Some(users.join(user.map_or("UID".as_ref(), Component::as_os_str)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_carries_a_control_socket() {
        for bad in [
            "/var/run/docker.sock",
            "/run/docker.sock",
            "/run/docker.sock.raw",
            "//run//docker.sock/",
            "/var/run/../run//docker.sock",
            "/run/podman/podman.sock",
            "/run/user/1000/docker.sock",
            "/run/user/1000/podman/podman.sock",
            "/run/containerd/containerd.sock",
            "/run/dbus/system_bus_socket",
            "/elsewhere/podman.sock",
            "docker.sock",
            "../x/docker.sock",
        ] {
            let path = Path::new(bad);
            assert_eq!(carried_by(path), Some(lexical(path)), "{bad}");
        }
    }

    #[test]
    fn no_folder_carries_a_control_socket() {
        for bad in [
            "/",
            "/run",
            "/run/",
            "/run/.",
            "/var",
            "/var/run/",
            "/var/../run",
            "/run/user",
            "/run/user/1000",
            "/run/user/1000/podman",
            "/var/run/user/1000",
            "/run/podman",
            "/run/containerd",
            "/run/docker",
            "/run/docker/containerd",
            "/run/crio",
            "/run/buildkit",
            "/run/dbus",
            "/run/k3s",
            "/run/k3s/containerd",
        ] {
            let held = carried_by(Path::new(bad)).unwrap();
            assert!(held.starts_with(lexical(Path::new(bad))), "{bad}");
        }
    }

    #[test]
    fn ordinary_paths_carry_none() {
        for good in [
            "",
            ".",
            "../x",
            "/home/me/run",
            "/runner/work",
            "/runpodman",
            "/var/lib/app",
            "/run/secrets/a",
            "/run/user/1/project",
        ] {
            assert_eq!(carried_by(Path::new(good)), None, "{good}");
        }
    }
}
