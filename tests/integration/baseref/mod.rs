//! Whose policy counts on CI: real git repositories, events as the platforms write them, and the
//! program as a job runs it.
//!
//! In every [`World`] the base accepts one key, the image is signed with another, the stranger's,
//! and the stranger's change would have that one accepted: `verified` is a break-in.

mod events;
mod paths;
mod reach;
mod swaps;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use fullsend::seam::files::{self, AtomicFile};
use fullsend_testkit::signing::{Signing, SigningKey};
use serde_json::{Value, json};

use crate::verify::{REPOSITORY, Scene};

const UNTRUSTED: i32 = 12;
const USAGE: i32 = 2;

/// A repository with a base and a stranger's change to it, checked out as CI does.
struct World {
    folder: tempfile::TempDir,
    scene: Scene,
    members: SigningKey,
    stranger: SigningKey,
    base: String,
}

impl World {
    /// The base has `fullsend.yaml` and `keys/cosign.pub`; the checkout is `work`, a full clone of
    /// `origin` whose head is still the base.
    fn new() -> Self {
        let scene = Scene::new();
        let (members, stranger) = (SigningKey::p256(), SigningKey::p256());
        scene.bundle(&Signing::with_key(&stranger).bundle(scene.digest()));
        let mut world = Self {
            folder: tempfile::tempdir().unwrap(),
            scene,
            members,
            stranger,
            base: String::new(),
        };
        world.git_in(".", &["init", "--quiet", "--initial-branch=main", "origin"]);
        world.write("origin/fullsend.yaml", POLICY);
        world.write("origin/keys/cosign.pub", &world.members.public_pem());
        world.write("origin/deep/er/README", "");
        world.base = world.commit("origin");
        world.git_in(".", &["clone", "--quiet", "origin", "work"]);
        world
    }

    /// A change that swaps the key, as the checkout's head.
    fn swapped() -> Self {
        let world = Self::new();
        world.write("work/keys/cosign.pub", &world.stranger.public_pem());
        world.commit("work");
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let file = AtomicFile::open(&path);
        file.and_then(|file| file.commit(text.as_bytes())).unwrap();
        path
    }

    /// Runs git in a folder of this world, and returns what it says.
    #[track_caller]
    fn git_in(&self, folder: &str, arguments: &[&str]) -> String {
        let mut git = self.process("git", folder);
        let done = git.args(arguments).output().unwrap();
        let (out, err) = (text(&done.stdout), text(&done.stderr));
        assert!(done.status.success(), "git {arguments:?}: {out}{err}");
        out.trim().to_owned()
    }

    /// Commits everything, and returns the commit's name.
    fn commit(&self, folder: &str) -> String {
        self.git_in(folder, &["add", "--all"]);
        let author = ["-c", "user.name=x", "-c", "user.email=x@example.com"];
        let commit = ["commit", "--quiet", "--message=x"];
        self.git_in(folder, &[author.as_slice(), commit.as_slice()].concat());
        self.git_in(folder, &["rev-parse", "HEAD"])
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the program under test and git are run as a job runs them"
    )]
    fn process(&self, program: &str, folder: &str) -> Command {
        let mut process = Command::new(program);
        process
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.folder.path())
            .current_dir(self.path(folder));
        process
    }

    fn image(&self) -> String {
        format!("{}/{REPOSITORY}:1", self.scene.host())
    }

    /// The event of a pull request onto `main` at `base`.
    fn pull_request(&self, base: &str) -> Job<'_> {
        let event = json!({"pull_request": {"base": {"sha": base, "ref": "main"}}});
        self.github("pull_request", &event.to_string())
    }

    /// A job on GitHub in `work`.
    fn github(&self, name: &str, event: &str) -> Job<'_> {
        let event = self.write("event.json", event);
        self.job()
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_EVENT_NAME", name)
            .env("GITHUB_EVENT_PATH", event.to_str().unwrap())
            .env("GITHUB_REF_NAME", "main")
            .env("GITHUB_WORKSPACE", self.path("work").to_str().unwrap())
    }

    /// A job on GitLab in `work`, with these variables.
    fn gitlab(&self, variables: &[(&str, &str)]) -> Job<'_> {
        let job = self
            .job()
            .env("GITLAB_CI", "true")
            .env("CI_PROJECT_DIR", self.path("work").to_str().unwrap());
        variables
            .iter()
            .fold(job, |job, (name, value)| job.env(name, value))
    }

    /// A laptop.
    fn job(&self) -> Job<'_> {
        Job {
            world: self,
            folder: "work".to_owned(),
            environment: Vec::new(),
            arguments: Vec::new(),
        }
    }
}

/// The policy of the base.
const POLICY: &str = "version: 1\nverify:\n  - match: '**'\n    any:\n      \
    - {key: keys/cosign.pub, insecure_ignore_tlog: true}\nagents:\n  \
    t: {cpus: 0.1, memory: 64MiB, timeout: 9s}\n";

/// The environment and the arguments of a call that has not started.
#[derive(Clone)]
struct Job<'a> {
    world: &'a World,
    folder: String,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
}

impl<'a> Job<'a> {
    fn env(&self, name: &str, value: &str) -> Self {
        let mut job = self.clone();
        job.environment.push((name.to_owned(), value.to_owned()));
        job
    }

    fn folder(&self, folder: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            ..self.clone()
        }
    }

    fn args<const N: usize>(&self, arguments: [&str; N]) -> Self {
        let mut job = self.clone();
        job.arguments.extend(arguments.map(str::to_owned));
        job
    }

    fn run(&self, verb: &[&str]) -> Ended<'a> {
        let program = env!("CARGO_BIN_EXE_fullsend");
        let mut process = self.world.process(program, &self.folder);
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        let process = process.args(verb).args(&self.arguments).envs(environment);
        Ended {
            world: self.world,
            output: process.output().unwrap(),
        }
    }

    fn verify(&self) -> Ended<'a> {
        self.run(&["verify", &self.world.image()])
    }

    /// The report of a run of agent `t`, whose image is refused before anything is launched.
    fn exec_report(&self) -> Value {
        let report = self.world.path("report.json");
        let image = self.world.image();
        let verb = ["exec", "t", "--image", &image, "--report"];
        self.run(&[verb.as_slice(), &[report.to_str().unwrap()]].concat());
        serde_json::from_slice(&files::read(&report, 1 << 20).unwrap()).unwrap()
    }
}

/// How a call ended.
struct Ended<'a> {
    world: &'a World,
    output: Output,
}

impl Ended<'_> {
    #[track_caller]
    fn is(&self, code: i32) -> &Self {
        let (out, err) = (text(&self.output.stdout), text(&self.output.stderr));
        assert_eq!(self.output.status.code(), Some(code), "{out}{err}");
        self
    }

    #[track_caller]
    fn said(&self, words: &str) -> &Self {
        let err = text(&self.output.stderr);
        assert!(err.contains(words), "no {words:?} in {err}");
        self
    }

    /// The base's key was asked for, and the image is not signed with it.
    #[track_caller]
    fn kept_to_the_base(&self) -> &Self {
        self.is(UNTRUSTED)
    }

    /// Ends before a verdict, with the way out.
    #[track_caller]
    fn gave_up(&self, words: &str) -> &Self {
        self.is(USAGE).said(words).said("--trust-checkout");
        assert_eq!(text(&self.output.stdout), "");
        let key = self.world.stranger.public_pem();
        assert!(!text(&self.output.stderr).contains(&key));
        self
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn link(target: &str, path: &Path) {
    let _ = std::fs::remove_file(path);
    std::os::unix::fs::symlink(target, path).unwrap();
}
