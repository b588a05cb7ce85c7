//! Runs that are started by the API: only REST can, and only REST tells of one workflow's newest.

use serde::Deserialize;
use serde_json::json;

use super::{
    super::{Begun, Reason, RunsOf},
    GitHub, answer,
    change::EDIT,
    client::Call,
    runs::{escaped, workflow_path},
};
use crate::seam::http::Method;

/// Runs that are looked through.
const NEWEST: usize = 30;

#[derive(Deserialize)]
struct Runs {
    workflow_runs: Vec<Told>,
}

#[derive(Deserialize)]
struct Told {
    html_url: String,
    head_sha: String,
    event: String,
    status: Option<String>,
}

impl Told {
    fn is_begun(&self) -> bool {
        self.event == "workflow_dispatch" || self.status.as_deref() != Some("completed")
    }
}

impl GitHub {
    /// See [`Forge::begun`](super::super::Forge::begun).
    pub(super) async fn begun_on(&self, of: &RunsOf, branch: &str) -> Result<Vec<Begun>, Reason> {
        let path = workflow_path(&of.full_name, &of.workflow);
        let path = format!("{path}/runs?branch={}&per_page={NEWEST}", escaped(branch));
        let told: Runs = match answer::read(&self.client.send(&Call::get(path)).await?) {
            Err(Reason::NotFound(_)) => return Ok(Vec::new()),
            told => told?,
        };
        let begun = told.workflow_runs.into_iter().filter(Told::is_begun);
        let begun = begun.map(|it| Begun {
            url: it.html_url,
            commit: it.head_sha.parse().ok(),
        });
        Ok(begun.collect())
    }

    /// See [`Forge::start`](super::super::Forge::start).
    pub(super) async fn start_once(&self, of: &RunsOf, branch: &str) -> Result<(), Reason> {
        let path = workflow_path(&of.full_name, &of.workflow) + "/dispatches";
        let call = Call::write(Method::POST, path, json!({"ref": branch}), EDIT);
        answer::done(&self.client.send(&call).await?)
    }
}
