//! A real daemon, a real registry, and a small image in it.
//!
//! A machine without them fails these tests: skipping would look like passing.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use fullsend::{
    model::{digest::Digest, image::Repository, platform::Platform},
    runtime::{self, Choice, LocalImage, PullRequest, Runtime},
    seam::environment::Environment,
};
use serde_json::json;

/// The daemon that `DOCKER_HOST` names, or this machine's.
pub(crate) async fn daemon() -> Arc<dyn Runtime> {
    let ambient = Environment::of_process();
    let host = ambient.get("DOCKER_HOST").map(|host| ("DOCKER_HOST", host));
    let environment: Environment = host.into_iter().collect();
    match runtime::connect(Choice::Docker, &environment).await {
        Ok(runtime) => runtime,
        Err(error) => panic!(
            "these tests need a Docker daemon (start one with `dockerd`): {error}: {:?}",
            error.hint()
        ),
    }
}

/// A `docker-registry` of our own on a loopback port, ended with the value.
pub(crate) struct Registry {
    child: Child,
    host: String,
    _folder: tempfile::TempDir,
}

/// An image in a registry.
#[derive(Clone)]
pub(crate) struct Pushed {
    pub(crate) repository: Repository,
    /// The manifest's digest.
    pub(crate) digest: Digest,
    /// The digest of an index that names the manifest alone.
    pub(crate) index: Digest,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // What was pulled from here goes too, as far as no container is left on it.
        let listed = command("docker")
            .args([
                "images",
                "--digests",
                "--format",
                "{{.Repository}}@{{.Digest}}",
            ])
            .output();
        let text = listed.map(|it| it.stdout).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        for image in text.lines().filter(|it| it.starts_with(&self.host)) {
            let _ = command("docker").args(["rmi", image]).output();
        }
    }
}

impl Registry {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = free.local_addr().unwrap().to_string();
        drop(free);
        let config = folder.path().join("config.yml");
        let text = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: {host}}}\n",
            folder.path().join("data").display()
        );
        fullsend::seam::files::AtomicFile::open(&config)
            .and_then(|file| file.commit(text.as_bytes()))
            .unwrap();
        let child = command("docker-registry")
            .arg("serve")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("these tests need `docker-registry` (Debian package of that name)");
        let registry = Self {
            child,
            host,
            _folder: folder,
        };
        for _ in 0..200 {
            if reqwest::get(registry.url("")).await.is_ok() {
                return registry;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("docker-registry did not come up");
    }

    /// The name of an image here, as files write it.
    pub(crate) fn named(&self, image: &str) -> String {
        format!("{}/{image}", self.host)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/v2/{path}", self.host)
    }

    /// Pushes an image of busybox whose configuration says `platform`, under `name`.
    ///
    /// No other test has this very image: one that takes its name off an image while another
    /// pulls the same would take the image from both.
    pub(crate) async fn push(&self, name: &str, platform: &Platform) -> Pushed {
        let layer = busybox_layer();
        let config = serde_json::to_vec(&json!({
            "architecture": platform.architecture, "os": platform.os,
            "config": {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"], "Labels": {"name": name, "registry": self.host}},
            "rootfs": {"type": "layers", "diff_ids": [Digest::of(&layer)]},
        }))
        .unwrap();
        let layer_digest = self.blob(name, &layer).await;
        let config_digest = self.blob(name, &config).await;
        let manifest = serde_json::to_vec(&json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                       "digest": config_digest, "size": config.len()},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar",
                        "digest": layer_digest, "size": layer.len()}],
        }))
        .unwrap();
        let digest = self
            .manifest(
                name,
                &manifest,
                "application/vnd.oci.image.manifest.v1+json",
            )
            .await;
        let index = serde_json::to_vec(&json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json",
                           "digest": digest, "size": manifest.len(),
                           "platform": {"os": platform.os, "architecture": platform.architecture}}],
        }))
        .unwrap();
        let index = self
            .manifest(name, &index, "application/vnd.oci.image.index.v1+json")
            .await;
        Pushed {
            repository: format!("{}/{name}", self.host).parse().unwrap(),
            digest,
            index,
        }
    }

    async fn blob(&self, name: &str, bytes: &[u8]) -> Digest {
        let client = reqwest::Client::new();
        let begun = client
            .post(self.url(&format!("{name}/blobs/uploads/")))
            .send()
            .await
            .unwrap();
        let mut at = url::Url::parse(begun.headers()["location"].to_str().unwrap()).unwrap();
        let digest = Digest::of(bytes);
        at.query_pairs_mut().append_pair("digest", digest.as_str());
        let put = client.put(at).body(bytes.to_vec()).send().await.unwrap();
        assert_eq!(put.status(), 201);
        digest
    }

    async fn manifest(&self, name: &str, bytes: &[u8], media_type: &str) -> Digest {
        let digest = Digest::of(bytes);
        let put = reqwest::Client::new()
            .put(self.url(&format!("{name}/manifests/{digest}")))
            .header("content-type", media_type)
            .body(bytes.to_vec())
            .send()
            .await
            .unwrap();
        assert_eq!(put.status(), 201);
        digest
    }
}

