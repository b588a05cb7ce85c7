//! A repository of workflows, and the world that it names.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use fullsend::seam::files::{self, AtomicFile};
use fullsend_testkit::{
    git::{GitHost, GitRepository},
    image::{Blob, MANIFEST, Manifest},
    registry::Registry,
};
use serde_json::{Value, json};

use crate::support::docker;

/// The digits of a commit that no repository has.
pub(super) const NOWHERE: &str = "feedfeedfeedfeedfeedfeedfeedfeedfeedfeed";

/// The workflow that most tests are about.
pub(super) const CI: &str = ".github/workflows/ci.yml";

/// A day of the past, at which everything is made that is of no certain age.
const LONG_AGO: i64 = 1_600_000_000;

/// A folder with a repository in it, a git host and a registry.
pub(crate) struct Scene {
    pub(crate) folder: tempfile::TempDir,
    home: tempfile::TempDir,
    pub(crate) git: GitHost,
    pub(crate) registry: Registry,
}

/// What a run said.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A repository of actions with two releases: `v1.0.0`, and `v1.1.0`, which is `v1` and `main`.
pub(crate) struct Action {
    pub(crate) repository: GitRepository,
    pub(crate) old: String,
    pub(crate) new: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let scene = Self {
            folder: tempfile::tempdir().unwrap(),
            home: tempfile::tempdir().unwrap(),
            git: GitHost::start(),
            registry: Registry::start(),
        };
        std::fs::create_dir(scene.path(".git")).unwrap();
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        files::make_parents(&path).unwrap();
        let file = AtomicFile::open(&path);
        file.and_then(|file| file.commit(text.as_ref())).unwrap();
    }

    pub(crate) fn text(&self, name: &str) -> String {
        let bytes = files::read(&self.path(name), 16 << 20).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// Writes a workflow whose steps are these lines behind `- uses: `.
    pub(crate) fn steps(&self, uses: &[&str]) {
        self.write(CI, workflow(uses));
    }

    /// The program in the repository, as a job there would run it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = docker::command(env!("CARGO_BIN_EXE_fullsend"));
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("GITHUB_SERVER_URL", self.git.url("/"))
            .env("CI_SERVER_URL", self.git.url("/"))
            .current_dir(self.folder.path())
            .args(arguments);
        command
    }

    /// Runs `fullsend pin`.
    pub(crate) fn pin(&self, arguments: &[&str]) -> Done {
        Done::of(
            &self
                .command(&[&["pin"], arguments].concat())
                .output()
                .unwrap(),
        )
    }

    /// Runs `fullsend pin --format json`: how it ended, and the references.
    #[track_caller]
    pub(crate) fn rows(&self, arguments: &[&str]) -> (i32, Vec<Value>) {
        let done = self.pin(&[arguments, &["--format", "json"]].concat());
        let document = done.json();
        (
            done.code,
            document["references"].as_array().unwrap().clone(),
        )
    }

    /// How the only reference stands, by `--check`, and why.
    #[track_caller]
    pub(crate) fn check(&self, code: i32) -> (String, String) {
        self.only(code, &["--check"])
    }

    /// How the only reference stands after a run that ended with `code`, and why.
    #[track_caller]
    pub(crate) fn only(&self, code: i32, arguments: &[&str]) -> (String, String) {
        let (ended, rows) = self.rows(arguments);
        assert_eq!((ended, rows.len()), (code, 1), "{rows:#?}");
        let text = |key: &str| rows[0][key].as_str().unwrap_or_default().to_owned();
        (text("status"), text("reason"))
    }

    /// A repository of actions on the git host.
    pub(crate) fn action(&self, path: &str) -> Action {
        let repository = self.git.repository(path);
        let old = repository.commit(&[], &format!("{path} 1.0.0"), LONG_AGO);
        let new = repository.commit(&[&old], &format!("{path} 1.1.0"), LONG_AGO + 86_400);
        repository.tag("v1.0.0", &old);
        repository.annotate("v1.1.0", &new);
        repository.tag("v1", &new);
        repository.branch("main", &new);
        Action {
            repository,
            old,
            new,
        }
    }

    /// Puts an image at a tag; what is `made` at another time has another digest.
    pub(crate) fn image(&self, name: &str, tag: &str, made: &str) -> String {
        let config = json!({"created": made, "os": "linux", "architecture": "amd64", "tag": tag});
        let config = Blob::new(config.to_string());
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.descriptor("application/vnd.oci.image.config.v1+json"),
            "layers": [],
        });
        self.registry.put_blob(config.bytes);
        let manifest = Manifest::new(MANIFEST, &manifest);
        self.registry
            .put_manifest(name, tag, &manifest.media_type, manifest.bytes)
    }

    /// The name of an image here, as files write it.
    pub(crate) fn named(&self, image: &str) -> String {
        format!("{}/{image}", self.registry.host())
    }

    /// How often each path of the git host and of the registry was asked for, in their order.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut paths = self.git.paths();
        paths.extend(self.registry.paths());
        paths.sort();
        paths
    }

    pub(crate) fn forget_requests(&self) {
        self.git.clear_requests();
        self.registry.clear_requests();
    }
}

impl Done {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let document = serde_json::from_str(&self.stdout);
        document.unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Checks how it ended.
    #[track_caller]
    pub(crate) fn ended(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Checks that people were told this.
    #[track_caller]
    pub(crate) fn said(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text), "no {text:?} in {self:#?}");
        self
    }
}

/// A workflow whose steps are these lines behind `- uses: `.
pub(crate) fn workflow(uses: &[&str]) -> String {
    let mut text = String::from("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n");
    for uses in uses {
        writeln!(text, "      - uses: {uses}").unwrap();
    }
    text
}

/// Whether both paths have the same bytes.
pub(crate) fn same(a: &Path, b: &Path) -> bool {
    files::read(a, 16 << 20).unwrap() == files::read(b, 16 << 20).unwrap()
}
