//! GitHub's API: octocrab over our transport, GraphQL where it saves requests, REST where GraphQL
//! tells nothing or is closed.

mod answer;
mod auth;
mod batch;
mod change;
mod client;
mod documents;
#[cfg(test)]
mod documents_tests;
mod files;
mod graphql;
mod identity;
mod merge;
mod pull;
mod rest;
mod runs;
mod seen;
mod start;
mod survey;
#[cfg(test)]
mod tests;
mod texts;
mod workflows;

use std::{
    collections::BTreeMap,
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;

use self::{
    auth::{App, Auth},
    client::Client,
    documents::Mutation,
    seen::{Crowd, Sight},
    survey::Looking,
    workflows::Workflows,
};
use super::{
    Begun, Brings, Commit, CommitOf, Entry, FileAt, Forge, ForgeError, Governor, Identity, Merging,
    Proposal, Reason, Refusal, Repository, Request, Run, RunsOf, Seen, Site, Watch,
    transport::{Patience, Transport},
};
use crate::{
    config::FleetForge,
    model::commit::CommitId,
    seam::{
        environment::Environment,
        http::{Url, authority},
    },
};

/// GitHub gives up a question after ten seconds; a merge may take longer.
const PATIENCE: Patience = Patience {
    idle: Duration::from_secs(30),
    deadline: Duration::from_mins(2),
};

/// As an answer says that there is no GraphQL.
const CLOSED: Reason = Reason::Unexpected(Refusal {
    status: 404,
    retry_after: None,
    with_token: true,
});

/// One owner's repositories on a GitHub.
#[derive(Debug)]
struct GitHub {
    host: String,
    owner: String,
    client: Client,
    /// GraphQL was found closed.
    closed: AtomicBool,
    workflows: Workflows,
}

/// The GitHub at `site`, see [`connect`](super::connect).
pub(super) fn connect(
    site: &Site,
    environment: &Environment,
    governor: Arc<Governor>,
) -> Result<Arc<dyn Forge>, ForgeError> {
    let host = site.host(environment);
    let begin = |reason| ForgeError::doing(&host, "begin", reason);
    let FleetForge::GitHub { owner, .. } = &site.place else {
        return Err(begin(Reason::NoToken));
    };
    let api = site.api(environment).map_err(begin)?;
    let app = App::of(environment, owner).map_err(begin)?;
    let auth = match app.filter(|_| site.is_trusted(environment, &api)) {
        Some(app) => Auth::App(Box::new(app)),
        None => Auth::Token(site.token(environment, &api).map_err(begin)?),
    };
    Ok(Arc::new(GitHub::new(
        site,
        environment,
        governor,
        api,
        auth,
    )))
}

impl GitHub {
    fn new(
        site: &Site,
        environment: &Environment,
        governor: Arc<Governor>,
        api: Url,
        auth: Auth,
    ) -> Self {
        let transport = Transport::of(site, environment, governor, PATIENCE);
        Self {
            host: site.host(environment),
            owner: site.owner().to_owned(),
            workflows: Workflows::of(environment, &authority(&api)),
            client: Client::new(api, transport, auth),
            closed: AtomicBool::new(false),
        }
    }

    /// Whether GraphQL is known to be closed.
    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Whether `reason` says that GraphQL is closed, which is then remembered.
    fn closes(&self, reason: &Reason) -> bool {
        let closes = graphql::is_closed(reason);
        if closes {
            self.closed.store(true, Ordering::Relaxed);
        }
        closes
    }

    fn looking(&self) -> Looking<'_> {
        Looking {
            client: &self.client,
            owner: &self.owner,
            writes: self.client.auth().writes_everywhere(),
        }
    }

    fn error(&self, doing: impl Display, reason: Reason) -> ForgeError {
        ForgeError::doing(&self.host, doing, reason)
    }

    fn about(
        &self,
        verb: &str,
        repository: &Repository,
        request: &Request,
        reason: Reason,
    ) -> ForgeError {
        let (name, number) = (&repository.full_name, request.number);
        self.error(format_args!("{verb} request {number} of {name}"), reason)
    }

    async fn all(&self, watch: &Watch) -> Result<Vec<Seen>, Reason> {
        if !self.is_closed() {
            match self.looking().survey(watch).await {
                Err(reason) if self.closes(&reason) => {}
                sights => {
                    let sights = sights?.into_iter().map(Some).collect();
                    let seen = self.uncrowded(sights, watch).await?;
                    return Ok(seen.into_iter().flatten().collect());
                }
            }
        }
        rest::survey(self, watch).await
    }

    async fn some(&self, names: &[String], watch: &Watch) -> Result<Vec<Option<Seen>>, Reason> {
        if !self.is_closed() {
            match self.looking().look(names, watch).await {
                Err(reason) if self.closes(&reason) => {}
                sights => return self.uncrowded(sights?, watch).await,
            }
        }
        rest::look(self, names, watch).await
    }

    /// Whether a repository is still the owner's: the forge leads on to one that was handed to
    /// somebody else.
    fn is_below(&self, full_name: &str) -> bool {
        let owner = full_name.split('/').next();
        owner.is_some_and(|owner| owner.eq_ignore_ascii_case(&self.owner))
    }

    /// With what a crowd of others' requests hid, for which there are more questions.
    async fn uncrowded(
        &self,
        sights: Vec<Option<Sight>>,
        watch: &Watch,
    ) -> Result<Vec<Option<Seen>>, Reason> {
        let mut all = Vec::with_capacity(sights.len());
        for sight in sights {
            let sight = sight.filter(|it| self.is_below(&it.seen.repository.full_name));
            let Some(Sight { mut seen, crowd }) = sight else {
                all.push(None);
                continue;
            };
            if crowd != Crowd::default() {
                rest::uncrowd(self, &mut seen, crowd, watch).await?;
            }
            all.push(Some(seen));
        }
        Ok(all)
    }
}

