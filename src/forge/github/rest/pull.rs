//! Branches and requests as REST tells them.

use serde::Deserialize;
use serde_json::Value;

use super::super::{
    super::{Brings, Checks, Mergeable, Reason, Repository, Request, RequestState},
    GitHub, answer,
    client::Call,
    runs::escaped,
    seen,
};
use crate::model::commit::CommitId;

/// A pull request.
#[derive(Deserialize)]
pub(super) struct Pull {
    node_id: String,
    number: u64,
    html_url: String,
    title: String,
    head: Head,
    base: Base,
    state: String,
    merged_at: Option<String>,
    #[serde(default)]
    draft: bool,
    user: Option<User>,
    /// Told of one request, not in lists.
    mergeable_state: Option<String>,
    /// The same.
    changed_files: Option<u64>,
    auto_merge: Option<Value>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "ref")]
    branch: String,
    sha: String,
    repo: Option<Place>,
}

#[derive(Deserialize)]
struct Base {
    #[serde(rename = "ref", default)]
    branch: String,
    repo: Place,
}

#[derive(Deserialize)]
struct Place {
    id: u64,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

#[derive(Deserialize)]
struct Ref {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    sha: String,
}

#[derive(Deserialize)]
struct CheckRuns {
    check_runs: Vec<CheckRun>,
}

#[derive(Deserialize)]
struct CheckRun {
    status: String,
    conclusion: Option<String>,
}

#[derive(Default, Deserialize)]
struct Combined {
    state: String,
    #[serde(default)]
    total_count: u64,
}

impl Pull {
    /// Its branch is in the repository itself.
    pub(super) fn is_own(&self) -> bool {
        let head = self.head.repo.as_ref().map(|it| it.id);
        head == Some(self.base.repo.id)
    }

    pub(super) fn branch(&self) -> &str {
        &self.head.branch
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Without checks, of which it tells none.
    pub(super) fn into_request(self) -> Request {
        Request {
            number: self.number,
            url: self.html_url,
            title: self.title,
            branch: self.head.branch,
            head: self.head.sha.parse().ok(),
            state: match (self.state.as_str(), self.merged_at) {
                ("open", _) => RequestState::Open,
                (_, Some(_)) => RequestState::Merged,
                (_, None) => RequestState::Closed,
            },
            author: self.user.map_or_else(|| "ghost".to_owned(), |it| it.login),
            is_draft: self.draft,
            checks: Checks::None,
            mergeable: match self.mergeable_state.as_deref() {
                Some("clean" | "has_hooks" | "unstable") => Mergeable::Clean,
                Some("dirty") => Mergeable::Conflicts,
                Some("blocked" | "behind" | "draft") => Mergeable::Blocked,
                _ => Mergeable::Unknown,
            },
            is_on_its_way: self.auto_merge.is_some(),
            id: self.node_id,
        }
    }
}

/// A request with everything that is told of it, its checks too while it is open.
pub(in super::super) async fn request(
    github: &GitHub,
    repository: &Repository,
    number: u64,
) -> Result<Request, Reason> {
    let name = &repository.full_name;
    let call = Call::get(format!("/repos/{name}/pulls/{number}"));
    let pull: Pull = answer::read(&github.client.send(&call).await?)?;
    let mut request = pull.into_request();
    if let Some(head) = request
        .head
        .as_ref()
        .filter(|_| request.state == RequestState::Open)
    {
        request.checks = checks(github, name, head).await?;
    }
    Ok(request)
}

/// What merging a request would bring.
pub(in super::super) async fn brings(
    github: &GitHub,
    repository: &Repository,
    number: u64,
) -> Result<Brings, Reason> {
    let name = &repository.full_name;
    let call = Call::get(format!("/repos/{name}/pulls/{number}"));
    let pull: Pull = answer::read(&github.client.send(&call).await?)?;
    Ok(Brings {
        base: pull.base.branch,
        head: pull.head.sha.parse().ok(),
        files: pull.changed_files,
    })
}

/// What checks and statuses say together.
async fn checks(github: &GitHub, name: &str, head: &CommitId) -> Result<Checks, Reason> {
    let call = Call::get(format!(
        "/repos/{name}/commits/{head}/check-runs?per_page=100"
    ));
    let runs: CheckRuns = answer::read(&github.client.send(&call).await?)?;
    let call = Call::get(format!("/repos/{name}/commits/{head}/status"));
    // An app needs a permission of its own to read them, without which there are none to us.
    let status: Combined = match answer::read(&github.client.send(&call).await?) {
        Err(Reason::NotFound(_) | Reason::Lacks(_)) => Combined::default(),
        status => status?,
    };
    let runs = runs.check_runs.iter().map(CheckRun::says);
    let statuses = (status.total_count > 0).then_some(match status.state.as_str() {
        "success" => Checks::Passed,
        "pending" => Checks::Pending,
        _ => Checks::Failed,
    });
    let all = runs.chain(statuses);
    // The gravest counts.
    let grave = |checks: &Checks| match checks {
        Checks::None => 0,
        Checks::Passed => 1,
        Checks::Pending => 2,
        Checks::Failed => 3,
    };
    Ok(all.max_by_key(grave).unwrap_or(Checks::None))
}

impl CheckRun {
    fn says(&self) -> Checks {
        match (self.status.as_str(), self.conclusion.as_deref()) {
            ("completed", Some("success" | "neutral" | "skipped")) => Checks::Passed,
            ("completed", _) => Checks::Failed,
            _ => Checks::Pending,
        }
    }
}

/// Where a branch is; nowhere, where there is none.
pub(in super::super) async fn tip(
    github: &GitHub,
    repository: &Repository,
    name: &str,
) -> Result<Option<CommitId>, Reason> {
    let path = format!("/repos/{}/git/ref/{}", repository.full_name, heads(name));
    let answer = github.client.send(&Call::get(path)).await?;
    if answer.status == 404 {
        return Ok(None);
    }
    let found: Ref = answer::read(&answer)?;
    seen::commit(&found.object.sha).map(Some)
}

/// A branch below `git/ref` and `git/refs`.
pub(super) fn heads(name: &str) -> String {
    let parts: Vec<String> = name.split('/').map(escaped).collect();
    format!("heads/{}", parts.join("/"))
}
