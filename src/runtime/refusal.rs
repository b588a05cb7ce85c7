//! Mounts that would hand the runtime itself to the agent.

use std::path::{Path, PathBuf};

use super::error::RuntimeError;
use crate::model::{control_socket, path::lexical};

/// Refuses `source` if it is, leads to, or holds a socket that controls the machine.
///
/// To the rule on names and places it adds what only the machine knows: `endpoint_socket`, the one
/// in use, which may have any name; where links lead; and which sockets lie in a folder.
pub(super) fn check(source: &Path, endpoint_socket: Option<&Path>) -> Result<(), RuntimeError> {
    // As written and as resolved: the first needs no access to the file, the second sees links.
    let forms = [Some(lexical(source)), std::fs::canonicalize(source).ok()];
    let control = forms.into_iter().flatten().find_map(|form| {
        control_socket::carried_by(&form)
            .or_else(|| led_to(&form, endpoint_socket))
            .or_else(|| held_by(&form))
    });
    control.map_or(Ok(()), |control| {
        Err(RuntimeError::Refused {
            source_path: source.to_owned(),
            control: control.display().to_string(),
        })
    })
}

/// The socket in use or a well-known one that lies at or below `form`, by its name or through a
/// link.
fn led_to(form: &Path, endpoint_socket: Option<&Path>) -> Option<PathBuf> {
    control_socket::well_known()
        .chain(endpoint_socket.map(Path::to_owned))
        .find(|socket| {
            let resolved = std::fs::canonicalize(socket).ok();
            socket.starts_with(form) || resolved.is_some_and(|it| it.starts_with(form))
        })
}

/// A socket that lies in `form` as in a run folder, which may be anywhere: `XDG_RUNTIME_DIR`.
fn held_by(form: &Path) -> Option<PathBuf> {
    control_socket::places(form)
        .find(|socket| std::fs::symlink_metadata(socket).is_ok_and(|it| is_socket(&it)))
}

fn is_socket(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_socket() || metadata.file_type().is_symlink()
}

#[cfg(test)]
mod tests {
    use std::os::unix::{fs::symlink, net::UnixListener};

    use super::*;

    fn refused(source: &Path, endpoint: Option<&Path>) -> bool {
        matches!(check(source, endpoint), Err(RuntimeError::Refused { .. }))
    }

    #[test]
    fn what_the_rule_names_is_refused() {
        for source in ["/run", "/elsewhere/podman.sock", "/run/user/1/docker.sock"] {
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
