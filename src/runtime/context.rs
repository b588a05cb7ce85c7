//! Docker contexts: named addresses under docker's configuration folder.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{
    endpoint::{self, Endpoint, TlsFiles},
    error::RuntimeError,
};
use crate::{
    model::{digest::Digest, text::shortened},
    seam::{environment::Environment, files},
};

/// Far more than docker writes into these files; `config.json` also holds credentials.
const LARGEST: u64 = 4 << 20;

#[derive(Default, Deserialize)]
struct DockerConfig {
    #[serde(default, rename = "currentContext")]
    current_context: String,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Endpoints", default)]
    endpoints: std::collections::BTreeMap<String, MetaEndpoint>,
}

#[derive(Deserialize)]
struct MetaEndpoint {
    #[serde(rename = "Host", default)]
    host: String,
}

/// The folder of docker's `config.json` and contexts.
pub(super) fn docker_config(environment: &Environment) -> PathBuf {
    match environment.get("DOCKER_CONFIG") {
        Some(folder) => PathBuf::from(folder),
        None => environment.home().unwrap_or_default().join(".docker"),
    }
}

/// The address of the current context, unless that is docker's `default`.
pub(super) fn current(environment: &Environment) -> Result<Option<Endpoint>, RuntimeError> {
    let folder = docker_config(environment);
    let (origin, name) = match environment.get("DOCKER_CONTEXT") {
        Some(name) => ("DOCKER_CONTEXT", name.to_owned()),
        None => ("docker's config.json", configured(&folder)),
    };
    if name.is_empty() || name == "default" {
        return Ok(None);
    }
    endpoint_of(&folder, origin, &name).map(Some)
}

/// The context that `docker context use` chose. A file that cannot be read chooses none, as
/// credentials are all that most people have in it.
fn configured(folder: &Path) -> String {
    let Ok(bytes) = files::read(&folder.join("config.json"), LARGEST) else {
        return String::new();
    };
    let config = serde_json::from_slice::<DockerConfig>(&bytes).unwrap_or_default();
    config.current_context
}

fn endpoint_of(folder: &Path, origin: &str, name: &str) -> Result<Endpoint, RuntimeError> {
    let bad = |reason: String| RuntimeError::Address {
        origin: origin.to_owned(),
        value: shortened(name, 200),
        reason,
    };
    // Docker's folder name for a context: its name may hold anything, the hash cannot.
    let key = Digest::of(name.as_bytes());
    let file = folder
        .join("contexts/meta")
        .join(key.hex())
        .join("meta.json");
    let bytes = files::read(&file, LARGEST).map_err(|error| {
        if error.is_not_found() {
            bad("there is no docker context of that name".to_owned())
        } else {
            bad(error.to_string())
        }
    })?;
    let meta: Meta = serde_json::from_slice(&bytes)
        .map_err(|error| bad(format!("{} is malformed: {error}", file.display())))?;
    if meta.name != name {
        return Err(bad(format!("{} is of another context", file.display())));
    }
    let docker = meta.endpoints.get("docker");
    let Some(host) = docker
        .map(|it| it.host.as_str())
        .filter(|host| !host.is_empty())
    else {
        return Err(bad("the context has no docker endpoint".to_owned()));
    };
    let tls_folder = folder.join("contexts/tls").join(key.hex()).join("docker");
    let tls = tls_folder
        .join("ca.pem")
        .exists()
        .then(|| TlsFiles::in_folder(&tls_folder));
    endpoint::parse(&format!("the docker context {name}"), host, tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.0.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            files::AtomicFile::open(&path)
                .unwrap()
                .commit(text.as_bytes())
                .unwrap();
        }

        fn context(&self, name: &str, host: &str) {
            let hex = Digest::of(name.as_bytes()).hex().to_owned();
            self.write(
                &format!("contexts/meta/{hex}/meta.json"),
                &format!(
                    r#"{{"Name":"{name}","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}","SkipTLSVerify":false}}}}}}"#
                ),
            );
        }

        fn current(&self, variables: &[(&str, &str)]) -> Result<Option<Endpoint>, RuntimeError> {
            let config = self.0.path().display().to_string();
            let own = [("DOCKER_CONFIG", config.as_str())];
            current(&variables.iter().chain(&own).copied().collect())
        }
    }

    #[test]
    fn the_variable_then_the_file_choose() {
        let folder = Folder::new();
        assert_eq!(folder.current(&[]).unwrap(), None);
        folder.context("rootless", "unix:///run/user/1/docker.sock");
        folder.context("far", "tcp://far:2375");
        folder.write("config.json", r#"{"auths":{},"currentContext":"rootless"}"#);
        let rootless = Endpoint::Unix("/run/user/1/docker.sock".into());
        assert_eq!(folder.current(&[]).unwrap(), Some(rootless));
        let far = folder.current(&[("DOCKER_CONTEXT", "far")]).unwrap();
        assert_eq!(far.unwrap().to_string(), "tcp://far:2375");
        let default = folder.current(&[("DOCKER_CONTEXT", "default")]).unwrap();
        assert_eq!(default, None);
    }

    #[test]
    fn tls_files_make_it_tls() {
        let folder = Folder::new();
        folder.context("far", "tcp://far:2376");
        let hex = Digest::of(b"far").hex().to_owned();
        folder.write(&format!("contexts/tls/{hex}/docker/ca.pem"), "");
        let far = folder.current(&[("DOCKER_CONTEXT", "far")]).unwrap();
        assert!(matches!(far, Some(Endpoint::Tls { .. })));
    }

    #[test]
    fn a_broken_choice_is_an_error_and_a_broken_config_is_none() {
        let folder = Folder::new();
        folder.write("config.json", "{");
        assert_eq!(folder.current(&[]).unwrap(), None);
        let absent = folder
            .current(&[("DOCKER_CONTEXT", "../../etc")])
            .unwrap_err();
        assert!(absent.to_string().contains("no docker context"), "{absent}");
        folder.context("odd", "ssh://host");
        let ssh = folder.current(&[("DOCKER_CONTEXT", "odd")]).unwrap_err();
        assert!(ssh.to_string().contains("docker context odd"), "{ssh}");
        let hex = Digest::of(b"torn").hex().to_owned();
        folder.write(&format!("contexts/meta/{hex}/meta.json"), "{\"Name\":");
        assert!(folder.current(&[("DOCKER_CONTEXT", "torn")]).is_err());
    }
}
