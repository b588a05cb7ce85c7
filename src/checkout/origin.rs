//! Whose policy counts: the checkout's, or that of the commit which a stranger's change is made to.

use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use super::platform::{self, Platform};
use crate::{
    model::commit::CommitId,
    seam::{environment::Environment, files::FileError},
};

/// Where fullsend.yaml and the files that it names are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PolicyOrigin {
    /// What is checked out was written by people who may write to the repository.
    Checkout,
    /// What is checked out may be a stranger's; this was there before.
    Base {
        /// The commit.
        commit: CommitId,
        /// The branch that it is the tip of, for people.
        name: String,
    },
    /// What is checked out may be a stranger's, and nothing says what was there before.
    Unknown(String),
}

/// Events that only people who may write to the repository bring about.
const MEMBERS_EVENTS: [&str; 6] = [
    "merge_group",
    "push",
    "release",
    "repository_dispatch",
    "schedule",
    "workflow_dispatch",
];

/// Events about a commit that anybody may have written, in jobs that start at the default branch.
const EVENTS_ABOUT_COMMITS: [&str; 3] = ["check_run", "check_suite", "status"];

/// The longest name of a branch that is repeated.
const NAME_BYTES: usize = 255;

#[derive(Deserialize)]
struct GitHubEvent {
    pull_request: Option<PullRequest>,
    issue: Option<Issue>,
    workflow_run: Option<WorkflowRun>,
    repository: Option<Repository>,
}

#[derive(Deserialize)]
struct PullRequest {
    base: Branch,
}

#[derive(Deserialize)]
struct Branch {
    sha: String,
    r#ref: String,
}

#[derive(Deserialize)]
struct Issue {
    pull_request: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct WorkflowRun {
    event: String,
    head_repository: Option<Repository>,
}

#[derive(Deserialize, PartialEq, Eq)]
struct Repository {
    id: u64,
}

/// What a webhook posted to start a GitLab pipeline.
#[derive(Deserialize)]
struct GitLabHook {
    merge_request: Option<IgnoredAny>,
    object_kind: Option<String>,
}

/// Says where the files of the policy of this CI job come from.
pub(super) fn of_policy(environment: &Environment) -> PolicyOrigin {
    decide(environment, platform::event(environment))
}

/// Says it by the CI job's variables and the content of its event.
fn decide(environment: &Environment, event: Result<Option<Vec<u8>>, FileError>) -> PolicyOrigin {
    let decided = match Platform::detect(environment) {
        None => Ok(PolicyOrigin::Checkout),
        Some(Platform::GitHub) => github(environment, event),
        Some(Platform::GitLab) => gitlab(environment, event),
    };
    decided.unwrap_or_else(PolicyOrigin::Unknown)
}

fn github(
    environment: &Environment,
    event: Result<Option<Vec<u8>>, FileError>,
) -> Result<PolicyOrigin, String> {
    let name = environment.get("GITHUB_EVENT_NAME").unwrap_or_default();
    if MEMBERS_EVENTS.contains(&name) {
        return Ok(PolicyOrigin::Checkout);
    }
    // The payload decides, and the event's name only where the payload lacks what it should have:
    // GitHub has many events about pull requests, and its look-alikes have others.
    let event = parse(event)?.ok_or("GITHUB_EVENT_PATH is not set")?;
    let GitHubEvent {
        pull_request,
        issue,
        workflow_run,
        repository,
    } = event;
    if let Some(PullRequest { base }) = pull_request {
        // Not GITHUB_SHA, which is the merge with the stranger's change.
        return base_at(Some(&base.sha), "pull_request.base.sha", Some(&base.r#ref));
    }
    if name.starts_with("pull_request") {
        return Err(format!("the event `{name}` has no pull_request"));
    }
    if name.starts_with("issue_comment") && issue.is_none() {
        return Err(format!("the event `{name}` has no issue"));
    }
    if name == "workflow_run" && workflow_run.is_none() {
        return Err(format!("the event `{name}` has no workflow_run"));
    }
    if name.starts_with("deployment") {
        return Err(format!(
            "the event `{name}` does not say whether a stranger wrote the commit"
        ));
    }
    let is_comment = issue.is_some_and(|issue| issue.pull_request.is_some());
    let is_about_commit = EVENTS_ABOUT_COMMITS.contains(&name);
    let is_strangers_run = workflow_run.is_some_and(|run| {
        !MEMBERS_EVENTS.contains(&run.event.as_str())
            || run.head_repository.is_none()
            || run.head_repository != repository
    });
    if is_comment || is_about_commit || is_strangers_run {
        // These jobs start at the default branch, whatever they check out later.
        return base_at(
            environment.get("GITHUB_SHA"),
            "GITHUB_SHA",
            environment.get("GITHUB_REF_NAME"),
        );
    }
    Ok(PolicyOrigin::Checkout)
}

fn gitlab(
    environment: &Environment,
    event: Result<Option<Vec<u8>>, FileError>,
) -> Result<PolicyOrigin, String> {
    let get = |name: &str| environment.get(name);
    let source = get("CI_PIPELINE_SOURCE").unwrap_or_default();
    // A child pipeline has a source of its own, and its parent's merge request.
    if source == "merge_request_event" || get("CI_MERGE_REQUEST_IID").is_some() {
        // The target's tip is told where source and target are merged for the pipeline; elsewhere
        // the newest commit that both have stands for it.
        let tip = get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA");
        return base_at(
            tip.or_else(|| get("CI_MERGE_REQUEST_DIFF_BASE_SHA")),
            "CI_MERGE_REQUEST_DIFF_BASE_SHA",
            get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
        );
    }
    if source == "external_pull_request_event" || get("CI_EXTERNAL_PULL_REQUEST_IID").is_some() {
        return base_at(
            get("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA"),
            "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA",
            get("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME"),
        );
    }
    let is_about_change = parse(event)?.is_some_and(|hook: GitLabHook| {
        hook.merge_request.is_some() || hook.object_kind.as_deref() == Some("merge_request")
    });
    if is_about_change {
        // Whoever set up the webhook chose the branch that such a job starts at.
        return base_at(
            get("CI_COMMIT_SHA"),
            "CI_COMMIT_SHA",
            get("CI_COMMIT_REF_NAME"),
        );
    }
    Ok(PolicyOrigin::Checkout)
}

fn base_at(commit: Option<&str>, place: &str, name: Option<&str>) -> Result<PolicyOrigin, String> {
    let commit = commit.ok_or_else(|| format!("{place} is not set"))?;
    let commit = commit
        .parse()
        .map_err(|error| format!("{place} is {error}"))?;
    let is_plain = |name: &&str| {
        let is_sane = |character: char| !character.is_control() && !character.is_whitespace();
        (1..=NAME_BYTES).contains(&name.len()) && name.chars().all(is_sane)
    };
    Ok(PolicyOrigin::Base {
        commit,
        name: name.filter(is_plain).unwrap_or("base").to_owned(),
    })
}

fn parse<T: DeserializeOwned>(
    event: Result<Option<Vec<u8>>, FileError>,
) -> Result<Option<T>, String> {
    let bytes = event.map_err(|error| format!("the CI event cannot be had: {error}"))?;
    let parsed = bytes.map(|bytes| serde_json::from_slice(&bytes));
    // What is wrong with it could repeat its content, which is a stranger's.
    let parsed = parsed.transpose();
    parsed.map_err(|_| "the CI event is not the JSON that the platform writes".to_owned())
}
