//! `upgrade` and `rollback` with signed images: a good release goes through, a bad one comes back.

use fullsend_testkit::{
    forge::{Call, Conclusion, Mishap, When},
    signing::SigningKey,
};

use super::*;
use crate::pin::{scene::Scene, signatures::push};

const OLD: &str = "1.4.2";
const NEW: &str = "1.5.0";
const POLICY: &str = "--via direct --key cosign.pub --insecure-ignore-tlog";

/// An enrolled organisation on the old release, and the registry that has both.
struct Release {
    stage: Stage,
    _registry: Scene,
}

impl Release {
    /// `signed` tells whether the new image is.
    fn new(signed: bool) -> Self {
        let (registry, key) = (Scene::new(), SigningKey::p256());
        let stage = Stage::empty();
        key.write(stage.home.path()).unwrap();
        let old = push(&registry, OLD, Some(&key));
        let new = push(&registry, NEW, signed.then_some(&key));
        let of = |tag: &str, digest: &str| registry.named(&format!("a/b:{tag}@{digest}"));
        let (old, new) = (of(OLD, old.digest()), of(NEW, new.digest()));
        let (one, two) = ("01234567".repeat(5), "76543210".repeat(5));
        let fleet = format!(
            "version: 1\nforge: {{kind: github, owner: acme}}\n\
             action: fullsend-ai/sandbox@{one} # v1.4.0\nimage: {old}\n\
             approved:\n  - action: fullsend-ai/sandbox@{two} # v1.5.0\n    image: {new}\n\
             rings:\n  canary: {{repositories: [canary]}}\n  stable: {{}}\n\
             gates: {{runs: 2, repositories: 1}}\n"
        );
        stage
            .server
            .add(Repository::new("fleet"), &[Edit::file("fleet.yaml", fleet)]);
        for name in ["api", "canary"] {
            stage.add(name, &[("README.md", "hello\n")]);
        }
        let (document, code) = stage.document("enroll --via direct");
        assert_eq!(code, 0, "{document:#}");
        stage.server.act("merge").unwrap();
        stage.server.act("runs passed 4").unwrap();
        Self {
            stage,
            _registry: registry,
        }
    }

    /// Begins the upgrade, or goes on with it; what it says, and its code.
    fn upgrade(&self, more: &str) -> (String, i32) {
        let output = self.stage.run(&format!("upgrade {NEW} {POLICY}{more}"));
        let text = String::from_utf8(output.stderr).unwrap();
        (text, output.status.code().unwrap())
    }

    fn config(&self, name: &str) -> String {
        self.stage.file(name, "main", "fullsend.yaml").unwrap()
    }

    fn fleet(&self) -> String {
        self.stage.file("fleet", "main", "fleet.yaml").unwrap()
    }
}

#[test]
fn a_good_release_goes_through_ring_by_ring() {
    let release = Release::new(true);
    let (text, code) = release.upgrade("");
    assert_eq!(code, 1, "no run has shown anything yet: {text}");
    assert!(release.config("canary").contains(NEW), "{text}");
    assert!(release.config("api").contains(OLD), "the next ring waits");
    release.stage.server.act("runs passed 3 canary").unwrap();
    let (text, _) = release.upgrade("");
    assert!(release.config("api").contains(NEW), "{text}");
    release.stage.server.act("runs passed 3 api").unwrap();
    let (text, code) = release.upgrade("");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("done"), "{text}");
}

#[test]
fn a_canary_that_dies_takes_the_release_back() {
    let release = Release::new(true);
    release.upgrade("");
    assert!(release.config("canary").contains(NEW));
    release.stage.server.act("runs failed 3 canary").unwrap();
    let (text, code) = release.upgrade(" --auto-rollback");
    assert_eq!(code, 1, "{text}");
    let (again, _) = release.upgrade(" --auto-rollback");
    assert!(release.config("canary").contains(OLD), "{text}\n{again}");
    assert!(release.config("api").contains(OLD));
    let fleet = release.fleet();
    assert!(fleet.contains("deny:") && fleet.contains(NEW), "{fleet}");
    assert!(release.stage.file("fleet", "main", "deny.json").is_some());
    let page = release.stage.run("status --format html");
    let page = String::from_utf8(page.stdout).unwrap();
    let told = "The release to reach is action 1.4.0 with image 1.4.2";
    assert!(page.contains(told), "{page}");
}

#[test]
fn the_document_of_a_rollout_has_its_requests() {
    let release = Release::new(true);
    let words = format!("upgrade {NEW} {POLICY}");
    let row = |document: &Value| {
        let rows = document["repositories"].as_array().unwrap().iter();
        rows.clone().find(|row| row["name"] == "canary").cloned()
    };
    let before = release.stage.server.counts().writing;
    let (document, code) = release.stage.document(&format!("{words} --dry-run"));
    let planned = row(&document).unwrap();
    assert_eq!(
        (code, &planned["ring"]),
        (0, &"canary".into()),
        "{document:#}"
    );
    assert!(
        planned["image"].as_str().unwrap().ends_with(OLD),
        "{planned:#}"
    );
    let (document, code) = release.stage.document(&format!("{words} --check-access"));
    assert_eq!(code, 0, "{document:#}");
    assert!(row(&document).is_some(), "{document:#}");
    assert_eq!(release.stage.server.counts().writing, before);
    let (document, _) = release.stage.document(&words);
    let moved = row(&document).unwrap();
    assert_eq!(moved["request"]["state"], "merged", "{document:#}");
    assert!(moved["request"]["url"].is_string(), "{document:#}");
}

