//! GitLab runner's config.toml, and the Helm values that hold one.

use serde::Serialize;

use super::{Context, Template};

/// What config.toml depends on.
#[derive(Clone, Debug, Serialize)]
pub struct RunnerConfig {
    /// Where the file lies in the repository; for its own instructions.
    pub path: String,
    /// GitLab's address.
    pub url: String,
    /// `docker`, `shell` or `kubernetes`.
    pub executor: String,
    /// `rootful`, `userns-remap` or `rootless-podman`.
    pub daemon: String,
    /// The address of the container runtime, where it is not the default.
    pub socket: Option<String>,
    /// How many jobs run at once.
    pub concurrent: u32,
    /// How many of each class.
    pub jobs: u32,
    /// Variables of every job, `NAME=value`.
    pub environment: Vec<String>,
    /// `always` or `if-not-present`.
    pub pull_policy: String,
    /// The namespace of the jobs' pods.
    pub namespace: String,
    /// Secrets for pulling the agents' images.
    pub pull_secrets: Vec<String>,
    /// The account of the jobs' pods; its token is not mounted.
    pub service_account: Option<String>,
    /// The runtime class of the jobs' pods.
    pub runtime_class: Option<String>,
    /// The user and group of the jobs' pods.
    pub uid: u32,
    /// Whether the jobs' pods get a user namespace.
    pub user_namespaces: bool,
    /// One for each class of agents.
    pub runners: Vec<RunnerClass>,
    /// Whether the chart writes the rest of the file.
    pub helm: bool,
}

/// The runner of one class of agents.
#[derive(Clone, Debug, Serialize)]
pub struct RunnerClass {
    /// Its name in GitLab's list and in logs.
    pub name: String,
    /// The tag that its jobs name.
    pub tag: String,
    /// The variable that its token is taken from.
    pub token: String,
    /// The image of jobs that name none.
    pub image: Option<String>,
    /// The images that may run, as patterns with digests.
    pub allowed_images: Vec<String>,
    /// Memory in docker's spelling.
    pub memory: String,
    /// Memory in Kubernetes' spelling.
    pub kubernetes_memory: String,
    /// Processors.
    pub cpus: String,
    /// The agent's limit, and time for the launch.
    pub timeout_minutes: u64,
}

/// What Helm values of the runner's chart depend on.
#[derive(Clone, Debug, Serialize)]
pub struct HelmValues {
    /// The runner's name.
    pub name: String,
    /// The tag that its jobs name.
    pub tag: String,
    /// The variable that holds the token while it is put into the cluster.
    pub token: String,
    /// The maximum job timeout.
    pub timeout_minutes: u64,
    /// GitLab's address.
    pub url: String,
    /// How many jobs run at once.
    pub concurrent: u32,
    /// The secret that holds the token.
    pub secret: String,
    /// Where the chart is installed and the jobs run: its role holds in no other namespace.
    pub namespace: String,
    /// Secrets for pulling the runner's own image.
    pub manager_pull_secrets: Vec<String>,
    /// The lines of config.toml, filled in already.
    pub config: Vec<String>,
}

/// The same text with what Helm would take for its own refused.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct HelmConfig(pub RunnerConfig);

const SOURCE: &str = include_str!("../../templates/runner/config.toml.j2");

impl Context for RunnerConfig {
    const TEMPLATE: Template = Template {
        name: "runner/config.toml.j2",
        source: SOURCE,
        revision: 2,
    };
}

impl Context for HelmConfig {
    const TEMPLATE: Template = Template {
        name: "helm/config.toml.j2",
        source: SOURCE,
        revision: 1,
    };
}

impl Context for HelmValues {
    const TEMPLATE: Template = Template {
        name: "helm/values.yaml.j2",
        source: include_str!("../../templates/helm/values.yaml.j2"),
        revision: 2,
    };
}
