//! GitLab, from what is asked to what a GitLab that holds state does: every request is held against
//! the parameters and fields that GitLab documents.

mod faults;
mod merge;
mod read;
mod runs;
mod survey;
mod write;

use std::sync::Arc;

use fullsend::{
    config::FleetForge,
    forge::{self, Forge, Governor, Limits, Reason, Repository as Seen, Site, Watch},
    model::commit::CommitId,
    seam::{environment::Environment, http::Url},
};
use fullsend_testkit::forge::{Actor, Edit, Forge as Server, Instance, Repository, Told};

const TOKEN: &str = "glpat-hunter2";

/// A GitLab with a group `acme`, and whom its first token is of.
struct Stage {
    server: Server,
    gitlab: Arc<dyn Forge>,
}

impl Stage {
    fn new() -> Self {
        Self::of(Instance::default(), Actor::user("fullsend"))
    }

    fn of(instance: Instance, actor: Actor) -> Self {
        let server = Server::gitlab_as("acme", instance);
        server.with(|store| store.grant(TOKEN, actor, Told::Scopes));
        let gitlab = connect(&server, "acme");
        Self { server, gitlab }
    }

    /// A repository with a README.
    fn add(&self, name: &str) -> u64 {
        let readme = Edit::file("README.md", "hello\n");
        self.server.add(Repository::new(name), &[readme])
    }

    /// One repository as it is now, whatever is watched in it.
    async fn look(&self, name: &str, watch: &Watch) -> forge::Seen {
        let seen = self.gitlab.look(&[name.to_owned()], watch).await.unwrap();
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
}

/// The group `group` of a server, with the token that [`Stage`] uses.
fn connect(server: &Server, group: &str) -> Arc<dyn Forge> {
    let site = Site {
        place: FleetForge::GitLab {
            group: group.to_owned(),
            url: "https://gitlab.com".to_owned(),
            component_source: None,
        },
        api: Some(Url::parse(&server.url("/api/v4")).unwrap()),
        insecure_hosts: Vec::new(),
        offline: None,
    };
    let environment: Environment = [("GITLAB_TOKEN", TOKEN)].into_iter().collect();
    let governor = Arc::new(Governor::new(Limits::GITLAB));
    forge::connect(&site, &environment, governor).unwrap()
}

/// What the tests watch.
fn watch() -> Watch {
    let paths = [
        ".gitlab-ci.yml",
        "fullsend.yaml",
        "renovate.json",
        ".gitlab/renovate.json",
        ".renovaterc",
        "package.json",
    ];
    Watch {
        paths: paths.map(str::to_owned).to_vec(),
        branch: Some("fullsend/enroll".to_owned()),
        requests: vec!["renovate/".to_owned()],
    }
}

fn commit_id(id: fullsend_testkit::forge::Oid) -> CommitId {
    id.to_string().parse().unwrap()
}

/// What became of something that failed; no error holds the token.
fn reason<T: std::fmt::Debug>(result: Result<T, forge::ForgeError>) -> (String, bool) {
    let error = result.unwrap_err();
    assert!(!format!("{error:?} {error}").contains("hunter2"));
    let is_unsure = matches!(error.reason(), Reason::Unsure(_));
    (error.to_string(), is_unsure)
}
