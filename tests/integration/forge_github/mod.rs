//! GitHub, from what is asked to what a GitHub that holds state does: every request and answer is
//! held against GitHub's published descriptions.

mod app;
mod faults;
mod merge;
mod read;
mod rest;
mod survey;
mod write;

use std::{ops::Deref, sync::Arc};

use fullsend::{
    config::FleetForge,
    forge::{
        Change, Forge, ForgeError, Message, Proposal, Reason, Repository as Seen, Request, Watch,
    },
    model::commit::CommitId,
};
use fullsend_testkit::forge::{
    Actor, Edit, Expected, Forge as Server, Mishap, Opening, Told, When,
};

use crate::support::forge::{self, Scene, commit_id, refused};

const TOKEN: &str = "ghp_hunter2";
const BRANCH: &str = "fullsend/enroll";

/// A GitHub with an owner `acme`, and whom its first token is of.
struct Stage(Scene);

impl Deref for Stage {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.0
    }
}

impl Stage {
    fn new() -> Self {
        Self::of(Actor::user("fullsend"), Told::Scopes)
    }

    fn of(actor: Actor, told: Told) -> Self {
        let server = Server::github("acme");
        server.with(|store| store.grant(TOKEN, actor, told));
        let forge = connect(&server, &[("GITHUB_TOKEN", TOKEN)]);
        Self(Scene { server, forge })
    }

    /// One that lets nobody through to GraphQL, as some proxies do.
    fn closed(actor: Actor) -> Self {
        let stage = Self::of(actor, Told::Scopes);
        let graphql = |call: &fullsend_testkit::forge::Call| call.path == "/graphql";
        let when = When::Where(Box::new(graphql));
        stage.server.faults(when, Mishap::status(404), u32::MAX);
        stage
    }

    /// Our branch with one commit, and the request from it, made by somebody.
    fn enrol(&self, id: u64, login: &str) {
        self.server.with(|store| {
            let by = Actor::user(login);
            let head = store.repository(id).unwrap().head().unwrap();
            store.set_ref(id, &format!("refs/heads/{BRANCH}"), Some(head));
            let edits = [Edit::file("fullsend.yaml", "version: 1\n")];
            let at = Expected::At(head);
            let message = "Enrol\n\nFullsend-Branch: fullsend/enroll\n";
            store.commit(id, &by, BRANCH, at, &edits, message).unwrap();
            let opening = Opening {
                branch: BRANCH,
                base: "main",
                title: "Run agents",
                body: "",
                draft: false,
            };
            store.open(id, &by, &opening).unwrap();
        });
    }

    /// Proposes a first file.
    async fn propose(
        &self,
        repository: &Seen,
        base: &CommitId,
        changes: &[Change],
    ) -> Result<Request, ForgeError> {
        let proposal = Proposal {
            repository,
            base,
            branch: BRANCH,
            changes,
            message: &message(),
            title: "Run agents",
            body: "Please.",
        };
        self.forge.propose(&proposal).await
    }
}

/// The owner of a server, as whom `variables` name.
fn connect(server: &Server, variables: &[(&str, &str)]) -> Arc<dyn Forge> {
    let place = FleetForge::GitHub {
        owner: "acme".to_owned(),
        url: "https://github.com".to_owned(),
    };
    forge::connect(server, place, "", variables)
}

/// What the tests watch.
fn watch() -> Watch {
    Watch {
        paths: vec![
            ".github/workflows/agents.yml".to_owned(),
            "fullsend.yaml".to_owned(),
        ],
        branch: Some(BRANCH.to_owned()),
        requests: vec!["renovate/".to_owned()],
    }
}

fn message() -> Message {
    Message {
        headline: "Run agents".to_owned(),
        body: "Fullsend-Branch: fullsend/enroll".to_owned(),
    }
}

fn change(path: &str, content: Option<&str>) -> Change {
    Change {
        path: path.to_owned(),
        content: content.map(|it| it.as_bytes().to_vec()),
    }
}

fn first() -> [Change; 1] {
    [change("fullsend.yaml", Some("version: 1\n"))]
}

/// Nobody knows whether what failed was done; no error holds the token.
fn unsure<T: std::fmt::Debug>(result: Result<T, ForgeError>) {
    let error = refused(result);
    assert!(matches!(error.reason(), Reason::Unsure(_)), "{error}");
}
