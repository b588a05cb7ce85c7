//! What a rollout commits to the configuration repository, before the real Renovate: which ring is
//! offered which pair after each wave, and after a rollback.
//!
//! Renovate runs as in `crate::renovate`; the presets are those of the commit, as git checks them
//! out, but for their scheme: `github>` leads to github.com alone.

use std::{collections::BTreeSet, path::Path, thread};

use fullsend::seam::files;
use fullsend_testkit::{forge::branch_ref, signing::SigningKey};
use serde_json::json;

use super::*;
use crate::{
    pin::signatures::push_to,
    renovate::world::{Dependency, World, commit},
};

const OLD: (&str, &str) = ("1.4.2", "v1.4.0");
const NEW: (&str, &str) = ("1.5.0", "v1.5.0");
const POLICY: &str = "--key cosign.pub --insecure-ignore-tlog";
const WORKFLOW: &str = ".github/workflows/fullsend-triage.yml";
const CONFIG: &str = "fullsend.yaml";
/// A file that was left behind long ago.
const BEHIND: &str = "old/fullsend.yaml";

/// An enrolled organisation: `canary` in a ring of its own; `api` and `held`, which is held on the
/// old version, in the last one.
struct Scene {
    stage: Stage,
    world: World,
    old: String,
    new: String,
    older: String,
}

/// What Renovate offers: the file, the version and digest in it, and those that are to come.
type Offers = BTreeSet<String>;

impl Scene {
    fn new() -> Self {
        let (world, key, stage) = (World::new(), SigningKey::p256(), Stage::empty());
        key.write(stage.home.path()).unwrap();
        let digest = |tag: &str| {
            let image = push_to(world.registry(), tag, Some(&key));
            image.digest().to_owned()
        };
        let scene = Self {
            older: digest("1.3.0"),
            old: digest(OLD.0),
            new: digest(NEW.0),
            stage,
            world,
        };
        // There is always something newer, which no ring allows.
        push_to(scene.world.registry(), "1.6.0", None);
        let days = ["v1.3.0", OLD.1, NEW.1, "v1.6.0"];
        scene.world.github(&days.map(|tag| (tag, "2025-01-01")));
        scene.world.serve_shipped();
        let here = json!({ "packageRules": scene.world.here() });
        scene.world.serve("/here.json", &here.to_string());
        scene.enroll();
        scene
    }

    fn image(&self, tag: &str, digest: &str) -> String {
        format!("{}/a/b:{tag}@{digest}", self.world.host())
    }

    fn enroll(&self) {
        let (old, new) = (self.image(OLD.0, &self.old), self.image(NEW.0, &self.new));
        let action = |tag: &str| format!("fullsend-ai/sandbox@{} # {tag}", commit(tag));
        let fleet = format!(
            "version: 1\nforge: {{kind: github, owner: acme}}\n\
             action: {}\nimage: {old}\napproved:\n  - action: {}\n    image: {new}\n\
             rings:\n  canary: {{repositories: [canary]}}\n  stable: {{}}\n\
             gates: {{runs: 2, repositories: 1}}\n",
            action(OLD.1),
            action(NEW.1),
        );
        self.stage.add("fleet", &[("fleet.yaml", &fleet)]);
        let mut canary = Repository::new("canary");
        // So that a request stays open for as long as Renovate looks.
        canary.rules.approvals = 1;
        let readme = Edit::file("README.md", "hello\n".to_owned());
        self.stage.server.add(canary, &[readme]);
        let behind = format!("version: 1\nimage: {}\n", self.image("1.3.0", &self.older));
        self.stage.add("api", &[(BEHIND, &behind)]);
        self.stage.add("held", &[("README.md", "hello\n")]);
        let (document, code) = self.stage.document("enroll --via renovate");
        assert_eq!(code, 0, "{document:#}");
        self.stage.server.act("merge").unwrap();
        self.hold();
        self.stage.server.act("runs passed 4").unwrap();
    }

    /// Holds one repository, by the verb for that.
    fn hold(&self) {
        let words = format!(
            "hold held --version {} --reason slow --until 2030-01-31",
            OLD.0
        );
        let output = self.stage.run(&words);
        assert!(output.status.success(), "{output:?}");
        self.stage.server.act("merge").unwrap();
        let config = self.stage.file("held", "main", CONFIG).unwrap();
        assert!(config.contains("hold:"), "{config}");
    }