#[test]
fn a_watched_upgrade_keeps_nobody_from_a_rollback_and_ends_by_its_signal() {
    let release = Release::new(true);
    let stage = &release.stage;
    let words = format!("upgrade {NEW} {POLICY} --watch --interval 1");
    let mut watching = stage.spawn(&words);
    for _ in 0..600 {
        if release.config("canary").contains(NEW) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let output = stage.run(&format!("rollback {POLICY} --reason bad"));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let ended = crate::exec::bench::command("kill")
        .arg(watching.id().to_string())
        .status();
    assert!(ended.unwrap().success());
    let code = watching.wait().unwrap().code();
    assert!(!text.contains("another fullsend"), "{text}");
    assert_eq!(code, Some(143), "{text}");
}

#[test]
fn status_names_the_rollout_for_two_questions_more() {
    let release = Release::new(true);
    let server = &release.stage.server;
    let status = || {
        server.clear_calls();
        let (document, _) = release.stage.document("status");
        (document, server.counts().requests)
    };
    let (before, asked) = status();
    assert!(before["rollout"].is_null() && before["progress"].is_null());
    release.upgrade("");
    let (document, now) = status();
    let id = document["rollout"].as_str().unwrap_or_default().to_owned();
    assert!(id.starts_with("upgrade-1.5.0-"), "{document:#}");
    let progress = &document["progress"];
    for (key, wanted) in [
        ("state", "running"),
        ("version", NEW),
        ("ring", "canary"),
        ("verdict", "inconclusive"),
        ("by", "octocat"),
    ] {
        assert_eq!(progress[key], wanted, "{progress:#}");
    }
    assert!(now <= asked + 2, "{now} after {asked}");
    let told = String::from_utf8(release.stage.run("status").stdout).unwrap();
    let line = format!("{id}: to {NEW}, running, wave 1 of 2 (canary), its gate says inconclusive");
    assert!(told.starts_with(&line), "{told}");
    let page = String::from_utf8(release.stage.run("status --format html").stdout).unwrap();
    assert!(page.contains(&line), "the page has it, too");
    server.act("runs passed 3").unwrap();
    release.upgrade("");
    server.act("runs passed 3").unwrap();
    let (text, code) = release.upgrade("");
    assert_eq!(code, 0, "{text}");
    assert!(status().0["rollout"].is_null());
}

#[test]
fn runs_between_two_looks_count() {
    let release = Release::new(true);
    let server = &release.stage.server;
    release.upgrade("");
    for text in ["one", "two"] {
        server
            .act(&format!("edit canary README.md {text}"))
            .unwrap();
        server.act("runs passed 1 canary").unwrap();
    }
    server.act("edit canary README.md three").unwrap();
    let (text, _) = release.upgrade("");
    assert!(release.config("api").contains(NEW), "{text}");
}

#[test]
fn a_ring_that_runs_nothing_is_started_once() {
    let release = Release::new(true);
    let server = &release.stage.server;
    let started = || {
        server.with(|store| {
            let runs = store.repositories().flat_map(|it| &it.runs);
            runs.filter(|it| it.event == "workflow_dispatch").count()
        })
    };
    let (text, code) = release.upgrade("");
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("or by `--smoke`"), "{text}");
    assert_eq!(started(), 0, "nobody asked for it");
    // The answer is lost, so that nobody knows whether it was started.
    let dispatches = |call: &Call| call.path.ends_with("/dispatches");
    let lost = Mishap::status(502).after();
    server.fault(When::Where(Box::new(dispatches)), lost);
    let (text, code) = release.upgrade(" --smoke");
    assert_eq!((code, started()), (1, 1), "{text}");
    assert!(
        text.contains("it is not known yet whether one was in canary"),
        "{text}"
    );
    let (text, _) = release.upgrade(" --smoke");
    assert_eq!(started(), 1, "{text}");
    // It counts as any run does.
    assert_eq!(server.with(|store| store.end_runs(Conclusion::Passed)), 1);
    let (text, _) = release.upgrade(" --smoke");
    assert!(text.contains("1 of the 2 runs"), "{text}");
    server.act("runs passed 1 canary").unwrap();
    let (text, _) = release.upgrade("");
    assert!(release.config("api").contains(NEW), "{text}");
    let (text, _) = release.upgrade(" --smoke");
    assert!(
        text.contains("api: a smoke run of fullsend-triage.yml was started"),
        "{text}"
    );
    assert!(text.contains("; 1 smoke run was started"), "{text}");
    assert_eq!(started(), 2);
}

#[test]
fn an_image_that_nobody_signed_moves_nothing() {
    let release = Release::new(false);
    let before = release.stage.left();
    let (text, code) = release.upgrade("");
    assert_eq!(code, 10, "{text}");
    assert_eq!(release.stage.left(), before);
}
