//! What is in many projects: REST lists them with their settings, GraphQL tells what is watched.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use gitlab::api::{groups::projects::GroupProjects, projects as rest};

use super::{
    super::{Reason, Request, Seen, Watch},
    GitLab, branch,
    graphql::Failure,
    project::Project,
    request, watched,
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
        let asking = told.map(|(project, told)| self.complete(project, told, watch, care));
        let asking: Vec<_> = asking.collect();
        let seen = stream::iter(asking).buffered(AT_ONCE).try_collect();
        let seen: Vec<Option<Seen>> = seen.await?;
        Ok(seen.into_iter().flatten().collect())
    }

    /// What REST and GraphQL tell of a project, together; and what only further calls tell.
    async fn complete(
        &self,
        project: Project,
        mut told: watched::Project,
        watch: &Watch,
        care: Care,
    ) -> Result<Option<Seen>, Reason> {
        let Some(mut repository) = project.repository(&self.group) else {
            return Ok(None);
        };
        let head = told.head().and_then(|sha| sha.parse().ok());
        repository.may_push = told.may_push() && !repository.is_archived;
        repository.takes_requests &= told.may_open();
        repository.rules.signed = told.wants_signatures();
        repository.rules.may_push = match (told.may_push_directly(), &repository.default_branch) {
            (Some(may), _) => may,
            (None, Some(default)) if care == Care::Certain => {
                let tip = branch::tip(&self.client, project.id, default).await?;
                tip.is_some_and(|tip| tip.can_push)
            }
            (None, _) => false,
        };
        let files = told.take_files();
        let ours = told.take_ours();
        let (request, approvals, shows_branch) = self.newest(&project, &mut told, watch).await?;
        repository.rules.approvals = approvals;
        let branch = match (&watch.branch, &head) {
            (Some(name), Some(head))
                if care == Care::Certain || shows_branch || !ours.is_empty() =>
            {
                branch::branch(&self.client, project.id, name, head, ours).await?
            }
            _ => None,
        };
        let open = self.open_requests(&project, &mut told, watch).await?;
        Ok(Some(Seen {
            repository,
            head,
            files,
            branch,
            request,
            open,
        }))
    }

    /// The newest request from the watched branch, the approvals that it needs, and whether it
    /// shows that the branch is there.
    async fn newest(
        &self,
        project: &Project,
        told: &mut watched::Project,
        watch: &Watch,
    ) -> Result<(Option<Request>, u32, bool), Reason> {
        let Some(page) = told.request.take() else {
            return Ok((None, 0, false));
        };
        let (has_more, mut own) = (
            page.has_more(),
            page.seen().filter(|it| it.is_from(project.id)),
        );
        if let Some(node) = own.next() {
            let approvals = node.approvals_required.unwrap_or(0);
            let shows = node.source_branch_exists && node.is_open();
            return Ok((node.request(), approvals, shows));
        }
        // So many forks have a request from a branch of that name that ours is not among them.
        let request = match (has_more, &watch.branch) {
            (true, Some(branch)) => self.own_request(project.id, branch).await?,
            _ => None,
        };
        Ok((request, 0, has_more))
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

impl From<Failure> for Reason {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Reason(reason) => reason,
            Failure::TooMuch(text) => Self::Invalid(text),
            Failure::Again => Self::Malformed("it changes its mind about what it has"),
        }
    }
}
