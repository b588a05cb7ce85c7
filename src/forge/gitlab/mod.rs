//! GitLab's API: REST by the endpoints of the crate `gitlab`, GraphQL by documents of our own, both
//! over our transport.
//!
//! What a fleet asks, of `n` projects: a survey takes `n/100` calls of REST and `n/100` of GraphQL
//! (more where an instance allows less in one document), and one more for each project that has the
//! watched branch; a proposal takes one read and two writes.

mod branch;
mod client;
mod component;
mod files;
mod graphql;
mod identity;
mod merge;
mod paging;
mod place;
mod project;
mod propose;
mod refusal;
mod request;
mod runs;
mod sandbox;
mod start;
mod survey;
mod texts;
mod watched;
mod write;

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use gitlab::api::projects::merge_requests::MergeRequestStateEvent;
use jiff::Timestamp;

use self::{
    client::Client,
    graphql::{Batch, Lacking},
    place::Place,
    write::{Making, number},
};
use super::{
    Begun, Brings, Commit, CommitOf, Entry, FileAt, Forge, ForgeError, Governor, Identity, Merging,
    Proposal, Reason, Repository, Request, Run, RunsOf, Seen, Site, Watch,
    transport::{Patience, Transport},
};
use crate::{
    model::{commit::CommitId, text::shortened},
    seam::environment::Environment,
};

/// GitLab ends its own work after 30 s or 60 s.
const PATIENCE: Patience = Patience {
    idle: Duration::from_secs(75),
    deadline: Duration::from_mins(3),
};
/// Projects of one document, as many as a page has.
const PROJECTS: usize = 100;
/// The most of a name that an error repeats.
const NAME: usize = 120;

/// A group of a GitLab.
#[derive(Debug)]
pub(super) struct GitLab {
    client: Client,
    host: String,
    group: String,
    lacking: Lacking,
    /// Projects of a document that tells what is watched,
    projects: Batch,
    /// of one that tells their runs,
    pipelines: Batch,
    /// and files of one that tells their texts.
    texts: Batch,
}

/// The group at `site`, see [`connect`](super::connect).
pub(super) fn connect(
    site: &Site,
    environment: &Environment,
    governor: Arc<Governor>,
) -> Result<Arc<dyn Forge>, ForgeError> {
    let host = site.host(environment);
    let begin = |reason| ForgeError::doing(&host, "begin", reason);
    let api = site.api(environment).map_err(begin)?;
    let place = Place::of(&api).map_err(begin)?;
    let credential = place::credential(environment, site, &api).map_err(begin)?;
    let transport = Transport::of(site, environment, governor, PATIENCE);
    Ok(Arc::new(GitLab {
        group: site.owner().to_owned(),
        host,
        client: Client::new(place, transport, credential),
        lacking: Lacking::default(),
        projects: Batch::of(PROJECTS),
        pipelines: Batch::of(runs::PROJECTS),
        texts: Batch::of(texts::AT_ONCE),
    }))
}

impl GitLab {
    /// The error of something that was to be done.
    fn failed(&self, what: impl fmt::Display, reason: Reason) -> ForgeError {
        ForgeError::doing(&self.host, what, reason)
    }

    /// The same, of something that a stranger may have named.
    fn of(&self, doing: &str, name: &str, reason: Reason) -> ForgeError {
        self.failed(format_args!("{doing} {}", shortened(name, NAME)), reason)
    }

    fn about(&self, doing: &str, repository: &Repository, reason: Reason) -> ForgeError {
        self.of(doing, &repository.full_name, reason)
    }

    /// A commit onto a branch that must be at its parent.
    async fn add_commit(&self, commit: &Commit<'_>) -> Result<CommitId, Reason> {
        let project = number(commit.repository)?;
        let tip = branch::tip(&self.client, project, commit.branch).await?;
        if tip.is_none_or(|tip| tip.commit.id != commit.parent.as_str()) {
            return Err(Reason::Moved);
        }
        let made = self.make(Making {
            project,
            branch: commit.branch,
            parent: commit.parent,
            is_new_branch: false,
            changes: commit.changes,
            message: commit.message.text(),
        });
        let made = made.await?;
        self.check_signature(commit.repository, &made).await?;
        Ok(made)
    }
}

#[async_trait]
impl Forge for GitLab {
    fn host(&self) -> &str {
        &self.host
    }

    async fn identity(&self) -> Result<Identity, ForgeError> {
        let identity = identity::identity(&self.client).await;
        identity.map_err(|reason| self.failed("ask who we are", reason))
    }

    async fn survey(&self, watch: &Watch) -> Result<Vec<Seen>, ForgeError> {
        let seen = self.see_all(watch).await;
        let what = format_args!("read the projects of {}", self.group);
        seen.map_err(|reason| self.failed(what, reason))
    }

    async fn look(&self, names: &[String], watch: &Watch) -> Result<Vec<Option<Seen>>, ForgeError> {
        let seen = self.see_some(names, watch).await;
        seen.map_err(|reason| self.failed(some(names, &self.group), reason))
    }