impl Pushed {
    /// Pulls the image by its manifest's digest.
    pub(crate) async fn pull(&self, runtime: &dyn Runtime) -> LocalImage {
        let request = PullRequest {
            repository: &self.repository,
            digest: &self.digest,
            platform: &Platform::host(),
            credential: None,
        };
        runtime.pull(request, &mut |_| {}).await.unwrap()
    }
}

/// A socket before the daemon's, which can go away.
pub(crate) struct Relay {
    folder: tempfile::TempDir,
    serving: tokio::task::JoinHandle<()>,
}

/// Where the daemon listens that the tests use.
fn daemon_socket() -> String {
    let host = Environment::of_process();
    let host = host
        .get("DOCKER_HOST")
        .unwrap_or("unix:///var/run/docker.sock");
    host.strip_prefix("unix://").unwrap_or(host).to_owned()
}

impl Relay {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = tokio::net::UnixListener::bind(folder.path().join("api")).unwrap();
        let serving = tokio::spawn(async move {
            // Dropped with the task, and every connection with it.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                connections.spawn(async move {
                    let mut far = tokio::net::UnixStream::connect(daemon_socket())
                        .await
                        .unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        Self { folder, serving }
    }

    pub(crate) fn environment(&self) -> Environment {
        let host = format!("unix://{}/api", self.folder.path().display());
        [("DOCKER_HOST", host)].into_iter().collect()
    }

    /// Ends the socket and every connection through it.
    pub(crate) fn cut(&self) {
        self.serving.abort();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests start programs to compare with, not to run"
)]
pub(crate) fn command(program: &str) -> Command {
    Command::new(program)
}

/// A layer with a static busybox and its most common names.
fn busybox_layer() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let bin = folder.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::fs::create_dir(folder.path().join("tmp")).unwrap();
    std::fs::copy(super::tools::program("busybox-static"), bin.join("busybox")).unwrap();
    for name in [
        "cat",
        "dd",
        "echo",
        "false",
        "grep",
        "head",
        "id",
        "kill",
        "ls",
        "mount",
        "ps",
        "sh",
        "sha256sum",
        "sleep",
        "stty",
        "touch",
        "true",
        "wc",
        "yes",
    ] {
        std::os::unix::fs::symlink("busybox", bin.join(name)).unwrap();
    }
    let output = command("tar")
        .args([
            "--sort=name",
            "--mtime=@0",
            "--owner=0",
            "--group=0",
            "-cf",
            "-",
            "-C",
        ])
        .arg(folder.path())
        .arg(".")
        .output()
        .unwrap();
    assert!(output.status.success());
    output.stdout
}