    /// Begins the upgrade, or goes on with it: it always has to wait for Renovate.
    fn upgrade(&self) {
        let words = format!("upgrade {} --via renovate {POLICY}", NEW.0);
        let output = self.stage.run(&words);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains("waiting"), "{text}");
    }

    /// Has the presets served as the newest commit has them.
    fn publish_presets(&self) {
        let folder = TempDir::new().unwrap();
        self.stage.server.checkout("fleet", folder.path());
        for name in ["ring-canary", "ring-stable", "deny"] {
            let path = format!("renovate/{name}.json");
            let text = text(folder.path(), &path);
            self.world.serve(&format!("/{path}"), &text);
        }
    }

    /// What Renovate offers each of these repositories as they are now.
    fn offers<const N: usize>(&self, names: [&str; N]) -> [Offers; N] {
        self.publish_presets();
        thread::scope(|scope| {
            let looks = names.map(|name| scope.spawn(|| self.offers_to(name)));
            looks.map(|look| look.join().unwrap())
        })
    }

    fn offers_to(&self, name: &str) -> Offers {
        let folder = TempDir::new().unwrap();
        self.stage.server.checkout(name, folder.path());
        let (url, path) = (self.world.url(), folder.path().join("renovate.json"));
        let mut own = text(folder.path(), "renovate.json");
        for (preset, file) in [
            (
                "github>acme/fleet//renovate/ring-canary",
                "renovate/ring-canary.json",
            ),
            (
                "github>acme/fleet//renovate/ring-stable",
                "renovate/ring-stable.json",
            ),
            ("github>acme/fleet//renovate/deny", "renovate/deny.json"),
            (
                "github>fullsend-ai/fullsend//renovate/default",
                "default.json",
            ),
        ] {
            own = own.replace(preset, &format!("{url}/{file}"));
        }
        assert!(!own.contains("\"github>"), "{own}");
        let default = format!("\"{url}/default.json\"");
        own = own.replace(&default, &format!("\"{url}/here.json\", {default}"));
        let file = files::AtomicFile::open(&path);
        file.and_then(|file| file.commit(own.as_bytes())).unwrap();
        let found = self.world.look_up_in(folder).found;
        for (path, value) in [(CONFIG, "1."), (WORKFLOW, "v1.")] {
            let seen = |it: &Dependency| it.file == path && it.value.starts_with(value);
            assert!(
                found.iter().any(seen),
                "{name}: {path} is not read: {found:#?}"
            );
        }
        let offers = found.iter().flat_map(offers_of);
        offers.collect()
    }

    /// Does in a repository what Renovate has just offered.
    fn take_new(&self, name: &str) {
        let moved = [CONFIG, WORKFLOW].map(|path| {
            let text = self.stage.file(name, "main", path).unwrap();
            let image = [self.image(OLD.0, &self.old), self.image(NEW.0, &self.new)];
            let action = [OLD.1, NEW.1].map(|tag| format!("{} # {tag}", commit(tag)));
            let moved = text.replace(&image[0], &image[1]);
            let moved = moved.replace(&action[0], &action[1]);
            assert_ne!(moved, text);
            Edit::file(path, moved)
        });
        self.stage.server.with(|store| {
            let repository = store.named(name).unwrap();
            let (id, head) = (repository.id, repository.head());
            let by = Actor::admin("renovate");
            let made = store.make_commit(id, &by, head, &moved, "Move", true);
            store.set_ref(id, &branch_ref("main"), Some(made));
        });
    }
}

/// One or the other release, as Renovate offers it to what is enrolled.
fn pair(kind: &str, (tag, version): (&str, &str), digest: &str) -> Offers {
    let commit = commit(version);
    Offers::from([
        format!("{CONFIG}: {kind} {tag} {digest} by renovate/fullsend"),
        format!("{WORKFLOW}: {kind} {version} {commit} by renovate/fullsend"),
    ])
}

/// The image that the file that was left behind is offered.
fn behind((tag, _): (&str, &str), digest: &str) -> String {
    format!("{BEHIND}: minor {tag} {digest} by renovate/fullsend")
}

fn text(folder: &Path, path: &str) -> String {
    String::from_utf8(files::read(&folder.join(path), 1 << 20).unwrap()).unwrap()
}

fn offers_of(found: &Dependency) -> Vec<String> {
    let updates = found.updates.iter().map(|it| {
        let (kind, branch) = (&it.kind, &it.branch);
        format!(
            "{}: {kind} {} {} by {branch}",
            found.file, it.value, it.digest
        )
    });
    updates.collect()
}

#[test]
fn each_wave_offers_the_pair_to_its_ring_and_to_no_other() {
    let scene = Scene::new();
    scene.upgrade();
    let [canary, api] = scene.offers(["canary", "api"]);
    assert_eq!(canary, pair("minor", NEW, &scene.new));
    assert_eq!(api, Offers::from([behind(OLD, &scene.old)]));

    scene.take_new("canary");
    scene.stage.server.act("runs passed 3 canary").unwrap();
    scene.upgrade();
    let [canary, api, held] = scene.offers(["canary", "api", "held"]);
    assert_eq!(canary, Offers::new(), "it is where it should be");
    let mut wanted = pair("minor", NEW, &scene.new);
    wanted.insert(behind(NEW, &scene.new));
    assert_eq!(api, wanted);
    assert_eq!(held, Offers::new());
}

#[test]
fn a_rollback_offers_the_way_back_and_never_again_what_was_bad() {
    let scene = Scene::new();
    scene.upgrade();
    scene.take_new("canary");
    let words = format!("rollback --reason leaks {POLICY}");
    let output = scene.stage.run(&words);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let canary = scene.stage.file("canary", "main", CONFIG).unwrap();
    assert!(canary.contains(NEW.0), "its request is not merged: {said}");
    let [canary, api, held] = scene.offers(["canary", "api", "held"]);
    assert_eq!(canary, pair("rollback", OLD, &scene.old));
    assert_eq!(api, Offers::from([behind(OLD, &scene.old)]));
    assert_eq!(held, Offers::new());
}
