//! What fullsend said of a sandbox in a failed job.

use gitlab::api::projects::jobs::{Job, artifacts::DownloadJobArtifactFile};
use serde::Deserialize;

use super::{
    super::{Reason, SandboxEnd},
    GitLab,
    client::{Manner, read},
};

/// What our jobs leave, see `templates/gitlab`.
const REPORT: &str = "fullsend-report.json";
/// The end of the name of the job that verifies an image and runs nothing.
const VERIFIES: &str = "-verify";
/// A report has a few KiB; what is larger is not ours.
const MAX_REPORT: usize = 1 << 20;

/// A job of ours that failed.
pub(super) struct Failed {
    pub(super) id: u64,
    pub(super) name: String,
}

#[derive(Deserialize)]
struct Report {
    outcome: Outcome,
}

#[derive(Deserialize)]
struct Outcome {
    kind: String,
}

#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    failure_reason: Option<String>,
}

impl GitLab {
    /// What became of the sandbox in these jobs of one run: that of a dead one, where there is one.
    pub(super) async fn sandbox_end(
        &self,
        project: u64,
        failed: &[Failed],
    ) -> Result<Option<SandboxEnd>, Reason> {
        let mut end = None;
        for job in failed {
            match self.end_of(project, job).await? {
                Some(SandboxEnd::Sandbox) => return Ok(Some(SandboxEnd::Sandbox)),
                Some(agent) => end = Some(agent),
                None => {}
            }
        }
        Ok(end)
    }

    /// The report tells; without one, GitLab's own reason may.
    async fn end_of(&self, project: u64, job: &Failed) -> Result<Option<SandboxEnd>, Reason> {
        if let Some(kind) = self.reported(project, job.id).await? {
            return Ok(meaning(&kind));
        }
        let endpoint = Job::builder().project(project).job(job.id).build();
        let endpoint = endpoint.map_err(|_| Reason::Malformed("a job has no number"))?;
        let told: Option<Told> = self.client.find(&endpoint).await?;
        let reason = told.and_then(|told| told.failure_reason);
        Ok(match reason.as_deref() {
            Some("image_pull_failure" | "runner_system_failure") => Some(SandboxEnd::Sandbox),
            // It does nothing but to refuse an image.
            Some("script_failure") if job.name.ends_with(VERIFIES) => Some(SandboxEnd::Sandbox),
            _ => None,
        })
    }

    /// The kind of the outcome that the job's report names; none where it left none that is ours.
    async fn reported(&self, project: u64, job: u64) -> Result<Option<String>, Reason> {
        let endpoint = DownloadJobArtifactFile::builder()
            .project(project)
            .job(job)
            .path(REPORT)
            .build()
            .map_err(|_| Reason::Malformed("a report has no name"))?;
        let report = match self.client.send(&endpoint, Manner::READ).await {
            Ok((report, _)) => report,
            // It expired, or may not be seen, or lies where we do not follow.
            Err(
                Reason::NotFound(_)
                | Reason::Unauthorized(_)
                | Reason::Redirect(_)
                | Reason::Invalid(_)
                | Reason::TooLarge { .. },
            ) => return Ok(None),
            Err(reason) => return Err(reason),
        };
        if report.len() > MAX_REPORT {
            return Ok(None);
        }
        let report: Result<Report, Reason> = read(&report);
        Ok(report.ok().map(|report| report.outcome.kind))
    }
}

/// What an outcome, as reports write it, says of the sandbox.
fn meaning(kind: &str) -> Option<SandboxEnd> {
    match kind {
        "exited" | "signaled" | "oom_descendant" => Some(SandboxEnd::Agent),
        "timeout" | "oom_agent" | "refused" | "launch_failed" | "unknown" => {
            Some(SandboxEnd::Sandbox)
        }
        // Somebody stopped it.
        _ => None,
    }
}
