//! What every test of `exec` stands on: a real registry, signed images in it, a folder with
//! `fullsend.yaml`, and the daemon's own view.

use std::{
    fs::File,
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use fullsend::seam::environment::Environment;
use fullsend_testkit::{
    image::{Image, ImageBuilder},
    push::{Discovery, Pusher},
    signing::{Bundle, Signing, SigningKey},
};
use tokio::runtime::Runtime;

use super::process::Exec;
use crate::support::tools;

/// One test's world. Its images have names and digests that no other test's have.
pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) key: SigningKey,
    /// Tells this test's processes, containers and images from all others.
    pub(crate) mark: String,
    registry: Registry,
    tokio: Runtime,
}

impl Bench {
    /// A signed busybox image, and a `fullsend.yaml` whose agent `t` runs in it.
    pub(crate) fn new() -> Self {
        Self::with_image(&busybox())
    }

    /// The same with an image of the test's own.
    pub(crate) fn with_image(image: &ImageBuilder) -> Self {
        let bench = Self::empty();
        let reference = bench.signed("agent", image);
        bench.configure(&reference, "");
        bench
    }

    /// No image and no `fullsend.yaml` yet.
    pub(crate) fn empty() -> Self {
        let key = SigningKey::p256();
        let folder = tempfile::Builder::new()
            .prefix("exec-test-")
            .tempdir()
            .unwrap();
        let bench = Self {
            mark: format!("m{}", uuid::Uuid::new_v4().simple()),
            registry: Registry::find(),
            tokio: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            folder,
            key,
        };
        bench.write("cosign.pub", bench.key.public_pem());
        bench
    }

    /// Writes a `fullsend.yaml` with `image`, and `agents` beside the agent `t`.
    pub(crate) fn configure(&self, image: &str, agents: &str) {
        let text = format!(
            "version: 1\nimage: {image}\nverify:\n  - match: {}/**\n    any:\n      \
             - {{key: cosign.pub, insecure_ignore_tlog: true}}\nagents:\n  \
             t: {{cpus: 1, memory: 64MiB, pids: 64, timeout: 60s, grace: 3s}}\n{agents}\n",
            self.host()
        );
        self.write("fullsend.yaml", text);
    }

    pub(crate) fn host(&self) -> &str {
        &self.registry.host
    }

    /// The name of the image `name`, without tag and digest.
    pub(crate) fn repository(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.host(), self.mark)
    }

    /// Builds, pushes and signs an image; its reference has tag and digest.
    pub(crate) fn signed(&self, name: &str, image: &ImageBuilder) -> String {
        let image = self.push(name, "1.0.0", image);
        self.sign(name, image.digest(), &self.key);
        self.reference(name, &image)
    }

    pub(crate) fn reference(&self, name: &str, image: &Image) -> String {
        format!("{}:1.0.0@{}", self.repository(name), image.digest())
    }

    /// Pushes an image that is this test's alone, without a signature.
    pub(crate) fn push(&self, name: &str, tag: &str, image: &ImageBuilder) -> Image {
        let image = image.clone().label("test", &self.mark).build();
        let path = format!("{}/{name}", self.mark);
        let pushing = self.pusher();
        let pushed = self.tokio.block_on(pushing.image(&path, Some(tag), &image));
        pushed.unwrap();
        image
    }

    /// Attaches a bundle by `key` to the image of `digest`.
    pub(crate) fn sign(&self, name: &str, digest: &str, key: &SigningKey) {
        self.attach(name, digest, &Signing::with_key(key).bundle(digest));
    }

    pub(crate) fn attach(&self, name: &str, digest: &str, bundle: &Bundle) {
        let path = format!("{}/{name}", self.mark);
        let pusher = self.pusher();
        let pushing = pusher.bundle(&path, digest, bundle, Discovery::Automatic);
        self.tokio.block_on(pushing).unwrap();
    }

    pub(crate) fn pusher(&self) -> Pusher {
        Pusher::new(self.host()).unwrap()
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.tokio.block_on(future)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        File::create(&path)
            .unwrap()
            .write_all(content.as_ref())
            .unwrap();
        path
    }

    /// `fullsend exec AGENT`, not started yet.
    pub(super) fn exec(&self, agent: &str) -> Exec {
        Exec::new(self.folder.path(), agent)
    }

    /// Any other call of `fullsend`, to its end.
    pub(crate) fn fullsend<const N: usize>(&self, words: [&str; N]) -> Output {
        let mut process = self.exec("").process_of(&words);
        process.stdin(Stdio::null()).output().unwrap()
    }

    /// `fullsend exec t -- sh -c SCRIPT`.
    pub(super) fn shell(&self, script: &str) -> Exec {
        self.exec("t").command(["sh", "-c", script])
    }

    /// How many processes of this machine have this test's mark on their command line.
    pub(crate) fn marked_processes(&self) -> usize {
        let folders = std::fs::read_dir("/proc").unwrap();
        folders
            .filter_map(|entry| read(&entry.ok()?.path().join("cmdline")))
            .filter(|line| line.contains(&self.mark) && !line.contains("fullsend\0exec"))
            .filter(|line| !line.contains("containerd-shim") && !line.contains("runc"))
            .count()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let name = format!("{}/{}/*", self.host(), self.mark);
        let images = docker(&[
            "image",
            "ls",
            "--digests",
            "--format",
            "{{.Repository}}@{{.Digest}}",
            &name,
        ]);
        let images: Vec<&str> = images.lines().collect();
        if !images.is_empty() {
            // A daemon that another client has brought to a halt is no failure of this test.
            let mut removing = command("timeout");
            let _ = removing.args(["10", "docker", "rmi"]).args(images).output();
        }
    }
}

