//! The workflow that builds, tests, signs and publishes an agent's image on GitHub.

use serde::Serialize;

use super::{Context, Template};

/// What the pipeline of one image depends on.
#[derive(Clone, Debug, Serialize)]
pub struct GithubImagePipeline {
    /// Where the image is published: registry and path, without a tag.
    pub image: String,
    /// The registry's host, to log in to.
    pub registry: String,
    /// Whether the job's own token is good for that registry: GitHub's.
    pub own_registry: bool,
    /// The environment that publishing happens in, and that holds another registry's secrets.
    pub environment: Option<String>,
    /// The branch whose commits are published as `main-<sha>`.
    pub branch: String,
    /// The folder that is built.
    pub context: String,
    /// The Dockerfile.
    pub dockerfile: String,
    /// What is built, each on a machine of its own.
    pub platforms: Vec<PlatformBuild>,
    /// Whether any of them is emulated.
    pub emulated: bool,
    /// The machine that publishes.
    pub runner: String,
    /// A local registry for the smoke test: a whole reference with its digest.
    pub test_registry: String,
    /// What the image is tested with besides `true` and its user: the words of a command, each as
    /// an argument of its own.
    pub version_command: Vec<String>,
    /// From which severity on a known vulnerability ends the build.
    pub severity: String,
    /// Whether what the scan finds also goes to code scanning.
    pub code_scanning: bool,
    /// This workflow's own path, which is part of the identity that signs.
    pub path: String,
}

/// The build for one platform.
#[derive(Clone, Debug, Serialize)]
pub struct PlatformBuild {
    /// Names the job and its files: `amd64`.
    pub name: String,
    /// `linux/amd64`.
    pub platform: String,
    /// The machine that builds and tests it.
    pub runner: String,
}

impl Context for GithubImagePipeline {
    const TEMPLATE: Template = Template {
        name: "github/image-pipeline.yml.j2",
        source: include_str!("../../templates/github/image-pipeline.yml.j2"),
        revision: 2,
    };
}
