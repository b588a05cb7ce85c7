//! GitLab, from what is asked to what a GitLab that holds state does: every request is held against
//! the parameters and fields that GitLab documents.

mod faults;
mod merge;
mod read;
mod runs;
mod survey;
mod write;

use std::ops::Deref;

use fullsend::{
    config::FleetForge,
    forge::{ForgeError, Reason, Watch},
};
use fullsend_testkit::forge::{Actor, Forge as Server, Instance, Told};

use crate::support::forge::{self, Scene, commit_id, refused};

const TOKEN: &str = "glpat-hunter2";

/// A GitLab with a group `acme`, and whom its first token is of.
struct Stage(Scene);

impl Deref for Stage {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.0
    }
}

impl Stage {
    fn new() -> Self {
        Self::of(Instance::default(), Actor::user("fullsend"))
    }

    fn of(instance: Instance, actor: Actor) -> Self {
        let server = Server::gitlab_as("acme", instance);
        server.with(|store| store.grant(TOKEN, actor, Told::Scopes));
        let place = FleetForge::GitLab {
            group: "acme".to_owned(),
            url: "https://gitlab.com".to_owned(),
            component_source: None,
        };
        let forge = forge::connect(&server, place, "/api/v4", &[("GITLAB_TOKEN", TOKEN)]);
        Self(Scene { server, forge })
    }
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

/// What became of something that failed, and whether nobody knows it.
fn reason<T: std::fmt::Debug>(result: Result<T, ForgeError>) -> (String, bool) {
    let error = refused(result);
    let is_unsure = matches!(error.reason(), Reason::Unsure(_));
    (error.to_string(), is_unsure)
}
