//! `fullsend trust`, and `verify` by what it has cached: against a TUF repository on loopback.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use fullsend::seam::files::{self, AtomicFile};
use fullsend_testkit::{
    signing::{Signing, Sigstore},
    tuf::{Answer, Mirror, Repository, Role},
};
use jiff::Timestamp;
use serde_json::Value;

use crate::verify::{REPOSITORY, Scene, ci};

const PAST: &str = "2021-01-01T00:00:00Z";

/// A private Sigstore with its TUF repository, a user's home, and an image that it vouches for.
struct World {
    pki: Sigstore,
    repository: Repository,
    mirror: Mirror,
    home: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let pki = Sigstore::new();
        let repository = Repository::new(&pki.trusted_root());
        let home = tempfile::tempdir().unwrap();
        write(&home.path().join("root.json"), &repository.root());
        Self {
            mirror: repository.serve(),
            pki,
            repository,
            home,
        }
    }

    /// What the mirror has from now on.
    fn now(&mut self, change: impl FnOnce(&mut Repository)) {
        change(&mut self.repository);
        self.mirror.replace(&self.repository);
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the program under test is run as a user runs it"
    )]
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fullsend"));
        command
            .env_clear()
            .env("HOME", self.home.path())
            .current_dir(self.home.path())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// Updates from the mirror.
    fn update(&self) -> Ran {
        self.run(&[
            "trust",
            "update",
            "--root",
            "root.json",
            "--mirror",
            &self.mirror.url(),
        ])
    }

    fn show(&self) -> Value {
        let shown = self.run(&["trust", "show", "--root", "root.json", "--format", "json"]);
        let document: Value = serde_json::from_str(&shown.out).unwrap();
        document["instances"][2].clone()
    }

    /// The exit code of a keyless verification by the cached root.
    fn verify(&self, scene: &Scene, more: &[&str]) -> Ran {
        let image = format!("{}/{REPOSITORY}:1", scene.host());
        let identity = ci();
        let arguments = [
            "verify",
            &image,
            "--trusted-root",
            "root.json",
            "--certificate-identity",
            identity.name(),
            "--certificate-oidc-issuer",
            identity.issuer(),
        ];
        self.run(&[&arguments[..], more].concat())
    }

    fn signed_image(&self) -> Scene {
        let scene = Scene::new();
        scene.bundle(&Signing::keyless(&self.pki, ci()).bundle(scene.digest()));
        scene
    }

    /// The cache's one file.
    fn state(&self) -> PathBuf {
        self.folder().join("tuf.json")
    }

    fn folder(&self) -> PathBuf {
        let name = self.show()["name"].as_str().unwrap().to_owned();
        self.home.path().join(".cache/fullsend/trust").join(name)
    }

    fn state_bytes(&self) -> Vec<u8> {
        files::read(&self.state(), 1 << 24).unwrap()
    }
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    fn ends(&self, code: i32, says: &str) {
        let all = format!("{}\n{}", self.out, self.err);
        assert_eq!(self.code, code, "{all}");
        assert!(all.contains(says), "no `{says}` in {all}");
    }
}

fn write(path: &Path, text: &str) {
    let file = AtomicFile::open(path).unwrap();
    file.commit(text.as_bytes()).unwrap();
}

fn in_seconds(seconds: i64) -> String {
    (Timestamp::now() + Duration::from_secs(seconds.unsigned_abs()))
        .round(jiff::Unit::Second)
        .unwrap()
        .to_string()
}

#[test]
fn an_update_is_shown_and_believed_from_then_on() {
    let mut world = World::new();
    let scene = world.signed_image();
    world
        .verify(&scene, &[])
        .ends(3, "fullsend trust update --mirror URL --root FILE");
    world.update().ends(0, "CA");
    let shown = world.show();
    assert_eq!(shown["source"], "cache");
    assert_eq!(shown["root_version"], 1);
    assert_eq!(shown["expires"], "2099-01-01T00:00:00Z");
    assert_eq!(shown["authorities"].as_array().unwrap().len(), 5);
    assert_eq!(shown["url"], world.mirror.url());
    world.verify(&scene, &[]).ends(0, "verified");
    world.verify(&scene, &["--offline"]).ends(0, "verified");
    // Another Sigstore's signature is still nobody's.
    let stranger = Scene::new();
    let signature = Signing::keyless(&Sigstore::new(), ci()).bundle(stranger.digest());
    stranger.bundle(&signature);
    world.verify(&stranger, &[]).ends(11, "invalid");
    world.now(Repository::rotate);
    world.update().ends(0, "root      2");
    world.verify(&scene, &["--offline"]).ends(0, "verified");
}

