//! The workflow that runs one agent on GitHub.

use serde::Serialize;

use super::{Context, Template};

/// What the workflow of one agent depends on.
#[derive(Clone, Debug, Serialize)]
pub struct GithubWorkflow {
    /// Names the workflow, its check run, its artifact and its concurrency group.
    pub agent: String,
    /// Which events start it; the names of GitHub.
    pub events: Vec<String>,
    /// When it is started by the clock.
    pub cron: Option<String>,
    /// The label that starts it on an issue or a pull request, in place of their being opened.
    pub label: Option<String>,
    /// What a comment has to begin with.
    pub command: Option<String>,
    /// Whose content starts it: a JSON list of author associations.
    pub trust: String,
    /// The account that the agent writes as, if that is no bot; its comments start nothing.
    pub login: Option<String>,
    /// What the job's token may do.
    pub permissions: Vec<Permission>,
    /// The environment that guards the secrets; always there where there are secrets.
    pub environment: Option<String>,
    /// Variables of the agent that are secrets of the repository or the environment.
    pub secrets: Vec<String>,
    /// Variables of the agent that are no secrets.
    pub variables: Vec<String>,
    /// Variables of the agent that hold the job's own token.
    pub tokens: Vec<String>,
    /// The labels of the runner.
    pub runner: Vec<String>,
    /// Whether these are the owner's own machines.
    pub self_hosted: bool,
    /// The agent's limit and the time that its launch takes.
    pub timeout_minutes: u64,
    /// Which files the agent works on.
    pub checkout: Checkout,
    /// Whether a new run ends the one before it.
    pub cancel: bool,
    /// Whether a second job shows in its name how the sandbox ended.
    pub outcome_job: bool,
    /// The configuration file, if it is not found by itself.
    pub config: Option<String>,
}

/// What the job's token may do.
#[derive(Clone, Debug, Serialize)]
pub struct Permission {
    /// The scope: `issues`.
    pub scope: String,
    /// `read` or `write`.
    pub access: String,
    /// Why, for who reviews the file.
    pub why: &'static str,
}

/// Which files the agent works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Checkout {
    /// Those of the event's own commit: for a comment or a `pull_request_target`, the base.
    Base,
    /// Those of the pull request, beside the base, which alone decides about the policy.
    Head,
    /// None.
    None,
}

impl Context for GithubWorkflow {
    const TEMPLATE: Template = Template {
        name: "github/workflow.yml.j2",
        source: include_str!("../../templates/github/workflow.yml.j2"),
        revision: 2,
    };
}
