//! Mounts that would hand the runtime itself to the agent.

use std::path::{Component, Path, PathBuf};

use super::error::RuntimeError;

/// Sockets whose holder is root on the machine, or can become it.
const CONTROL_SOCKETS: [&str; 9] = [
    "/run/docker.sock",
    "/var/run/docker.sock",
    "/run/podman/podman.sock",
    "/run/containerd/containerd.sock",
    "/run/docker/containerd/containerd.sock",
    "/run/crio/crio.sock",
    "/run/buildkit/buildkitd.sock",
    "/run/k3s/containerd/containerd.sock",
    "/run/dbus/system_bus_socket",
];

/// The same by name, wherever they lie: rootless daemons, copies, other machines.
const CONTROL_NAMES: [&str; 5] = [
    "docker.sock",
    "podman.sock",
    "containerd.sock",
    "crio.sock",
    "buildkitd.sock",
];

/// Where rootless runtimes put their sockets, under `XDG_RUNTIME_DIR`.
const IN_RUNTIME_FOLDER: [&str; 2] = ["docker.sock", "podman/podman.sock"];

/// Refuses `source` if it is, leads to, or holds a socket that controls a runtime.
///
/// `endpoint_socket` is the one in use, which may have any name.
pub(super) fn check(source: &Path, endpoint_socket: Option<&Path>) -> Result<(), RuntimeError> {
    let refused = |control: &Path| {
        Err(RuntimeError::Refused {
            source_path: source.to_owned(),
            control: control.display().to_string(),
        })
    };
    // As written and as resolved: the first needs no access to the file, the second sees links.
    let forms = [Some(lexical(source)), std::fs::canonicalize(source).ok()];
    for form in forms.into_iter().flatten() {
        let name = form.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| CONTROL_NAMES.contains(&name)) {
            return refused(&form);
        }
        for socket in CONTROL_SOCKETS.iter().map(Path::new).chain(endpoint_socket) {
            let resolved = std::fs::canonicalize(socket).ok();
            if socket.starts_with(&form) || resolved.is_some_and(|it| it.starts_with(&form)) {
                return refused(socket);
            }
        }
        if let Some(held) = held_by_runtime_folder(&form) {
            return refused(&held);
        }
    }
    Ok(())
}

/// A rootless runtime's socket that lies under `form`, if that is a user's runtime folder or
/// the socket's own.
fn held_by_runtime_folder(form: &Path) -> Option<PathBuf> {
    IN_RUNTIME_FOLDER
        .iter()
        .map(|socket| form.join(socket))
        .chain([form.join("podman.sock")])
        .find(|socket| std::fs::symlink_metadata(socket).is_ok_and(|it| is_socket(&it)))
}

fn is_socket(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_socket() || metadata.file_type().is_symlink()
}

/// Resolves `.` and `..` by the text alone.
fn lexical(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use std::os::unix::{fs::symlink, net::UnixListener};

    use super::*;

    fn refused(source: &Path, endpoint: Option<&Path>) -> bool {
        matches!(check(source, endpoint), Err(RuntimeError::Refused { .. }))
    }

    #[test]
    fn sockets_their_folders_and_odd_spellings_are_refused() {
        for source in [
            "/var/run/docker.sock",
            "/run/docker.sock",
            "/var/run/../run//docker.sock",
            "/run",
            "/run/",
            "/var/run",
            "/",
            "/run/podman",
            "/run/user/1000/docker.sock",
            "/elsewhere/podman.sock",
            "/run/containerd",
        ] {
            assert!(refused(Path::new(source), None), "{source}");
        }
    }

    #[test]
    fn ordinary_folders_pass() {
        let folder = tempfile::tempdir().unwrap();
        for source in [
            folder.path(),
            Path::new("/absent/x"),
            Path::new("/run/user/1/project"),
        ] {
            assert!(
                !refused(source, Some(Path::new("/somewhere/d.sock"))),
                "{source:?}"
            );
        }
    }

    #[test]
    fn links_and_the_socket_in_use_are_seen() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let socket = inner.join("api");
        let _listener = UnixListener::bind(&socket).unwrap();
        let link = folder.path().join("link");
        symlink(&socket, &link).unwrap();
        let folder_link = folder.path().join("folder-link");
        symlink(&inner, &folder_link).unwrap();
        for source in [
            &socket,
            &link,
            &inner,
            &folder_link,
            &folder.path().to_owned(),
        ] {
            assert!(refused(source, Some(&socket)), "{source:?}");
            assert!(!refused(source, None), "{source:?}");
        }
        let var_run = folder.path().join("r");
        symlink("/run", &var_run).unwrap();
        assert!(refused(&var_run, None));
    }

    #[test]
    fn a_rootless_runtimes_folder_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!refused(folder.path(), None));
        let _listener = UnixListener::bind(folder.path().join("docker.sock")).unwrap();
        assert!(refused(folder.path(), None));
    }
}