#[test]
fn without_a_cache_the_public_instances_are_as_they_came() {
    let world = World::new();
    let shown = world.run(&["trust", "show"]);
    shown.ends(0, "public-good\n  source    came with this program");
    shown.ends(0, "github\n  source    came with this program");
}

/// What a mirror can offer that must not be taken, and what is said of it.
type Attack = (&'static str, fn(&mut Repository), &'static str);

#[test]
fn what_tuf_does_not_vouch_for_changes_nothing() {
    let attacks: [Attack; 8] = [
        (
            "expired timestamp",
            |it| it.expire(Role::Timestamp, PAST),
            "expired",
        ),
        (
            "expired snapshot",
            |it| it.expire(Role::Snapshot, PAST),
            "expired",
        ),
        ("expired root", |it| it.expire(Role::Root, PAST), "expired"),
        (
            "timestamp rolled back",
            |it| it.roll_back(Role::Timestamp, 1),
            "rollback",
        ),
        (
            "snapshot rolled back",
            |it| it.roll_back(Role::Snapshot, 1),
            "not up to date",
        ),
        ("forged targets", |it| it.forge(Role::Targets), "threshold"),
        (
            "forged timestamp",
            |it| it.forge(Role::Timestamp),
            "threshold",
        ),
        ("another's root", Repository::usurp, "threshold"),
    ];
    for (name, attack, says) in attacks {
        let mut world = World::new();
        world.now(|it| it.publish(&Sigstore::new().trusted_root()));
        let trusted = world.pki.trusted_root();
        world.now(|it| it.publish(&trusted));
        world.update().ends(0, "CA");
        let before = world.state_bytes();
        world.now(|it| it.publish(&Sigstore::new().trusted_root()));
        world.now(attack);
        let refused = world.update();
        assert_eq!(refused.code, 3, "{name}: {}{}", refused.out, refused.err);
        assert!(refused.err.contains(says), "{name}: {}", refused.err);
        assert_eq!(world.state_bytes(), before, "{name}");
        let scene = world.signed_image();
        world.verify(&scene, &["--offline"]).ends(0, "verified");
    }
}

#[test]
fn an_expired_cache_is_refreshed_or_refused_and_never_used() {
    let mut world = World::new();
    let scene = world.signed_image();
    world.now(|it| it.expire(Role::Timestamp, &in_seconds(3)));
    world.update().ends(0, "CA");
    world.verify(&scene, &["--offline"]).ends(0, "verified");
    thread::sleep(Duration::from_secs(4));
    for _ in 0..2 {
        let refused = world.verify(&scene, &["--offline"]);
        refused.ends(3, "expired");
        refused.ends(3, "fullsend trust update");
    }
    assert_eq!(world.show()["source"], Value::Null);
    // The mirror has nothing newer.
    world.verify(&scene, &[]).ends(3, "expired");
    let hours = in_seconds(7200);
    world.now(|it| it.expire(Role::Timestamp, &hours));
    world.verify(&scene, &[]).ends(0, "verified");
    world.verify(&scene, &["--offline"]).ends(0, "verified");
    assert_eq!(world.show()["expires"], hours);
}

#[test]
fn a_key_without_a_log_needs_no_trust_at_all() {
    let mut world = World::new();
    world.now(|it| it.expire(Role::Timestamp, &in_seconds(1)));
    world.update().ends(0, "CA");
    thread::sleep(Duration::from_secs(2));
    let asked = world.mirror.asked().len();
    let (scene, key) = (Scene::new(), fullsend_testkit::signing::SigningKey::p256());
    let signing = Signing::with_key(&key).logged_in(&world.pki);
    scene.bundle(&signing.bundle(scene.digest()));
    key.write(world.home.path()).unwrap();
    let image = format!("{}/{REPOSITORY}:1", scene.host());
    let by_key = [
        "verify",
        &image,
        "--key",
        "cosign.pub",
        "--trusted-root",
        "root.json",
    ];
    let ignoring = [&by_key[..], &["--insecure-ignore-tlog"]].concat();
    world.run(&ignoring).ends(0, "verified");
    assert_eq!(world.mirror.asked().len(), asked);
    world.run(&by_key).ends(3, "expired");
}

#[test]
fn a_hostile_mirror_is_bounded() {
    for (answer, says) in [
        (Answer::Endless, "larger than"),
        (Answer::Hang, "no answer in time"),
        (Answer::Status(500), "HTTP status 500"),
        (Answer::Status(404), "not found"),
    ] {
        let world = World::new();
        world.mirror.answer("timestamp.json", answer);
        let started = Instant::now();
        world.update().ends(3, says);
        assert!(started.elapsed() < Duration::from_secs(20), "{answer:?}");
        assert_eq!(world.show()["source"], Value::Null);
    }
}

