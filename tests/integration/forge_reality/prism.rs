//! Prism between the program and the test kit's GitHub: another judge of the same description.
//!
//! The kit judges what it is sent by a reading of its own; this one is the reading of many. It knows
//! no `/graphql`, which to us is a GitHub that lets only REST through.

use std::collections::BTreeSet;

use fullsend_testkit::forge::{Actor, Edit, Forge, Mishap, Repository, Told, When};
use jiff::ToSpan as _;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::support::tools;

const OWNER: &str = "acme";
/// What nothing of ours asks for.
const END: &str = "/the/end";

/// A GitHub of two repositories with Prism in front of it.
struct Stage {
    forge: Forge,
    prism: Served,
}

impl Stage {
    fn new() -> Self {
        let forge = organisation();
        let upstream = forge.url("");
        let prism = Served::start("prism", |command, port| {
            command
                .arg("proxy")
                .arg(tools::forge_description("github-openapi.json"));
            command.args([&upstream, "--errors", "--port", port]);
        });
        Self { forge, prism }
    }

    /// What Prism found fault with, except that it was asked for GraphQL.
    fn refused(&self) -> Vec<String> {
        // It writes what it has to say after it answers, but one after the other.
        self.prism.knock(END);
        self.prism.wait_for_word(&format!("get {END} "));
        let log = self.prism.log();
        let bad = log.lines().filter(|line| {
            let is_bad = ["✖", "⚠", "Violation"].iter().any(|it| line.contains(it));
            is_bad && !line.contains("post /graphql") && !line.contains(END)
        });
        bad.map(str::to_owned).collect()
    }
}

fn organisation() -> Forge {
    let forge = Forge::github(OWNER);
    forge.with(|store| store.grant(TOKEN, Actor::user("octocat"), Told::Scopes));
    let fleet = Edit::file("fleet.yaml", fleet_yaml(OWNER));
    forge.add(Repository::new("fleet"), &[fleet]);
    for name in ["api", "web"] {
        forge.add(Repository::new(name), &[Edit::file("README.md", "hello\n")]);
    }
    forge
}

/// What a verb ended with, and what it said.
type Ended = (Option<i32>, String);

/// A week of a fleet on `forge`, spoken to at `url`.
fn live(forge: &Forge, url: &str) -> (Vec<Ended>, Vec<String>) {
    let home = TempDir::new().unwrap();
    let until = jiff::Zoned::now().date().saturating_add(30.days());
    let hold = format!("hold api --version 1.4.2 --reason busy --until {until}");
    let mut said = Vec::new();
    let mut run = |words: &str| {
        let output = fullsend(words, OWNER, url, home.path());
        let text = String::from_utf8(output.stdout).unwrap();
        let text = text.replace(&forge.url(""), "https://github.example");
        said.push((output.status.code(), text));
    };
    run("enroll --check-access");
    run("enroll");
    run("enroll --format json");
    forge.act("merge").unwrap();
    forge.act("runs failed 2").unwrap();
    run("status --runs --format json");
    run(&hold);
    run("unenroll web");
    run("status");
    (said, forge.with(|store| store.outline()))
}

#[test]
fn what_the_program_says_and_hears_is_as_described() {
    let (stage, open) = (Stage::new(), organisation());
    let (said, left) = live(&stage.forge, &stage.prism.url());
    assert_eq!(stage.refused(), [""; 0], "{}", stage.prism.log());
    let calls = stage.forge.calls();
    let asked = calls.iter().flat_map(|it| &it.nature.operations);
    let asked: BTreeSet<&str> = asked.map(String::as_str).collect();
    let missing: Vec<_> = OPERATIONS
        .iter()
        .filter(|it| !asked.contains(*it))
        .collect();
    assert!(
        missing.is_empty(),
        "not asked: {missing:?}; asked: {asked:?}"
    );
    // By GraphQL, and with nobody between, it comes to the same.
    let (said_directly, left_directly) = live(&open, &open.url(""));
    assert_eq!(said, said_directly);
    assert_eq!(left, left_directly);
}

/// What is to have passed Prism, there and back.
const OPERATIONS: [&str; 22] = [
    "actions/list-workflow-runs",
    "checks/list-annotations",
    "checks/list-for-ref",
    "checks/list-for-suite",
    "git/create-commit",
    "git/create-ref",
    "git/create-tree",
    "git/get-blob",
    "git/get-commit",
    "git/get-ref",
    "git/get-tree",
    "git/update-ref",
    "pulls/create",
    "pulls/get",
    "pulls/list",
    "repos/compare-commits-with-basehead",
    "repos/get",
    "repos/get-branch",
    "repos/get-branch-rules",
    "repos/get-combined-status-for-ref",
    "repos/list-for-org",
    "users/get-authenticated",
];

/// Prism says no, so that what it lets through is worth something.
#[tokio::test]
async fn what_is_not_as_described_is_refused() {
    let stage = Stage::new();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let refs = format!("{}/repos/{OWNER}/api/git/refs", stage.prism.url());
    let sent = client.post(refs).bearer_auth(TOKEN);
    let lacking = sent.header("content-type", "application/json");
    let lacking = lacking.body(r#"{"ref": "refs/heads/new"}"#);
    let answer = lacking.send().await.unwrap();
    let status = answer.status().as_u16();
    let told: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(status, 422, "{told}");
    assert!(told.to_string().contains("sha"), "{told}");
    assert_eq!(stage.forge.calls().len(), 0, "it did not get through");
    assert_ne!(stage.refused(), [""; 0], "{}", stage.prism.log());
}

/// The same of answers: a GitHub that says half is no GitHub.
#[test]
fn an_answer_that_is_not_as_described_is_refused() {
    let stage = Stage::new();
    let repository = |call: &fullsend_testkit::forge::Call| call.path == "/repos/acme/fleet";
    let half = Mishap::json(r#"{"name": "fleet"}"#);
    stage
        .forge
        .faults(When::Where(Box::new(repository)), half, 9);
    let home = TempDir::new().unwrap();
    let url = stage.prism.url();
    let output = fullsend("enroll --dry-run", OWNER, &url, home.path());
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("500"), "{text}");
    assert!(!stage.refused().is_empty());
}
