//! A forge that holds state, and the client that is shown to it.

use std::sync::Arc;

use fullsend::{
    config::FleetForge,
    forge::{self, Forge, ForgeError, Governor, Limits, Repository as Told, Seen, Site, Watch},
    model::commit::CommitId,
    seam::{environment::Environment, http::Url},
};
use fullsend_testkit::forge::{Edit, Forge as Server, Oid, Repository};

/// A forge with an owner `acme`, and a client of it.
pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) forge: Arc<dyn Forge>,
}

impl Scene {
    /// A repository with a README.
    pub(crate) fn add(&self, name: &str) -> u64 {
        let readme = Edit::file("README.md", "hello\n");
        self.server.add(Repository::new(name), &[readme])
    }

    /// One repository as it is now, whatever is watched in it.
    pub(crate) async fn look(&self, name: &str, watch: &Watch) -> Seen {
        let seen = self.forge.look(&[name.to_owned()], watch).await.unwrap();
        seen.into_iter().next().unwrap().unwrap()
    }

    /// One repository, and the commit that its default branch is at.
    pub(crate) async fn repository(&self, name: &str) -> (Told, CommitId) {
        let seen = self.look(name, &Watch::default()).await;
        (seen.repository, seen.head.unwrap())
    }

    /// The operations that were asked for since the last time.
    pub(crate) fn operations(&self) -> Vec<String> {
        let calls = self.server.calls();
        self.server.clear_calls();
        let operations = calls.iter().flat_map(|call| call.nature.operations.clone());
        operations.collect()
    }
}

/// The repositories of `place` at the server's API, which is at the path `api`, as whom `variables`
/// name.
pub(crate) fn connect(
    server: &Server,
    place: FleetForge,
    api: &str,
    variables: &[(&str, &str)],
) -> Arc<dyn Forge> {
    let site = Site {
        place,
        api: Some(Url::parse(&server.url(api)).unwrap()),
        insecure_hosts: Vec::new(),
        offline: None,
    };
    let environment: Environment = variables.iter().copied().collect();
    // Without the second between writes that GitHub's own limits ask for.
    let governor = Arc::new(Governor::new(Limits::GITLAB));
    forge::connect(&site, &environment, governor).unwrap()
}

pub(crate) fn commit_id(id: Oid) -> CommitId {
    id.to_string().parse().unwrap()
}

/// What is wrong with something that failed; no error holds the token.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, ForgeError>) -> ForgeError {
    let error = result.unwrap_err();
    assert!(!format!("{error:?} {error}").contains("hunter2"));
    error
}
