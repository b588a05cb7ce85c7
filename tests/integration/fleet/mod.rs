//! The verbs of a fleet as users run them, against a GitHub in this process that keeps state.

mod actions;
mod begin;
mod contract;
mod deny;
mod enroll;
mod lock;
mod matrix;
mod renovate;
mod rollout;

use std::{
    collections::BTreeMap,
    process::{Child, Command, Output, Stdio},
};

use fullsend_testkit::forge::{Actor, Edit, Expected, Forge, Repository, RequestState, Told};
use serde_json::Value;
use tempfile::TempDir;

const TOKEN: &str = "ghp_hunter2";

/// A fleet.yaml whose rings are a canary, `service-0000`, and all others.
fn fleet_yaml() -> String {
    let (commit, hex) = ("01234567".repeat(5), "ab".repeat(32));
    format!(
        "version: 1\n\
         forge: {{kind: github, owner: acme}}\n\
         action: fullsend-ai/sandbox@{commit} # v1.4.0\n\
         image: ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:{hex}\n\
         rings:\n  canary: {{repositories: [service-0000]}}\n  stable: {{}}\n"
    )
}

/// An organisation with its configuration repository, and a machine of its platform engineer.
struct Stage {
    server: Forge,
    home: TempDir,
}

impl Stage {
    /// With so many made-up repositories.
    fn new(made_up: usize) -> Self {
        let stage = Self::empty();
        stage.server.with(|store| store.populate(made_up));
        let files = [Edit::file("fleet.yaml", fleet_yaml())];
        stage.server.add(Repository::new("fleet"), &files);
        stage
    }

    /// Without any repository.
    fn empty() -> Self {
        let server = Forge::github("acme");
        server.with(|store| store.grant(TOKEN, Actor::user("octocat"), Told::Scopes));
        Self {
            server,
            home: TempDir::new().unwrap(),
        }
    }

    /// One repository with these files.
    fn add(&self, name: &str, files: &[(&str, &str)]) -> u64 {
        let files: Vec<Edit> = files
            .iter()
            .map(|(path, text)| Edit::file(path, (*text).to_owned()))
            .collect();
        self.server.add(Repository::new(name), &files)
    }

    fn command(&self, words: &str) -> Command {
        let mut command = crate::exec::bench::command(env!("CARGO_BIN_EXE_fullsend"));
        command
            .args(words.split(' '))
            .args(["--fleet", "acme/fleet", "--forge-url", &self.server.url("")])
            .env_clear()
            .env("HOME", self.home.path())
            .env("GITHUB_TOKEN", TOKEN)
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        command
    }

    fn run(&self, words: &str) -> Output {
        self.command(words).output().unwrap()
    }

    /// Runs and reads the document; the code beside it.
    fn document(&self, words: &str) -> (Value, i32) {
        let output = self.run(&format!("{words} --format json"));
        let text = String::from_utf8_lossy(&output.stderr);
        let document = serde_json::from_slice(&output.stdout);
        let code = output.status.code().unwrap();
        (
            document.unwrap_or_else(|error| panic!("{error}: {text}")),
            code,
        )
    }

    fn spawn(&self, words: &str) -> Child {
        let mut command = self.command(words);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    /// What the forge is left with: of each repository its requests' states, and the files of every
    /// branch but for the times in commits.
    fn left(&self) -> BTreeMap<String, String> {
        self.server.with(|store| {
            let repositories = store.repositories();
            let left = repositories.map(|repository| {
                let requests = repository.requests.values();
                let states: Vec<RequestState> = requests.map(|it| it.state).collect();
                let branches = repository.refs.iter();
                let branches: BTreeMap<_, _> = branches
                    .map(|(name, at)| (name.clone(), store.objects.files_of(*at)))
                    .collect();
                (repository.name.clone(), format!("{states:?} {branches:?}"))
            });
            left.collect()
        })
    }

    /// The text of a file on a branch.
    fn file(&self, name: &str, branch: &str, path: &str) -> Option<String> {
        self.server.with(|store| {
            let repository = store.named(name)?;
            let at = repository.refs.get(&format!("refs/heads/{branch}"))?;
            let (_, blob) = *store.objects.files_of(*at).get(path)?;
            let bytes = store.objects.blob(blob)?;
            Some(String::from_utf8_lossy(bytes).into_owned())
        })
    }
}

/// The state and reason of each row of a document.
fn states(document: &Value) -> BTreeMap<String, String> {
    let rows = document["repositories"].as_array().unwrap().iter();
    rows.map(|row| {
        let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
        let request = row["request"]["state"].as_str().unwrap_or("-");
        (text("name"), format!("{} {request}", text("state")))
    })
    .collect()
}
