//! Pipelines that are started by the API.

use gitlab::api::projects::pipelines::{CreatePipeline, Pipelines};
use serde::{Deserialize, de::IgnoredAny};

use super::{
    super::{Begun, Reason, RunsOf},
    GitLab,
};

/// How GitLab calls what is started by the API, and by hand.
const STARTED: [&str; 2] = ["api", "web"];
/// States in which a pipeline has not ended.
const UNDER_WAY: [&str; 6] = [
    "created",
    "waiting_for_resource",
    "preparing",
    "pending",
    "running",
    "scheduled",
];

#[derive(Deserialize)]
struct Told {
    sha: String,
    web_url: String,
    status: String,
    source: Option<String>,
}

impl Told {
    fn is_begun(&self) -> bool {
        let source = self.source.as_deref();
        source.is_some_and(|it| STARTED.contains(&it)) || UNDER_WAY.contains(&&*self.status)
    }
}

impl GitLab {
    /// See [`Forge::begun`](super::super::Forge::begun).
    pub(super) async fn begun_on(&self, of: &RunsOf, branch: &str) -> Result<Vec<Begun>, Reason> {
        let endpoint = Pipelines::builder()
            .project(project(of)?)
            .ref_(branch)
            .build()
            .map_err(|_| Reason::Malformed("a branch has no name"))?;
        let told: Vec<Told> = self.client.find(&endpoint).await?.unwrap_or_default();
        let begun = told.into_iter().filter(Told::is_begun);
        let begun = begun.map(|it| Begun {
            url: it.web_url,
            commit: it.sha.parse().ok(),
        });
        Ok(begun.collect())
    }

    /// See [`Forge::start`](super::super::Forge::start).
    pub(super) async fn start_once(&self, of: &RunsOf, branch: &str) -> Result<(), Reason> {
        let endpoint = CreatePipeline::builder()
            .project(project(of)?)
            .ref_(branch)
            .build()
            .map_err(|_| Reason::Malformed("a branch has no name"))?;
        let _: IgnoredAny = self.client.write(&endpoint).await?;
        Ok(())
    }
}

fn project(of: &RunsOf) -> Result<u64, Reason> {
    let number = of.repository.parse();
    number.map_err(|_| Reason::Malformed("a repository's name is no number"))
}
