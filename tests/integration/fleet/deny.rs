//! The deny list in a registry: pushed by a rollback, read by those who start an agent.

use std::time::{Duration, Instant};

use fullsend_testkit::{
    registry::{Fault, Registry},
    signing::SigningKey,
};

use super::*;
use crate::pin::signatures::push_to;

const OLD: &str = "1.4.2";
const NEW: &str = "1.5.0";
const POLICY: &str = "--key cosign.pub --insecure-ignore-tlog";
const LIST: &str = "/v2/acme/deny/manifests/latest";

const SOON: Duration = Duration::from_mins(1);

/// Waits until something is so.
#[track_caller]
fn within(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < SOON, "it does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An organisation whose fleet.yaml says where the deny list goes.
struct Scene {
    stage: Stage,
    registry: Registry,
    old: String,
    new: String,
}

impl Scene {
    /// On the new release.
    fn new() -> Self {
        Self::on(false)
    }

    /// On the old release, enrolled, with the new one to come.
    fn before_upgrade() -> Self {
        let scene = Self::on(true);
        for name in ["api", "canary"] {
            scene.stage.add(name, &[("README.md", "hello\n")]);
        }
        let (document, code) = scene.stage.document("enroll --via direct");
        assert_eq!(code, 0, "{document:#}");
        scene.stage.server.act("merge").unwrap();
        scene.stage.server.act("runs passed 4").unwrap();
        scene
    }

    fn on(old_one: bool) -> Self {
        let (registry, key, stage) = (Registry::start(), SigningKey::p256(), Stage::empty());
        key.write(stage.home.path()).unwrap();
        let [old, new] = [OLD, NEW].map(|tag| {
            let image = push_to(&registry, tag, Some(&key));
            format!("{}/a/b:{tag}@{}", registry.host(), image.digest())
        });
        let (one, two) = ("01234567".repeat(5), "76543210".repeat(5));
        let mut releases = [
            (format!("{one} # v1.4.0"), &old),
            (format!("{two} # v1.5.0"), &new),
        ];
        if !old_one {
            releases.reverse();
        }
        let [(action, image), (other_action, other_image)] = releases;
        let fleet = format!(
            "version: 1\nforge: {{kind: github, owner: acme}}\n\
             action: fullsend-ai/sandbox@{action}\nimage: {image}\n\
             approved:\n  - action: fullsend-ai/sandbox@{other_action}\n    image: {other_image}\n\
             rings:\n  canary: {{repositories: [canary]}}\n  stable: {{}}\n\
             gates: {{runs: 2, repositories: 1}}\ndeny_list: oci:{}/acme/deny:latest\n",
            registry.host()
        );
        stage.add("fleet", &[("fleet.yaml", &fleet)]);
        Self {
            stage,
            registry,
            old,
            new,
        }
    }

    fn place(&self) -> String {
        format!("oci:{}/acme/deny:latest", self.registry.host())
    }

    fn rollback(&self, more: &str) -> (String, Option<i32>) {
        let output = self.stage.run(&format!("rollback {POLICY}{more}"));
        let said = [output.stdout, output.stderr].concat();
        (String::from_utf8(said).unwrap(), output.status.code())
    }

    /// The program, as a job of any repository runs it.
    fn job(&self, words: &str) -> Output {
        let mut command = crate::exec::bench::command(env!("CARGO_BIN_EXE_fullsend"));
        command
            .args(words.split(' '))
            .env_clear()
            .env("HOME", self.stage.home.path())
            .current_dir(self.stage.home.path());
        command.output().unwrap()
    }

    /// The code of `verify` with the published list.
    fn verified(&self, image: &str) -> Option<i32> {
        let place = self.place();
        let words = format!("verify {image} {POLICY} --deny {place}");
        self.job(&words).status.code()
    }

    fn is_denied_in_git(&self) -> bool {
        let fleet = self.stage.file("fleet", "main", "fleet.yaml").unwrap();
        fleet.contains("\ndeny:")
    }

    /// How often the list was pushed.
    fn pushes(&self) -> usize {
        let paths = self.registry.paths();
        paths
            .iter()
            .filter(|it| **it == format!("PUT {LIST}"))
            .count()
    }
}

#[test]
fn what_a_rollback_denies_is_refused_where_the_list_is_read() {
    let scene = Scene::new();
    let (said, code) = scene.rollback("");
    assert_eq!(code, Some(0), "{said}");
    let place = scene.place();
    assert!(said.contains(&format!("published as {place}")), "{said}");
    assert_eq!(scene.verified(&scene.new), Some(13));
    assert_eq!(scene.verified(&scene.old), Some(0));
    let (image, old) = (&scene.new, &scene.old);
    let started = format!("exec triage --image {image} {POLICY} --deny {place} -- true");
    let ended = scene.job(&started);
    let text = String::from_utf8(ended.stderr).unwrap();
    assert!(text.contains(&format!("using {old} instead")), "{text}");
    // The commit has the same.
    let list = scene.stage.file("fleet", "main", "deny.json").unwrap();
    assert!(list.contains(NEW), "{list}");
    assert_eq!(scene.pushes(), 1);
    // What is as it should be is left alone.
    scene.rollback("");
    assert_eq!(scene.pushes(), 1);
}

#[test]
fn whoever_may_not_commit_stops_it_all_the_same() {
    let scene = Scene::new();
    scene.stage.server.with(|store| {
        let id = store.named("fleet").unwrap().id;
        let repository = store.repository_mut(id).unwrap();
        repository.rules.protected = true;
    });
    let (said, code) = scene.rollback("");
    assert_eq!(code, Some(1), "{said}");
    assert!(!scene.is_denied_in_git(), "{said}");
    assert_eq!(scene.verified(&scene.new), Some(13));
    // Nor does a second look take it back, as long as the request is open.
    scene.rollback("");
    assert_eq!((scene.verified(&scene.new), scene.pushes()), (Some(13), 1));
}

#[test]
fn killed_between_the_two_it_goes_on() {
    let scene = Scene::new();
    // The first write is the rollout's own record.
    scene.stage.server.stop_at_write(3, false);
    let mut started = scene.stage.spawn(&format!("rollback {POLICY}"));
    assert!(scene.stage.server.wait_until_stopped(SOON));
    within(|| scene.pushes() == 1);
    started.kill().unwrap();
    started.wait().unwrap();
    scene.stage.server.go_on();
    assert!(!scene.is_denied_in_git());
    assert_eq!((scene.verified(&scene.new), scene.pushes()), (Some(13), 1));
    let (said, code) = scene.rollback("");
    assert_eq!(code, Some(0), "{said}");
    assert!(scene.is_denied_in_git(), "{said}");
    assert_eq!(scene.pushes(), 1, "{said}");
}

#[test]
fn a_registry_that_hangs_keeps_no_commit_waiting() {
    let scene = Scene::new();
    scene.registry.fault(LIST, Fault::hang());
    let mut started = scene.stage.spawn(&format!("rollback {POLICY}"));
    within(|| scene.registry.paths().contains(&format!("GET {LIST}")));
    within(|| scene.is_denied_in_git());
    assert!(started.try_wait().unwrap().is_none(), "it still asks");
    started.kill().unwrap();
    started.wait().unwrap();
}

#[test]
fn an_upgrade_publishes_what_there_is_and_its_way_back_what_it_denies() {
    let scene = Scene::before_upgrade();
    let upgrade = format!("upgrade {NEW} --via direct --auto-rollback {POLICY}");
    scene.stage.run(&upgrade);
    // Before anything is denied there is a list, so that nobody is warned.
    let place = scene.place();
    let words = format!("verify {} {POLICY} --deny {place}", scene.new);
    let verified = scene.job(&words);
    let said = String::from_utf8(verified.stderr).unwrap();
    assert_eq!(verified.status.code(), Some(0), "{said}");
    assert!(!said.contains("without the deny list"), "{said}");
    scene.stage.server.act("runs failed 3 canary").unwrap();
    let stopped = scene.stage.run(&upgrade);
    let said = String::from_utf8(stopped.stderr).unwrap();
    assert_eq!(scene.verified(&scene.new), Some(13), "{said}");
    assert_eq!(scene.verified(&scene.old), Some(0));
    assert_eq!(scene.pushes(), 2);
}

#[test]
fn a_registry_that_refuses_is_told_and_holds_nothing_up() {
    let scene = Scene::new();
    scene
        .registry
        .fault("*/blobs/uploads/*", Fault::status(403));
    let (said, code) = scene.rollback("");
    assert_eq!(code, Some(1), "{said}");
    let place = scene.place();
    let wanted = format!("the deny list is not published as {place}: could not push");
    assert!(
        said.contains(&wanted) && said.contains("may write to it"),
        "{said}"
    );
    assert!(scene.is_denied_in_git(), "{said}");
    assert_eq!(scene.pushes(), 0);
    scene.registry.clear_faults();
    let (said, code) = scene.rollback("");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(scene.verified(&scene.new), Some(13));
}

#[test]
fn somebody_elses_list_in_its_place_is_replaced() {
    let scene = Scene::new();
    scene.rollback("");
    scene.registry.remove("acme/deny", "latest");
    assert_eq!(scene.verified(&scene.new), Some(0), "no list is a warning");
    let (said, code) = scene.rollback("");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(scene.verified(&scene.new), Some(13));
}

#[test]
fn what_would_be_done_is_said_and_nothing_pushed() {
    let scene = Scene::new();
    let place = scene.place();
    let (said, code) = scene.rollback(" --dry-run");
    assert_eq!(code, Some(0), "{said}");
    let wanted = format!("# the deny list: it would be pushed to {place}");
    assert!(said.contains(&wanted), "{said}");
    let (said, code) = scene.rollback(" --check-access");
    assert_eq!(code, Some(0), "{said}");
    let wanted = format!("the deny list may be pushed to {place}");
    assert!(said.contains(&wanted), "{said}");
    scene
        .registry
        .fault("*/blobs/uploads/*", Fault::status(401));
    let (said, code) = scene.rollback(" --check-access");
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("the deny list may not be published"),
        "{said}"
    );
    assert_eq!(scene.pushes(), 0);
    assert_ne!(scene.verified(&scene.new), Some(13));
}
