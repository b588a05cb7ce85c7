//! Where the runtime listens: `DOCKER_HOST`, docker contexts, the default sockets.

use std::path::{Path, PathBuf};

use super::{context, error::RuntimeError};
use crate::{model::text::shortened, seam::environment::Environment};

/// An address that a runtime listens at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Unix(PathBuf),
    Tcp { authority: String },
    Tls { authority: String, files: TlsFiles },
}

/// What TLS with client certificates needs, in docker's file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TlsFiles {
    pub(super) ca: PathBuf,
    pub(super) cert: PathBuf,
    pub(super) key: PathBuf,
}

/// The runtime that the user asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// Whatever answers, docker first.
    #[default]
    Auto,
    /// Docker only.
    Docker,
    /// Podman only.
    Podman,
}

impl TlsFiles {
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self {
            ca: folder.join("ca.pem"),
            cert: folder.join("cert.pem"),
            key: folder.join("key.pem"),
        }
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { authority } | Self::Tls { authority, .. } => write!(f, "tcp://{authority}"),
        }
    }
}

/// The addresses to try, best first; a single one where the user named it.
pub(super) fn candidates(
    choice: Choice,
    environment: &Environment,
) -> Result<Vec<Endpoint>, RuntimeError> {
    if let Some(named) = named(environment)? {
        return Ok(vec![named]);
    }
    let docker = docker_sockets(environment);
    let podman = podman_sockets(environment);
    let paths = match choice {
        Choice::Docker => docker,
        Choice::Podman => podman,
        Choice::Auto => [docker, podman].concat(),
    };
    Ok(paths.into_iter().map(Endpoint::Unix).collect())
}

/// What `DOCKER_HOST`, `DOCKER_CONTEXT` or the current context name, in docker's order.
fn named(environment: &Environment) -> Result<Option<Endpoint>, RuntimeError> {
    if let Some(host) = environment.get("DOCKER_HOST") {
        let tls = environment
            .get("DOCKER_TLS_VERIFY")
            .map(|_| TlsFiles::in_folder(&cert_folder(environment)));
        return parse("DOCKER_HOST", host, tls).map(Some);
    }
    context::current(environment)
}

fn cert_folder(environment: &Environment) -> PathBuf {
    environment
        .get("DOCKER_CERT_PATH")
        .map_or_else(|| context::docker_config(environment), PathBuf::from)
}

/// Reads an address in the forms that docker knows.
pub(super) fn parse(
    origin: &str,
    value: &str,
    tls: Option<TlsFiles>,
) -> Result<Endpoint, RuntimeError> {
    let bad = |reason: &str| RuntimeError::Address {
        origin: origin.to_owned(),
        value: shortened(value, 200),
        reason: reason.to_owned(),
    };
    let Some((scheme, rest)) = value.split_once("://") else {
        return Err(bad("it has no scheme such as `unix://`"));
    };
    match scheme {
        "unix" if rest.starts_with('/') => Ok(Endpoint::Unix(PathBuf::from(rest))),
        "unix" => Err(bad("the socket's path is not absolute")),
        "tcp" | "http" | "https" => {
            // A scheme without a default port: `tcp://host:80` keeps its port.
            let url = url::Url::parse(&format!("tcp://{}", rest.trim_end_matches('/')));
            let plain = |url: &url::Url| {
                url.username().is_empty() && url.password().is_none() && url.path().is_empty()
            };
            let Some(url) = url.ok().filter(plain) else {
                return Err(bad("no host and port follow the scheme"));
            };
            let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
                return Err(bad("no host and port follow the scheme"));
            };
            let port = url
                .port()
                .unwrap_or(if tls.is_some() { 2376 } else { 2375 });
            let authority = format!("{host}:{port}");
            match tls {
                Some(files) => Ok(Endpoint::Tls { authority, files }),
                None if scheme == "https" => Err(bad("https needs DOCKER_TLS_VERIFY")),
                None => Ok(Endpoint::Tcp { authority }),
            }
        }
        "ssh" => Err(bad("fullsend does not speak ssh")),
        "npipe" => Err(bad("named pipes are Windows' own")),
        _ => Err(bad("its scheme is unknown")),
    }
}

fn docker_sockets(environment: &Environment) -> Vec<PathBuf> {
    let rootless = environment
        .get("XDG_RUNTIME_DIR")
        .map(|folder| Path::new(folder).join("docker.sock"));
    [PathBuf::from("/var/run/docker.sock")]
        .into_iter()
        .chain(rootless)
        .collect()
}

fn podman_sockets(environment: &Environment) -> Vec<PathBuf> {
    let rootless = environment
        .get("XDG_RUNTIME_DIR")
        .map(|folder| Path::new(folder).join("podman/podman.sock"));
    rootless
        .into_iter()
        .chain([PathBuf::from("/run/podman/podman.sock")])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(value: &str) -> Result<Endpoint, RuntimeError> {
        parse("DOCKER_HOST", value, None)
    }

    #[test]
    fn addresses_are_read_as_docker_does() {
        let unix = Endpoint::Unix("/tmp/d.sock".into());
        assert_eq!(host("unix:///tmp/d.sock").unwrap(), unix);
        for (value, authority) in [
            ("tcp://127.0.0.1:2375", "127.0.0.1:2375"),
            ("tcp://docker", "docker:2375"),
            ("http://docker:80/", "docker:80"),
            ("tcp://[::1]:99", "[::1]:99"),
        ] {
            let expected = Endpoint::Tcp {
                authority: authority.to_owned(),
            };
            assert_eq!(host(value).unwrap(), expected, "{value}");
        }
        let files = TlsFiles::in_folder(Path::new("/certs"));
        assert_eq!(
            parse("DOCKER_HOST", "tcp://docker", Some(files.clone())).unwrap(),
            Endpoint::Tls {
                authority: "docker:2376".to_owned(),
                files
            }
        );
    }

    #[test]
    fn what_cannot_be_used_is_refused_by_name() {
        for (value, reason) in [
            ("ssh://me@host", "ssh"),
            ("unix://relative.sock", "absolute"),
            ("/var/run/docker.sock", "scheme"),
            ("tcp://", "host"),
            ("tcp://user:secret@host:1", "host"),
            ("tcp://host:1/path", "host"),
            ("tcp://host:99999", "host"),
            ("npipe:////./pipe/docker_engine", "Windows"),
            ("fd://", "unknown"),
        ] {
            let error = host(value).unwrap_err();
            assert!(error.to_string().contains(reason), "{value}: {error}");
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn the_variable_wins_and_defaults_follow_the_choice() {
        let named: Environment = [("DOCKER_HOST", "unix:///x.sock"), ("DOCKER_CONTEXT", "no")]
            .into_iter()
            .collect();
        assert_eq!(
            candidates(Choice::Podman, &named).unwrap(),
            [Endpoint::Unix("/x.sock".into())]
        );
        let plain: Environment = [("XDG_RUNTIME_DIR", "/run/user/7")].into_iter().collect();
        assert_eq!(
            candidates(Choice::Podman, &plain).unwrap(),
            [
                Endpoint::Unix("/run/user/7/podman/podman.sock".into()),
                Endpoint::Unix("/run/podman/podman.sock".into())
            ]
        );
        assert_eq!(candidates(Choice::Auto, &plain).unwrap().len(), 4);
    }
}
