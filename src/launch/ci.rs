//! The CI job around a run: what the report says of it, and the markers in its log.

use crate::{
    checkout::Platform,
    report::{github, gitlab, run::CiJob},
    seam::environment::Environment,
};

/// The job for the report.
pub(super) fn job(environment: &Environment) -> CiJob {
    let get = |name: &str| environment.get(name);
    match Platform::detect(environment) {
        None => CiJob::default(),
        Some(Platform::GitHub) => {
            let parts = (
                get("GITHUB_SERVER_URL"),
                get("GITHUB_REPOSITORY"),
                get("GITHUB_RUN_ID"),
            );
            let run_url = match parts {
                (Some(server), Some(repository), Some(run)) => {
                    Some(format!("{server}/{repository}/actions/runs/{run}"))
                }
                _ => None,
            };
            CiJob {
                provider: Some("github".to_owned()),
                run_url,
            }
        }
        Some(Platform::GitLab) => CiJob {
            provider: Some("gitlab".to_owned()),
            run_url: get("CI_JOB_URL").map(str::to_owned),
        },
    }
}

/// The markers around the steps before the agent, and around the agent's output.
#[derive(Debug)]
pub(super) struct Markers {
    platform: Option<Platform>,
    section: String,
    /// Ends the ban on workflow commands; none where there is no ban.
    token: Option<String>,
}

impl Markers {
    pub(super) fn new(platform: Option<Platform>, run: &str, allow_commands: bool) -> Self {
        let banned = platform == Some(Platform::GitHub) && !allow_commands;
        Self {
            platform,
            section: format!("fullsend_{}", run.replace('-', "")),
            token: banned.then(|| uuid::Uuid::new_v4().simple().to_string()),
        }
    }

    pub(super) fn preparation_begins(&self, title: &str, now: i64) -> String {
        match self.platform {
            None => String::new(),
            Some(Platform::GitHub) => github::group(title),
            Some(Platform::GitLab) => gitlab::section_start(&self.section, title, now),
        }
    }

    pub(super) fn preparation_ends(&self, now: i64) -> String {
        match self.platform {
            None => String::new(),
            Some(Platform::GitHub) => github::END_GROUP.to_owned(),
            Some(Platform::GitLab) => gitlab::section_end(&self.section, now),
        }
    }

    pub(super) fn agent_begins(&self) -> String {
        self.token
            .as_deref()
            .map(github::stop_commands)
            .unwrap_or_default()
    }

    pub(super) fn agent_ends(&self) -> String {
        self.token
            .as_deref()
            .map(github::resume_commands)
            .unwrap_or_default()
    }

    /// Whether section markers in the agent's output would fold the job's log.
    pub(super) fn filters_sections(&self) -> bool {
        self.platform == Some(Platform::GitLab)
    }
}
