//! What is in many projects: REST lists them with their settings, GraphQL tells what is watched.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use gitlab::api::{groups::projects::GroupProjects, projects as rest};

use super::{
    super::{BranchRules, Reason, Repository, Request, Seen, Watch},
    GitLab, branch,
    graphql::Failure,
    project::Project,
    request, watched,
    write::number,
};

/// Calls about single projects that are under way at once.
const AT_ONCE: usize = 8;
/// Open requests that are told of a project.
const TOLD: usize = 10;

/// How exactly a branch is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Care {
    /// Only where a watched file or an open request shows that it is there.
    Signs,
    /// Everywhere, by a call for each project.
    Certain,
}

/// The newest request from the watched branch.
#[derive(Default)]
struct Newest {
    request: Option<Request>,
    approvals: u32,
    /// That the branch is there.
    shows_branch: bool,
}

impl GitLab {
    /// Every project of the group.
    pub(super) async fn see_all(&self, watch: &Watch) -> Result<Vec<Seen>, Reason> {
        let endpoint = GroupProjects::builder()
            .group(&self.group)
            .include_subgroups(true)
            .with_shared(false)
            .simple(false)
            .build()
            .map_err(|_| Reason::Malformed("the group has no name"))?;
        let projects: Vec<Project> = self.client.list(&endpoint).await?;
        // A list that is read page by page can hold an entry twice.
        let projects: BTreeMap<u64, Project> = projects.into_iter().map(|it| (it.id, it)).collect();
        let mut seen = self.see(projects, watch, Care::Signs).await?;
        seen.sort_by(|a, b| a.repository.name.cmp(&b.repository.name));
        Ok(seen)
    }

    /// These projects, by their names below the group.
    pub(super) async fn see_some(
        &self,
        names: &[String],
        watch: &Watch,
    ) -> Result<Vec<Option<Seen>>, Reason> {
        let asking: Vec<_> = names.iter().map(|name| self.project(name)).collect();
        let found = stream::iter(asking).buffered(AT_ONCE).try_collect();
        let found: Vec<Option<Project>> = found.await?;
        let ids: Vec<_> = found.iter().map(|it| it.as_ref().map(|it| it.id)).collect();
        let projects = found.into_iter().flatten().map(|it| (it.id, it)).collect();
        let seen = self.see(projects, watch, Care::Certain).await?;
        let seen: BTreeMap<_, _> = seen
            .into_iter()
            .map(|it| (it.repository.id.clone(), it))
            .collect();
        let of = |id: &Option<u64>| seen.get(&(*id)?.to_string()).cloned();
        Ok(ids.iter().map(of).collect())
    }

    /// A project by its name below the group; under its new name where it was renamed.
    async fn project(&self, name: &str) -> Result<Option<Project>, Reason> {
        let path = format!("{}/{name}", self.group);
        let endpoint = rest::Project::builder().project(&path).build();
        let endpoint = endpoint.map_err(|_| Reason::Malformed("a project has no name"))?;
        self.client.find(&endpoint).await
    }

    async fn see(
        &self,
        mut projects: BTreeMap<u64, Project>,
        watch: &Watch,
        care: Care,
    ) -> Result<Vec<Seen>, Reason> {
        let ids: Vec<u64> = projects.keys().copied().collect();
        let told = self.projects.all(&ids, |ids| {
            watched::ask(&self.client, &self.lacking, watch, ids)
        });
        let told = told.await?.into_iter().filter_map(|told| {
            let project = projects.remove(&told.id()?)?;
            Some((project, told))
        });
        let told: Vec<_> = told.collect();
        // GraphQL keeps silent about some that REST lists: they are there, and that is all.
        let bare = projects
            .into_values()
            .filter_map(|it| bare(&it, &self.group));
        let mut all: Vec<_> = bare.collect();
        let asking = told.into_iter();
        let asking = asking.map(|(project, told)| self.complete(project, told, watch, care));
        let asking: Vec<_> = asking.collect();
        let seen = stream::iter(asking).buffered(AT_ONCE).try_collect();
        let seen: Vec<Option<Seen>> = seen.await?;
        all.extend(seen.into_iter().flatten());
        Ok(all)
    }

