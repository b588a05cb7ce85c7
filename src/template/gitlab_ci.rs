//! The jobs that run one agent on GitLab.

use serde::Serialize;

use super::{Context, Template};

/// What the jobs of one agent depend on.
#[derive(Clone, Debug, Serialize)]
pub struct GitlabCi {
    /// Names the jobs, their artifact and their resource group.
    pub agent: String,
    /// Where the file lies: the job that verifies reads the agent's image from it.
    pub path: String,
    /// Which pipelines start it; the names of GitLab.
    pub events: Vec<String>,
    /// Whether merge requests of forks start it too.
    pub forks: bool,
    /// The stage of the jobs.
    pub stage: String,
    /// An account that starts nothing, besides those that GitLab names as bots.
    pub login: Option<String>,
    /// The tags of the runner.
    pub tags: Vec<String>,
    /// The tags of the runner that verifies the image of [`GitlabCi::sandbox`].
    pub verify_tags: Vec<String>,
    /// The image that the job runs in, with its digest; nothing where `exec` launches it.
    pub sandbox: Option<String>,
    /// The image in which that one is verified.
    pub tools_image: String,
    /// What runs inside the image.
    pub command: Vec<String>,
    /// The release of fullsend that is installed; nothing where the runner has one.
    pub cli: Option<Cli>,
    /// The environment whose variables the job may read.
    pub environment: Option<String>,
    /// The tokens by which the job shows who it is.
    pub id_tokens: Vec<IdToken>,
    /// The agent's limit and the time that its launch takes.
    pub timeout_minutes: u64,
    /// Whether a newer pipeline ends it.
    pub cancel: bool,
    /// The configuration file, if it is not found by itself.
    pub config: Option<String>,
}

/// A release of fullsend.
#[derive(Clone, Debug, Serialize)]
pub struct Cli {
    /// The version, without its `v`.
    pub version: String,
    /// The folder of all releases.
    pub url: String,
    /// The builds whose checksums are known.
    pub builds: Vec<CliBuild>,
}

/// A build of fullsend.
#[derive(Clone, Debug, Serialize)]
pub struct CliBuild {
    /// What `uname -m` says.
    pub machine: &'static str,
    /// What the release calls it.
    pub arch: &'static str,
    /// The SHA-256 of the program.
    pub sha256: String,
}

/// An ID token.
#[derive(Clone, Debug, Serialize)]
pub struct IdToken {
    /// The variable that holds it.
    pub name: String,
    /// Whom it is for.
    pub audience: String,
}

impl Context for GitlabCi {
    const TEMPLATE: Template = Template {
        name: "gitlab/ci.yml.j2",
        source: include_str!("../../templates/gitlab/ci.yml.j2"),
        revision: 2,
    };
}