#[test]
fn updates_wait_for_each_other() {
    let world = World::new();
    world.mirror.answer("timestamp.json", Answer::Slow);
    let url = world.mirror.url();
    let arguments = ["trust", "update", "--root", "root.json", "--mirror", &url];
    let spawn = |_| world.command(&arguments).spawn().unwrap();
    let children: Vec<Child> = (0..4).map(spawn).collect();
    for child in children {
        Ran::of(child.wait_with_output().unwrap()).ends(0, "CA");
    }
    let asked = world.mirror.asked();
    // One at a time: nobody asks for the snapshot while another is at work.
    let timestamps = asked.iter().filter(|path| *path == "timestamp.json");
    assert_eq!(timestamps.count(), 4);
    let snapshots = asked.iter().filter(|path| *path == "1.snapshot.json");
    assert_eq!(snapshots.count(), 1, "{asked:?}");
}

#[test]
fn a_killed_update_leaves_the_old_state_and_no_lock() {
    let mut world = World::new();
    world.update().ends(0, "CA");
    let before = world.state_bytes();
    let other = Sigstore::new().trusted_root();
    world.now(|it| it.publish(&other));
    let url = world.mirror.url();
    let arguments = ["trust", "update", "--root", "root.json", "--mirror", &url];
    world.mirror.answer("timestamp.json", Answer::Hang);
    for wait in [50, 100, 200] {
        let mut child = world.command(&arguments).spawn().unwrap();
        thread::sleep(Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(world.state_bytes(), before);
    }
    world.mirror.answer("timestamp.json", Answer::Slow);
    world.update().ends(0, "CA");
    assert_ne!(world.state_bytes(), before);
}

#[test]
fn a_cache_that_cannot_be_written_fails_the_update_alone() {
    let world = World::new();
    let scene = world.signed_image();
    world.update().ends(0, "CA");
    let folder = world.folder();
    let mut world = world;
    let trusted = world.pki.trusted_root();
    world.now(|it| it.publish(&trusted));
    // A full disk, for every user: the limit on a file's size is below the state's.
    let update = format!(
        "ulimit -f 1; trap '' XFSZ; exec {} trust update --root root.json --mirror {}",
        env!("CARGO_BIN_EXE_fullsend"),
        world.mirror.url()
    );
    let full = world.shell(&update);
    full.ends(3, "could not write");
    world.verify(&scene, &["--offline"]).ends(0, "verified");
    // A file where the folder should be.
    std::fs::remove_dir_all(&folder).unwrap();
    write(&folder, "in the way");
    world.update().ends(3, "could not make");
}

#[test]
fn a_broken_cache_is_not_believed_and_is_mended_by_an_update() {
    let world = World::new();
    let scene = world.signed_image();
    world.update().ends(0, "CA");
    let state = String::from_utf8(world.state_bytes()).unwrap();
    for broken in [
        "{".to_owned(),
        "null".to_owned(),
        state.replace("rekor.test", "rekor.evil"),
        state.replace("2099", "2098"),
        state.replace("url", "uri"),
    ] {
        assert_ne!(broken, state);
        write(&world.state(), &broken);
        world
            .verify(&scene, &["--offline"])
            .ends(3, "fullsend trust update");
        write(&world.state(), &broken);
        world.update().ends(0, "CA");
        world.verify(&scene, &["--offline"]).ends(0, "verified");
    }
}

#[test]
fn offline_an_update_goes_only_to_the_mirror_that_is_named() {
    let world = World::new();
    world
        .run(&["trust", "update", "--offline"])
        .ends(3, "offline");
    let url = world.mirror.url();
    let named = [
        "trust",
        "update",
        "--root",
        "root.json",
        "--mirror",
        &url,
        "--offline",
    ];
    world.run(&named).ends(0, "CA");
    for (bad, says) in [("ftp://example.test/", "http or https"), ("x", "relative")] {
        world
            .run(&["trust", "update", "--mirror", bad])
            .ends(2, says);
    }
    write(&world.home.path().join("root.json"), "{}");
    let malformed = ["trust", "update", "--root", "root.json", "--mirror", &url];
    world.run(&malformed).ends(2, "unusable");
}

impl World {
    #[expect(clippy::disallowed_methods, reason = "a shell that sets a limit")]
    fn shell(&self, script: &str) -> Ran {
        let mut shell = Command::new("/bin/bash");
        shell
            .args(["-c", script])
            .env_clear()
            .env("HOME", self.home.path())
            .current_dir(self.home.path());
        Ran::of(shell.output().unwrap())
    }
}
