//! Things as REST shows them.

use serde_json::{Value, json};

use crate::forge::{
    Actor, Checks, Conclusion, Obstacle, Oid, Repository, Request, RequestState, Right, Run, Store,
    clock::rfc3339,
};

/// A project.
pub(super) fn project(store: &Store, enterprise: bool, repository: &Repository) -> Value {
    let path = store.full_name(repository);
    let rules = &repository.rules;
    let method = match (rules.merge, rules.rebase) {
        (true, _) => "merge",
        (false, true) => "ff",
        (false, false) => "rebase_merge",
    };
    let mut project = json!({
        "id": repository.id,
        "path_with_namespace": path,
        "default_branch": repository.head().map(|_| &repository.default_branch),
        "empty_repo": repository.head().is_none(),
        "archived": repository.archived,
        "visibility": repository.visibility.word(),
        "topics": repository.topics,
        "repository_access_level": if repository.disabled { "disabled" } else { "enabled" },
        "merge_requests_enabled": !repository.without_requests,
        "merge_requests_access_level":
            if repository.without_requests { "disabled" } else { "enabled" },
        "merge_method": method,
        "squash_option": if rules.squash { "default_off" } else { "never" },
        "remove_source_branch_after_merge": rules.deletes_branch,
        "marked_for_deletion_on": null,
    });
    if repository.fork {
        project["forked_from_project"] = json!({"id": 1, "path_with_namespace": "upstream/it"});
    }
    if enterprise {
        project["mirror"] = repository.mirror.into();
        project["merge_trains_enabled"] = rules.queue.into();
    }
    project
}

/// A commit.
pub(super) fn commit(store: &Store, id: Oid) -> Value {
    let Some(commit) = store.objects.commit(id) else {
        return Value::Null;
    };
    let parents: Vec<_> = commit.parents.iter().map(ToString::to_string).collect();
    json!({
        "id": id.to_string(),
        "short_id": &id.to_string()[..8],
        "parent_ids": parents,
        "title": commit.message.lines().next(),
        "message": commit.message,
        "author_name": commit.author.name,
        "author_email": commit.author.email,
        "authored_date": rfc3339(commit.author.at),
        "committed_date": rfc3339(commit.committer.at),
    })
}

/// A branch.
pub(super) fn branch(
    store: &Store,
    repository: &Repository,
    by: &Actor,
    name: &str,
    at: Oid,
) -> Value {
    let is_default = name == repository.default_branch;
    let can_push = if is_default {
        store.may_push_to_default(repository, by)
    } else {
        store.writable(repository.id, by).is_ok()
    };
    json!({
        "name": name,
        "default": is_default,
        "protected": is_default && repository.rules.protected,
        "can_push": can_push,
        "commit": commit(store, at),
    })
}

/// The state of a request, in small letters.
pub(super) fn state(request: &Request) -> &'static str {
    match request.state {
        RequestState::Open => "opened",
        RequestState::Closed => "closed",
        RequestState::Merged => "merged",
    }
}

/// The status of a request's pipeline, in small letters.
pub(super) fn pipeline(request: &Request) -> Option<&'static str> {
    Some(match request.checks {
        Checks::None => return None,
        Checks::Pending => "running",
        Checks::Passed => "success",
        Checks::Failed => "failed",
    })
}

/// `detailed_merge_status`.
pub(super) fn merge_status(store: &mut Store, project: u64, request: &Request) -> &'static str {
    if !request.is_open() {
        return "not_open";
    }
    match store.obstacles(project, request.number).first() {
        None => "mergeable",
        Some(Obstacle::Conflict) => "conflict",
        Some(Obstacle::Draft) => "draft_status",
        Some(Obstacle::Checks) if request.checks == Checks::Pending => "ci_still_running",
        Some(Obstacle::Checks) => "ci_must_pass",
        Some(Obstacle::Approvals | Obstacle::Unsigned) => "not_approved",
    }
}

/// A request's page.
pub(super) fn page(store: &Store, base: &str, project: u64, number: u64) -> String {
    let name = store.repository(project).map(|it| store.full_name(it));
    format!(
        "{base}/{}/-/merge_requests/{number}",
        name.unwrap_or_default()
    )
}

/// The project that a request comes from: its own, or somebody's fork.
pub(super) fn source(project: u64, request: &Request) -> u64 {
    if request.foreign {
        project + 500_000
    } else {
        project
    }
}

/// A merge request.
pub(super) fn request(store: &mut Store, base: &str, project: u64, request: &Request) -> Value {
    let status = merge_status(store, project, request);
    let pipeline = pipeline(request).map(|status| json!({"id": 1, "status": status}));
    json!({
        "id": project * 10_000 + request.number,
        "iid": request.number,
        "project_id": project,
        "title": request.title,
        "description": request.body,
        "state": state(request),
        "source_branch": request.branch,
        "target_branch": request.base,
        "source_project_id": source(project, request),
        "target_project_id": project,
        "sha": request.head.to_string(),
        "changes_count": store.changed_files(project, request).to_string(),
        "draft": request.draft,
        "author": {"id": 1, "username": request.author, "name": request.author},
        "merge_when_pipeline_succeeds": request.auto.is_some() || request.queued,
        "detailed_merge_status": status,
        "head_pipeline": pipeline,
        "web_url": page(store, base, project, request.number),
    })
}

/// The status of a pipeline and of its job, in small letters.
pub(super) fn status(run: &Run) -> &'static str {
    match run.conclusion {
        Conclusion::Queued => "created",
        Conclusion::Running => "running",
        Conclusion::Passed => "success",
        Conclusion::Failed | Conclusion::NotStarted | Conclusion::TimedOut => "failed",
        Conclusion::Cancelled => "canceled",
        Conclusion::Skipped => "skipped",
    }
}

/// What a run's annotation of that title says.
pub(super) fn said<'a>(run: &'a Run, title: &str) -> Option<&'a str> {
    let mut all = run.annotations.iter();
    all.find(|it| it.title == title)
        .map(|it| it.message.as_str())
}

/// A pipeline in a list.
pub(super) fn pipeline_told(base: &str, project: &str, run: &Run) -> Value {
    json!({
        "id": run.id,
        "ref": run.branch,
        "sha": run.commit.to_string(),
        "source": run.event,
        "status": status(run),
        "web_url": format!("{base}/{project}/-/pipelines/{}", run.id),
    })
}

/// The job of a pipeline.
pub(super) fn job(run: &Run) -> Value {
    let is_failed = status(run) == "failed";
    json!({
        "id": run.id,
        "name": said(run, "job").unwrap_or("fullsend-code"),
        "status": status(run),
        "failure_reason":
            is_failed.then(|| said(run, "failure_reason").unwrap_or("script_failure")),
    })
}

/// The scopes of a token whose owner may do so much.
pub(super) fn scopes(actor: &Actor) -> &'static [&'static str] {
    if actor.may(Right::Contents) {
        &["api"]
    } else {
        &["read_api"]
    }
}