#[async_trait]
impl Forge for GitHub {
    fn host(&self) -> &str {
        &self.host
    }

    async fn identity(&self) -> Result<Identity, ForgeError> {
        let who = self.who().await;
        who.map_err(|reason| self.error("ask who the token is of", reason))
    }

    async fn survey(&self, watch: &Watch) -> Result<Vec<Seen>, ForgeError> {
        let seen = self.all(watch).await;
        let doing = format_args!("list the repositories of {}", self.owner);
        seen.map_err(|reason| self.error(doing, reason))
    }

    async fn look(&self, names: &[String], watch: &Watch) -> Result<Vec<Option<Seen>>, ForgeError> {
        let seen = self.some(names, watch).await;
        let doing = format_args!("look at repositories of {}", self.owner);
        seen.map_err(|reason| self.error(doing, reason))
    }

    async fn texts(&self, wanted: &[FileAt]) -> Result<Vec<Option<Bytes>>, ForgeError> {
        let texts = self.read(wanted).await;
        texts.map_err(|reason| self.error("read files", reason))
    }

    async fn runs(&self, of: &[RunsOf], since: Timestamp) -> Result<Vec<Vec<Run>>, ForgeError> {
        let runs = self.ended(of, since).await;
        runs.map_err(|reason| self.error("get the runs of workflows", reason))
    }

    async fn files(
        &self,
        of: &[CommitOf],
        paths: &[String],
    ) -> Result<Vec<Option<BTreeMap<String, Entry>>>, ForgeError> {
        let files = self.files_at(of, paths).await;
        files.map_err(|reason| self.error("read files of commits", reason))
    }

    async fn begun(&self, of: &RunsOf, branch: &str) -> Result<Vec<Begun>, ForgeError> {
        let begun = self.begun_on(of, branch).await;
        let doing = format_args!("get the runs of {} of {}", of.workflow, of.full_name);
        begun.map_err(|reason| self.error(doing, reason))
    }

    async fn start(&self, of: &RunsOf, branch: &str) -> Result<(), ForgeError> {
        let started = self.start_once(of, branch).await;
        let doing = format_args!("start {} of {}", of.workflow, of.full_name);
        started.map_err(|reason| self.error(doing, reason))
    }

    async fn propose(&self, proposal: &Proposal) -> Result<Request, ForgeError> {
        let request = self.propose_once(proposal).await;
        let name = &proposal.repository.full_name;
        request.map_err(|reason| self.error(format_args!("open a request in {name}"), reason))
    }

    async fn commit(&self, commit: &Commit) -> Result<CommitId, ForgeError> {
        let made = self.commit_once(commit).await;
        let (branch, name) = (commit.branch, &commit.repository.full_name);
        let doing = format_args!("commit to {branch} of {name}");
        made.map_err(|reason| self.error(doing, reason))
    }

    async fn create_branch(
        &self,
        repository: &Repository,
        name: &str,
        at: &CommitId,
    ) -> Result<(), ForgeError> {
        let made = self.branch_once(repository, name, at).await;
        let doing = format_args!("make the branch {name} of {}", repository.full_name);
        made.map_err(|reason| self.error(doing, reason))
    }

    async fn open(
        &self,
        repository: &Repository,
        branch: &str,
        title: &str,
        body: &str,
    ) -> Result<Request, ForgeError> {
        let request = self.open_once(repository, branch, title, body).await;
        let doing = format_args!("open the request of {branch} in {}", repository.full_name);
        request.map_err(|reason| self.error(doing, reason))
    }

    async fn reopen(&self, repository: &Repository, request: &Request) -> Result<(), ForgeError> {
        let mutation = (Mutation::ReopenRequest, json!({}));
        let by_rest = json!({"state": "open"});
        let done = self.change_request((repository, request), mutation, by_rest);
        done.await
            .map_err(|reason| self.about("reopen", repository, request, reason))
    }

    async fn describe(
        &self,
        repository: &Repository,
        request: &Request,
        title: &str,
        body: &str,
    ) -> Result<(), ForgeError> {
        let text = json!({"title": title, "body": body});
        let mutation = (Mutation::UpdateRequest, text.clone());
        let done = self.change_request((repository, request), mutation, text);
        done.await
            .map_err(|reason| self.about("describe", repository, request, reason))
    }

    async fn close(&self, repository: &Repository, request: &Request) -> Result<(), ForgeError> {
        let mutation = (Mutation::CloseRequest, json!({}));
        let by_rest = json!({"state": "closed"});
        let done = self.change_request((repository, request), mutation, by_rest);
        done.await
            .map_err(|reason| self.about("close", repository, request, reason))
    }

    async fn delete_branch(
        &self,
        repository: &Repository,
        name: &str,
        head: &CommitId,
    ) -> Result<(), ForgeError> {
        let done = self.delete_once(repository, name, head).await;
        let doing = format_args!("delete the branch {name} of {}", repository.full_name);
        done.map_err(|reason| self.error(doing, reason))
    }

    async fn brings(
        &self,
        repository: &Repository,
        request: &Request,
    ) -> Result<Brings, ForgeError> {
        let brings = self.brings_now(repository, request).await;
        brings.map_err(|reason| self.about("look at", repository, request, reason))
    }

    async fn merge(
        &self,
        repository: &Repository,
        request: &Request,
        head: &CommitId,
    ) -> Result<Merging, ForgeError> {
        let merging = self.merge_once(repository, request, head).await;
        merging.map_err(|reason| self.about("merge", repository, request, reason))
    }
}
