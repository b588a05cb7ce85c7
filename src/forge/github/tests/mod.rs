//! Over real connections to a server that answers as a test says.

mod app;
mod change;
mod defects;
mod look;
mod merge;
mod rest;
mod runs;
mod server;

use std::sync::Arc;

use serde_json::{Value, json};
use server::{Got, Say, Server};

use super::super::{Forge, ForgeError, Governor, Limits, Repository, Site, Watch, connect};
use crate::{
    config::FleetForge,
    seam::{environment::Environment, http::Url},
};

const HEAD: &str = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
const NEXT: &str = "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2";

/// The repositories of `acme` there, as a token sees them.
fn forge(server: &Server) -> Arc<dyn Forge> {
    forge_with(server, &[("GITHUB_TOKEN", "ghp_hunter2")]).unwrap()
}

fn forge_with(server: &Server, variables: &[(&str, &str)]) -> Result<Arc<dyn Forge>, ForgeError> {
    let api = Url::parse(&server.url()).unwrap();
    connect_to(Some(api), "https://github.com", variables)
}

fn connect_to(
    api: Option<Url>,
    url: &str,
    variables: &[(&str, &str)],
) -> Result<Arc<dyn Forge>, ForgeError> {
    let site = Site {
        place: FleetForge::GitHub {
            owner: "acme".to_owned(),
            url: url.to_owned(),
        },
        api,
        insecure_hosts: Vec::new(),
        offline: None,
    };
    let environment: Environment = variables.iter().copied().collect();
    let governor = Arc::new(Governor::new(Limits::GITLAB));
    connect(&site, &environment, governor)
}

/// Watches everything that can be watched.
fn watch() -> Watch {
    Watch {
        paths: vec!["fullsend.yaml".to_owned(), ".github/a.yml".to_owned()],
        branch: Some("fullsend/enroll".to_owned()),
        requests: vec!["renovate/".to_owned()],
    }
}

/// A repository in GraphQL.
fn node(name: &str) -> Value {
    json!({
        "id": format!("R_{name}"), "name": name, "nameWithOwner": format!("acme/{name}"),
        "isArchived": false, "isDisabled": false, "isLocked": false, "isFork": false,
        "isMirror": false, "visibility": "PRIVATE", "viewerPermission": "WRITE",
        "mergeCommitAllowed": true, "squashMergeAllowed": true, "rebaseMergeAllowed": false,
        "autoMergeAllowed": true, "deleteBranchOnMerge": true, "mergeQueue": null,
        "repositoryTopics": {"nodes": [{"topic": {"name": "agents"}}]},
        "defaultBranchRef": {
            "name": "main",
            "target": {
                "oid": HEAD,
                "f0": {"oid": "c3".repeat(20), "mode": 0o100_644, "size": 12, "type": "blob"},
                "f1": null,
            },
            "refUpdateRule": null,
            "rules": {"nodes": []},
            "compare": null,
        },
        "branch": null,
        "newest": {"nodes": []},
        "open": {"nodes": []},
    })
}

/// A request in GraphQL.
fn pull(number: u64, branch: &str) -> Value {
    json!({
        "id": format!("PR_{number}"), "number": number, "title": "Use it",
        "url": format!("https://github.com/acme/api/pull/{number}"),
        "headRefName": branch, "headRefOid": NEXT, "isCrossRepository": false,
        "state": "OPEN", "isDraft": false,
        "author": {"__typename": "Bot", "login": "fullsend"},
        "mergeable": "MERGEABLE", "mergeStateStatus": "CLEAN",
        "autoMergeRequest": null, "mergeQueueEntry": null,
        "statusCheckRollup": {"state": "SUCCESS"},
    })
}

/// The page of a survey.
fn page(nodes: &[Value], next: Option<&str>) -> Value {
    json!({"repositoryOwner": {"repositories": {
        "pageInfo": {"hasNextPage": next.is_some(), "endCursor": next},
        "nodes": nodes,
    }}})
}

/// A repository as the forge tells it of [`node`].
async fn repository() -> Repository {
    let server = Server::start(|_, _| Say::data(&json!({"r0": node("api")})));
    let names = ["api".to_owned()];
    let mut seen = forge(&server)
        .look(&names, &Watch::default())
        .await
        .unwrap();
    seen.remove(0).unwrap().repository
}