    /// What REST and GraphQL tell of a project, together; and what only further calls tell.
    async fn complete(
        &self,
        project: Project,
        mut told: watched::Project,
        watch: &Watch,
        care: Care,
    ) -> Result<Option<Seen>, Reason> {
        let Some(mut seen) = bare(&project, &self.group) else {
            return Ok(None);
        };
        seen.head = told.head().and_then(|sha| sha.parse().ok());
        seen.files = told.take_files();
        let may_push_directly = self
            .may_push_directly(&seen.repository, &told, care)
            .await?;
        let newest = self.newest(&project, &mut told, watch).await?;
        let repository = &mut seen.repository;
        repository.may_push = told.may_push() && !repository.is_archived;
        repository.takes_requests = told.may_open() && project.takes_requests();
        repository.rules = BranchRules {
            signed: told.wants_signatures(),
            may_push: may_push_directly,
            approvals: newest.approvals,
        };
        let ours = told.take_ours();
        let is_there = care == Care::Certain || newest.shows_branch || !ours.is_empty();
        if let (Some(name), Some(head), true) = (&watch.branch, &seen.head, is_there) {
            seen.branch = branch::branch(&self.client, project.id, name, head, ours).await?;
        }
        seen.request = newest.request;
        seen.open = self.open_requests(&project, &mut told, watch).await?;
        Ok(Some(seen))
    }

    /// Whether we may push to the default branch: one of its files tells, else a call of its own
    /// where it is wanted exactly.
    async fn may_push_directly(
        &self,
        repository: &Repository,
        told: &watched::Project,
        care: Care,
    ) -> Result<bool, Reason> {
        if let Some(may) = told.may_push_directly() {
            return Ok(may);
        }
        let (Some(default), Care::Certain) = (&repository.default_branch, care) else {
            return Ok(false);
        };
        let tip = branch::tip(&self.client, number(repository)?, default).await?;
        Ok(tip.is_some_and(|tip| tip.can_push))
    }

    /// The newest request from the watched branch.
    async fn newest(
        &self,
        project: &Project,
        told: &mut watched::Project,
        watch: &Watch,
    ) -> Result<Newest, Reason> {
        let Some(page) = told.request.take() else {
            return Ok(Newest::default());
        };
        let has_more = page.has_more();
        let mut own = page.seen().filter(|it| it.is_from(project.id));
        if let Some(node) = own.next() {
            return Ok(Newest {
                approvals: node.approvals_required.unwrap_or(0),
                shows_branch: node.source_branch_exists && node.is_open(),
                request: node.request(),
            });
        }
        // So many forks have a request from a branch of that name that ours is not among them.
        let request = match (has_more, &watch.branch) {
            (true, Some(branch)) => self.own_request(project.id, branch).await?,
            _ => None,
        };
        Ok(Newest {
            request,
            approvals: 0,
            shows_branch: has_more,
        })
    }

    /// The open requests that are watched, newest first.
    async fn open_requests(
        &self,
        project: &Project,
        told: &mut watched::Project,
        watch: &Watch,
    ) -> Result<Vec<Request>, Reason> {
        let Some(page) = told.open.take() else {
            return Ok(Vec::new());
        };
        let is_wanted = |branch: &str| watch.requests.iter().any(|start| branch.starts_with(start));
        let has_more = page.has_more();
        let own = page.seen().filter(|it| it.is_from(project.id));
        let wanted = own.filter(|it| is_wanted(&it.source_branch));
        let open: Vec<_> = wanted
            .filter_map(request::Node::request)
            .take(TOLD)
            .collect();
        if !has_more || open.len() >= TOLD {
            return Ok(open);
        }
        let all = self.all_open(project.id).await?;
        let wanted = all.into_iter().filter(|it| is_wanted(&it.branch));
        Ok(wanted.take(TOLD).collect())
    }
}

/// What is known of a project when nothing but its settings is.
fn bare(project: &Project, group: &str) -> Option<Seen> {
    Some(Seen {
        repository: project.repository(group)?,
        head: None,
        files: BTreeMap::new(),
        branch: None,
        request: None,
        open: Vec::new(),
    })
}

impl From<Failure> for Reason {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Reason(reason) => reason,
            Failure::TooMuch(text) => Self::Invalid(text),
            Failure::Again => Self::Malformed("it changes its mind about what it has"),
        }
    }
}