/// A `docker-registry`: the one that is offered, or one of our own that ends with this value.
struct Registry {
    host: String,
    own: Option<(Child, tempfile::TempDir)>,
}

impl Registry {
    fn find() -> Self {
        let offered = Environment::of_process();
        match offered.get("FULLSEND_TEST_REGISTRY") {
            Some(host) => Self {
                host: host.to_owned(),
                own: None,
            },
            None => Self::start(),
        }
    }

    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = free.local_addr().unwrap().to_string();
        drop(free);
        let path = folder.path().join("config.yml");
        let data = folder.path().join("data");
        write!(
            File::create(&path).unwrap(),
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: \"{host}\"}}\n",
            data.display()
        )
        .unwrap();
        let child = command("docker-registry")
            .arg("serve")
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("these tests need `docker-registry` (Debian package of that name)");
        let registry = Self {
            own: Some((child, folder)),
            host,
        };
        within(Duration::from_secs(20), "docker-registry answers", || {
            std::net::TcpStream::connect(&registry.host).is_ok()
        });
        registry
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.own {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// An image with a static busybox, a few users, and a /tmp for everybody.
pub(crate) fn busybox() -> ImageBuilder {
    let applets = "awk cat chmod cp dd echo env false fold grep head id kill killall ln ls mkdir \
        mkfifo mount mv nc nohup ps printf pwd rm seq setsid sh sha256sum sleep stat stty sync tail \
        tee test timeout touch tr true tty umount usleep wc yes";
    let image = ImageBuilder::new().file("bin/busybox", tools::busybox(), 0o755);
    applets
        .split_whitespace()
        .fold(image, |image, name| {
            image.link(&format!("bin/{name}"), "busybox")
        })
        .directory("tmp", 0o1777)
        .file(
            "etc/passwd",
            "root:x:0:0::/root:/bin/sh\nagent:x:1234:1234::/home/a:/bin/sh\n\
             nobody:x:65534:65534::/:/bin/sh\n",
            0o644,
        )
        .file(
            "etc/group",
            "root:x:0:\nagent:x:1234:\nnogroup:x:65534:\n",
            0o644,
        )
}

/// What `docker` says; fails where it fails.
pub(crate) fn docker(arguments: &[&str]) -> String {
    let output = command("docker").args(arguments).output();
    let output = output.expect("these tests need the `docker` command");
    assert!(
        output.status.success(),
        "docker {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Waits for `condition`, and fails when it does not come true.
#[track_caller]
pub(crate) fn within(patience: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(
            start.elapsed() < patience,
            "not within {patience:?}: {what}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A file that may be gone at any time.
pub(crate) fn read(path: &Path) -> Option<String> {
    let bytes = fullsend::seam::files::read(path, 16 << 20).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests start the product and real tools"
)]
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    Command::new(program)
}

/// The daemon's events from `since` on that have to do with `name`, in an image's name or label.
pub(crate) fn events(since: jiff::Timestamp, name: &str) -> Vec<String> {
    let until = jiff::Timestamp::now().to_string();
    let format = r#"{{.Type}} {{.Action}} {{.Actor.ID}} {{index .Actor.Attributes "test"}} {{index .Actor.Attributes "image"}}"#;
    let all = docker(&[
        "events",
        "--since",
        &since.to_string(),
        "--until",
        &until,
        "--format",
        format,
    ]);
    let about = all.lines().filter(|line| line.contains(name));
    about.map(str::to_owned).collect()
}
