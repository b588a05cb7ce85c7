//! Prism between the program and the test kit's GitHub: another judge of the same description.
//!
//! The kit judges what it is sent by a reading of its own; this one is the reading of many. It knows
//! no `/graphql`, which to us is a GitHub that lets only REST through.

use std::collections::BTreeSet;

use fullsend_testkit::forge::{
    Actor, App, Call, Edit, Forge as Server, Mishap, Repository, Told, When,
};
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
    forge: Server,
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

    /// What comes of a call that Prism lets through.
    async fn done<T>(&self, call: impl Future<Output = Result<T, ForgeError>>) -> T {
        let done = call.await;
        done.unwrap_or_else(|error| panic!("{error}: {:#?}", self.refused()))
    }

    /// That these went through Prism, and back.
    fn assert_asked(&self, operations: &[&str]) {
        let calls = self.forge.calls();
        let asked = calls.iter().flat_map(|it| &it.nature.operations);
        let asked: BTreeSet<&str> = asked.map(String::as_str).collect();
        let mut operations = operations.iter();
        let missing = operations.find(|it| !asked.contains(*it));
        assert_eq!(missing, None, "of {asked:?}");
    }
}

fn organisation() -> Server {
    let forge = Server::github(OWNER);
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
fn live(forge: &Server, url: &str) -> (Vec<Ended>, Vec<String>) {
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
    stage.assert_asked(&OPERATIONS);
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

/// Every kind of write, by an app.
#[tokio::test]
async fn what_an_app_writes_is_as_described() {
    let stage = Stage::new();
    let app = App::new("fullsend");
    let (id, key) = (app.id.to_string(), app.private_key.clone());
    stage.forge.with(|store| store.app = Some(app));
    let variables = [
        ("FULLSEND_APP_ID", id.as_str()),
        ("FULLSEND_APP_PRIVATE_KEY", &key),
    ];
    let github = connect(&stage.prism.url(), OWNER, &variables);
    let who = stage.done(github.identity()).await;
    assert_eq!(who.login, "fullsend[bot]");
    let seen = look(&github, "api").await;
    let changes = [
        change("fullsend.yaml", Some(b"version: 1\n")),
        change("binary", Some(&[0xff, 0])),
        change("README.md", None),
    ];
    let proposal = Proposal {
        repository: &seen.repository,
        base: &seen.head.unwrap(),
        branch: BRANCH,
        changes: &changes,
        message: &message(),
        title: "Run agents",
        body: "Please.",
    };
    let request = stage.done(github.propose(&proposal)).await;
    let repository = &seen.repository;
    let commit = Commit {
        repository,
        branch: BRANCH,
        parent: request.head.as_ref().unwrap(),
        changes: &[change("more", Some(b"more\n"))],
        message: &message(),
    };
    let head = stage.done(github.commit(&commit)).await;
    let described = github.describe(repository, &request, "Other", "Text");
    stage.done(described).await;
    stage.done(github.close(repository, &request)).await;
    stage.done(github.reopen(repository, &request)).await;
    let request = look(&github, "api").await.request.unwrap();
    let merging = stage.done(github.merge(repository, &request, &head)).await;
    assert_eq!(merging, Merging::Merged);
    let deleted = github.delete_branch(repository, BRANCH, &head);
    stage.done(deleted).await;
    assert_eq!(stage.refused(), [""; 0], "{}", stage.prism.log());
    stage.assert_asked(&[
        "apps/create-installation-access-token",
        "apps/get-authenticated",
        "git/create-blob",
        "git/delete-ref",
        "git/update-ref",
        "pulls/merge",
        "pulls/update",
        "users/get-by-username",
    ]);
}

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
    // The same of answers: a GitHub that tells half is no GitHub.
    let repository = |call: &Call| call.path == "/repos/acme/api";
    let half = Mishap::json(r#"{"name": "api"}"#);
    let when = When::Where(Box::new(repository));
    stage.forge.fault(when, half);
    let url = format!("{}/repos/{OWNER}/api", stage.prism.url());
    let answer = client.get(url).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 500);
    assert!(answer.text().await.unwrap().contains("VIOLATIONS"));
}