    async fn texts(&self, wanted: &[FileAt]) -> Result<Vec<Option<Bytes>>, ForgeError> {
        let texts = self.read(wanted).await;
        texts.map_err(|reason| self.failed(format_args!("read files of {}", self.group), reason))
    }

    async fn runs(&self, of: &[RunsOf], since: Timestamp) -> Result<Vec<Vec<Run>>, ForgeError> {
        let runs = self.see_runs(of, since).await;
        runs.map_err(|reason| {
            self.failed(format_args!("read the pipelines of {}", self.group), reason)
        })
    }

    async fn files(
        &self,
        of: &[CommitOf],
        paths: &[String],
    ) -> Result<Vec<Option<BTreeMap<String, Entry>>>, ForgeError> {
        let files = self.files_at(of, paths).await;
        let what = format_args!("read files of commits of {}", self.group);
        files.map_err(|reason| self.failed(what, reason))
    }

    async fn begun(&self, of: &RunsOf, branch: &str) -> Result<Vec<Begun>, ForgeError> {
        let begun = self.begun_on(of, branch).await;
        begun.map_err(|reason| self.of("read the pipelines of", &of.full_name, reason))
    }

    async fn start(&self, of: &RunsOf, branch: &str) -> Result<(), ForgeError> {
        let started = self.start_once(of, branch).await;
        started.map_err(|reason| self.of("start a pipeline of", &of.full_name, reason))
    }

    async fn offers(&self, component_source: &str, tag: &str) -> Result<bool, ForgeError> {
        let offers = self.has_components(component_source, tag).await;
        offers.map_err(|reason| self.of("read the components of", component_source, reason))
    }

    async fn propose(&self, proposal: &Proposal) -> Result<Request, ForgeError> {
        let made = self.make_proposal(proposal).await;
        made.map_err(|reason| self.about("propose a change to", proposal.repository, reason))
    }

    async fn commit(&self, commit: &Commit) -> Result<CommitId, ForgeError> {
        let made = self.add_commit(commit).await;
        made.map_err(|reason| self.about("commit to a branch of", commit.repository, reason))
    }

    async fn create_branch(
        &self,
        repository: &Repository,
        name: &str,
        at: &CommitId,
    ) -> Result<(), ForgeError> {
        let made = match number(repository) {
            Ok(project) => self.make_branch(project, name, at).await,
            Err(reason) => Err(reason),
        };
        made.map_err(|reason| self.about("make a branch of", repository, reason))
    }

    async fn open(
        &self,
        repository: &Repository,
        branch: &str,
        title: &str,
        body: &str,
    ) -> Result<Request, ForgeError> {
        let made = self.make_request(repository, branch, title, body).await;
        made.map_err(|reason| self.about("open a merge request of", repository, reason))
    }

    async fn reopen(&self, repository: &Repository, request: &Request) -> Result<(), ForgeError> {
        let event = MergeRequestStateEvent::Reopen;
        let turned = self.turn(repository, request, event).await;
        turned.map_err(|reason| self.about("open a merge request again of", repository, reason))
    }

    async fn describe(
        &self,
        repository: &Repository,
        request: &Request,
        title: &str,
        body: &str,
    ) -> Result<(), ForgeError> {
        let done = self.rewrite(repository, request, title, body).await;
        done.map_err(|reason| self.about("describe a merge request of", repository, reason))
    }

    async fn close(&self, repository: &Repository, request: &Request) -> Result<(), ForgeError> {
        let event = MergeRequestStateEvent::Close;
        let turned = self.turn(repository, request, event).await;
        turned.map_err(|reason| self.about("close a merge request of", repository, reason))
    }

    async fn delete_branch(
        &self,
        repository: &Repository,
        name: &str,
        head: &CommitId,
    ) -> Result<(), ForgeError> {
        let gone = match number(repository) {
            Ok(project) => self.remove_branch(project, name, head).await,
            Err(reason) => Err(reason),
        };
        gone.map_err(|reason| self.about("delete a branch of", repository, reason))
    }

    async fn brings(
        &self,
        repository: &Repository,
        request: &Request,
    ) -> Result<Brings, ForgeError> {
        let brings = self.brings_now(repository, request).await;
        brings.map_err(|reason| self.about("look at a merge request of", repository, reason))
    }

    async fn merge(
        &self,
        repository: &Repository,
        request: &Request,
        head: &CommitId,
    ) -> Result<Merging, ForgeError> {
        let merged = self.have_merged(repository, request, head).await;
        merged.map_err(|reason| self.about("merge a merge request of", repository, reason))
    }
}

/// What is asked about these projects of `group`, for messages.
fn some(names: &[String], group: &str) -> String {
    match names {
        [one] => format!("read {group}/{}", shortened(one, NAME)),
        _ => format!("read {} projects of {group}", names.len()),
    }
}
