//! The jobs that build, test, sign and publish an agent's image on GitLab.

use serde::Serialize;

use super::{Context, Template, gitlab_ci::Cli};

/// What the pipeline of one image depends on.
#[derive(Clone, Debug, Serialize)]
pub struct GitlabImagePipeline {
    /// Where the image is published: registry and path, without a tag.
    pub image: String,
    /// The registry's host, to log in to.
    pub registry: String,
    /// The variable that holds the user who may push.
    pub user: String,
    /// The variable that holds that user's password.
    pub password: String,
    /// The environment that publishing happens in.
    pub environment: Option<String>,
    /// The stage in which images are built and tested.
    pub stage: String,
    /// The stage in which they are published.
    pub publish_stage: String,
    /// The folder that is built.
    pub context: String,
    /// The Dockerfile.
    pub dockerfile: String,
    /// What is built, each on a machine of its own.
    pub platforms: Vec<GitlabBuild>,
    /// Whether merge requests of forks are built.
    pub forks: bool,
    /// The tags of the runner that publishes.
    pub publish_tags: Vec<String>,
    /// The image with the tools that build, in which the jobs run; nothing where the runner has
    /// them.
    pub builder: Option<String>,
    /// The release of fullsend that is installed; nothing where the runner or the builder has one.
    pub cli: Option<Cli>,
    /// A local registry for the smoke test: a whole reference with its digest.
    pub test_registry: String,
    /// What the image is tested with besides `true` and its user: the words of a command.
    pub version_command: Vec<String>,
    /// From which severity on a known vulnerability ends the build.
    pub severity: String,
}

/// The build for one platform.
#[derive(Clone, Debug, Serialize)]
pub struct GitlabBuild {
    /// Names the job and its files: `amd64`.
    pub name: String,
    /// `linux/amd64`.
    pub platform: String,
    /// The tags of the runner that builds and tests it.
    pub tags: Vec<String>,
}

impl Context for GitlabImagePipeline {
    const TEMPLATE: Template = Template {
        name: "gitlab/image-pipeline.yml.j2",
        source: include_str!("../../templates/gitlab/image-pipeline.yml.j2"),
        revision: 2,
    };
}
