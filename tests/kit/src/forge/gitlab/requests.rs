//! Merge requests.

use serde_json::{Value, json};

use super::{
    answer,
    commits::refused,
    entity, refusal,
    rest::{Call, Done},
};
use crate::{
    forge::{Checks, Method, Opening, Refused, Request},
    web::Plain,
};

/// An operation on merge requests.
pub(super) fn perform(call: &mut Call<'_>, project: u64, operation: &str) -> Done {
    match operation {
        "merge requests" => list(call, project),
        "create merge request" => create(call, project),
        "merge request" => Ok(shown(call, project, 200, &find(call, project)?)),
        "update merge request" => update(call, project),
        "merge" => merge(call, project),
        _ => board(call, project),
    }
}

fn find(call: &Call<'_>, project: u64) -> Result<Request, Plain> {
    let not_found = || refusal(404, "404 Not found");
    let number = call.parts[0].parse().map_err(|_| not_found())?;
    let requests = &call.repository(project)?.requests;
    requests.get(&number).cloned().ok_or_else(not_found)
}

fn shown(call: &mut Call<'_>, project: u64, status: u16, request: &Request) -> Plain {
    answer(
        status,
        &entity::request(call.store, call.base, project, request),
    )
}

/// The request as it is now.
fn again(call: &mut Call<'_>, project: u64, status: u16, number: u64) -> Done {
    let requests = &call.repository(project)?.requests;
    let request = requests.get(&number).cloned();
    let request = request.ok_or_else(|| refusal(404, "404 Not found"))?;
    Ok(shown(call, project, status, &request))
}

fn list(call: &mut Call<'_>, project: u64) -> Done {
    let state = call.parameters.text("state").unwrap_or("all").to_owned();
    let branch = call.parameters.text("source_branch").map(str::to_owned);
    let requests = call.repository(project)?.requests.values().rev();
    let fits = |it: &&Request| {
        (state == "all" || entity::state(it) == state)
            && branch.as_ref().is_none_or(|branch| *branch == it.branch)
    };
    let found: Vec<_> = requests.filter(fits).cloned().collect();
    let entities: Vec<Value> = found
        .iter()
        .map(|it| entity::request(call.store, call.base, project, it))
        .collect();
    Ok(super::rest::page(&call.parameters, entities))
}

fn create(call: &mut Call<'_>, project: u64) -> Done {
    let text = |name: &str| call.parameters.text(name).unwrap_or_default().to_owned();
    let (branch, base) = (text("source_branch"), text("target_branch"));
    let (title, body) = (text("title"), text("description"));
    let opening = Opening {
        branch: &branch,
        base: &base,
        title: &title,
        body: &body,
        draft: title.to_lowercase().starts_with("draft:"),
    };
    let by = call.by.clone();
    let opened = match call.store.open(project, &by, &opening) {
        Err(Refused::Exists(_)) => {
            let mut requests = call.repository(project)?.requests.values();
            let other = requests.find(|it| it.is_open() && it.branch == branch);
            let number = other.map_or(0, |it| it.number);
            let message = format!(
                "Another open merge request already exists for this source branch: !{number}"
            );
            return Err(answer(409, &json!({ "message": [message] })));
        }
        Err(Refused::NotFound) => {
            let message = json!({"message": {"source_branch": ["does not exist"]}});
            return Err(answer(422, &message));
        }
        opened => opened.map_err(|why| refused(&why))?,
    };
    again(call, project, 201, opened)
}

fn update(call: &mut Call<'_>, project: u64) -> Done {
    let number = find(call, project)?.number;
    let by = call.by.clone();
    let event = call.parameters.text("state_event").map(str::to_owned);
    let done = match event.as_deref() {
        Some("close") => call.store.close(project, &by, number),
        Some("reopen") => call.store.reopen(project, &by, number),
        _ => Ok(()),
    };
    done.map_err(|why| refused(&why))?;
    let (title, body) = (
        call.parameters.text("title"),
        call.parameters.text("description"),
    );
    let request = call
        .store
        .changeable(project, &by, number)
        .map_err(|why| refused(&why))?;
    if let Some(title) = title {
        title.clone_into(&mut request.title);
    }
    if let Some(body) = body {
        body.clone_into(&mut request.body);
    }
    again(call, project, 200, number)
}

/// Whether the branch is where the caller believes it to be.
fn check_head(call: &Call<'_>, request: &Request) -> Result<(), Plain> {
    let head = request.head.to_string();
    match call.parameters.text("sha") {
        Some(sha) if sha != head => {
            let message = format!("SHA does not match HEAD of source branch: {head}");
            Err(refusal(409, &message))
        }
        _ => Ok(()),
    }
}

fn merge(call: &mut Call<'_>, project: u64) -> Done {
    let request = find(call, project)?;
    let by = call.by.clone();
    if call.store.writable(project, &by).is_err() {
        return Err(refusal(401, "401 Unauthorized"));
    }
    if !request.is_open() {
        return Err(refusal(405, "405 Method Not Allowed"));
    }
    check_head(call, &request)?;
    let rules = call.repository(project)?.rules.clone();
    let method = match (rules.merge, rules.squash) {
        (true, _) => Method::Merge,
        (false, true) => Method::Squash,
        (false, false) => Method::Rebase,
    };
    let automatic = ["auto_merge", "merge_when_pipeline_succeeds"]
        .iter()
        .any(|name| call.parameters.flag(name));
    if automatic && request.checks != Checks::Passed {
        // There is nothing to wait for where no pipeline runs and nothing else is in the way.
        let waits = request.checks == Checks::Pending
            || !call.store.obstacles(project, request.number).is_empty();
        if !waits || !rules.auto_merge {
            return Err(refusal(405, "405 Method Not Allowed"));
        }
        let waiting = call.store.changeable(project, &by, request.number);
        waiting.map_err(|why| refused(&why))?.auto = Some(method);
        return again(call, project, 200, request.number);
    }
    match call.store.merge(project, &by, request.number, method) {
        Ok(_) => again(call, project, 200, request.number),
        Err(Refused::State(why)) if why == "Conflict" => {
            Err(refusal(422, "Branch cannot be merged"))
        }
        Err(_) => Err(refusal(405, "405 Method Not Allowed")),
    }
}

fn board(call: &mut Call<'_>, project: u64) -> Done {
    let request = find(call, project)?;
    let by = call.by.clone();
    if !call.gitlab.instance.enterprise || !call.repository(project)?.rules.queue {
        return Err(refusal(403, "403 Forbidden"));
    }
    check_head(call, &request)?;
    match call.store.enqueue(project, &by, request.number) {
        Ok(()) => Ok(answer(201, &json!([{"id": 1, "status": "fresh"}]))),
        Err(_) => Err(refusal(400, "400 Bad request - Failed to merge")),
    }
}
