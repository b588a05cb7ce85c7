//! GitHub, from what is asked to what a GitHub that holds state does: every request and answer is
//! held against GitHub's published descriptions.

mod app;
mod faults;
mod merge;
mod read;
mod rest;
mod survey;
mod write;

use std::sync::Arc;

use fullsend::{
    config::FleetForge,
    forge::{
        self, Change, Forge, ForgeError, Governor, Limits, Message, Proposal, Reason,
        Repository as Seen, Request, Site, Watch,
    },
    model::commit::CommitId,
    seam::{environment::Environment, http::Url},
};
use fullsend_testkit::forge::{
    Actor, Edit, Expected, Forge as Server, Mishap, Opening, Repository, Told, When,
};

const TOKEN: &str = "ghp_hunter2";
const BRANCH: &str = "fullsend/enroll";

/// A GitHub with an owner `acme`, and whom its first token is of.
struct Stage {
    server: Server,
    github: Arc<dyn Forge>,
}

impl Stage {
    fn new() -> Self {
        Self::of(Actor::user("fullsend"), Told::Scopes)
    }

    fn of(actor: Actor, told: Told) -> Self {
        let server = Server::github("acme");
        server.with(|store| store.grant(TOKEN, actor, told));
        let github = connect(&server, &[("GITHUB_TOKEN", TOKEN)]);
        Self { server, github }
    }

    /// One that lets nobody through to GraphQL, as some proxies do.
    fn closed(actor: Actor) -> Self {
        let stage = Self::of(actor, Told::Scopes);
        let graphql = |call: &fullsend_testkit::forge::Call| call.path == "/graphql";
        let when = When::Where(Box::new(graphql));
        stage.server.faults(when, Mishap::status(404), u32::MAX);
        stage
    }

    /// A repository with a README.
    fn add(&self, name: &str) -> u64 {
        let readme = Edit::file("README.md", "hello\n");
        self.server.add(Repository::new(name), &[readme])
    }

    /// One repository as it is now, whatever is watched in it.
    async fn look(&self, name: &str, watch: &Watch) -> forge::Seen {
        let seen = self.github.look(&[name.to_owned()], watch).await.unwrap();
        seen.into_iter().next().unwrap().unwrap()
    }

    /// One repository, and the commit that its default branch is at.
    async fn repository(&self, name: &str) -> (Seen, CommitId) {
        let seen = self.look(name, &Watch::default()).await;
        (seen.repository, seen.head.unwrap())
    }

    /// The operations that were asked for since the last time.
    fn operations(&self) -> Vec<String> {
        let calls = self.server.calls();
        self.server.clear_calls();
        let operations = calls.iter().flat_map(|call| call.nature.operations.clone());
        operations.collect()
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
        self.github.propose(&proposal).await
    }
}

/// The owner of a server, as whom `variables` name.
fn connect(server: &Server, variables: &[(&str, &str)]) -> Arc<dyn Forge> {
    let site = Site {
        place: FleetForge::GitHub {
            owner: "acme".to_owned(),
            url: "https://github.com".to_owned(),
        },
        api: Some(Url::parse(&server.url("")).unwrap()),
        insecure_hosts: Vec::new(),
        offline: None,
    };
    let environment: Environment = variables.iter().copied().collect();
    // Without the second between writes that GitHub's own limits ask for.
    let governor = Arc::new(Governor::new(Limits::GITLAB));
    forge::connect(&site, &environment, governor).unwrap()
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

fn commit_id(id: fullsend_testkit::forge::Oid) -> CommitId {
    id.to_string().parse().unwrap()
}

/// What is wrong with something that failed; no error holds the token.
fn refused<T: std::fmt::Debug>(result: Result<T, ForgeError>) -> ForgeError {
    let error = result.unwrap_err();
    assert!(!format!("{error:?} {error}").contains("hunter2"));
    error
}

/// The same where what was to be done may be done.
fn unsure<T: std::fmt::Debug>(result: Result<T, ForgeError>) {
    let error = refused(result);
    assert!(matches!(error.reason(), Reason::Unsure(_)), "{error}");
}
