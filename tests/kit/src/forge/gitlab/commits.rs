//! Commits and branches, made and deleted as the API does it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::fmt::rfc2822::DateTimeParser;
use serde_json::json;

use super::{
    answer, entity, refusal,
    rest::{Call, Done, resolve},
};
use crate::{
    forge::{Edit, Expected, Mode, Oid, Refused, branch_ref},
    web::Plain,
};

/// One of a commit's changes, as it was sent.
#[derive(Default)]
struct Action {
    kind: String,
    path: String,
    content: Option<Vec<u8>>,
    last_commit: Option<String>,
}

/// The commits that a range or a name leads to, newest first.
pub(super) fn list(call: &Call<'_>, project: u64) -> Done {
    let repository = call.repository(project)?;
    let not_found = || refusal(404, "404 Commit Not Found");
    let name = call
        .parameters
        .text("ref_name")
        .unwrap_or(&repository.default_branch);
    let of = |name: &str| resolve(repository, Some(name)).ok_or_else(not_found);
    let found = match name.split_once("..") {
        Some((from, to)) => call.store.objects.ahead(of(from)?, of(to)?),
        None => call.store.objects.ancestors([of(name)?]),
    };
    let found = found.into_iter().map(|id| entity::commit(call.store, id));
    Ok(super::rest::page(&call.parameters, found.collect()))
}

/// Whether a commit is signed.
pub(super) fn signature(call: &Call<'_>, project: u64) -> Done {
    let repository = call.repository(project)?;
    let commit = resolve(repository, Some(&call.parts[0]));
    let commit = commit.ok_or_else(|| refusal(404, "404 Commit Not Found"))?;
    if !call.store.is_signed(commit) {
        return Err(refusal(404, "404 GPG Signature Not Found"));
    }
    let signature = json!({
        "signature_type": "SSH",
        "verification_status": "verified_system",
        "commit_source": "gitaly",
    });
    Ok(answer(200, &signature))
}

/// Makes a commit.
pub(super) fn create(call: &mut Call<'_>, project: u64) -> Done {
    let text = |name: &str| call.parameters.text(name).unwrap_or_default().to_owned();
    let (branch, message) = (text("branch"), text("commit_message"));
    let start = call.parameters.text("start_sha").map(str::to_owned);
    let repository = call.repository(project)?;
    let there = repository.branch(&branch);
    let parent = match (&start, there) {
        (Some(_), Some(_)) => {
            return Err(refusal(
                400,
                &format!(
                    "A branch called '{branch}' already exists. Switch to that branch in order to \
                     make changes"
                ),
            ));
        }
        (Some(start), None) => {
            let start = start
                .parse()
                .ok()
                .filter(|it| repository.commits.contains(it));
            start.ok_or_else(|| refusal(400, "Cannot find start commit"))?
        }
        (None, Some(there)) => there,
        (None, None) => {
            return Err(refusal(
                400,
                "You can only create or edit files when you are on a branch",
            ));
        }
    };
    let edits = edits(call, parent)?;
    let by = call.by.clone();
    let signs = call.gitlab.instance.signs;
    let rules = &call.repository(project)?.rules;
    if rules.signed && !signs && call.gitlab.instance.checks_own {
        return Err(refusal(400, "GitLab: Commit must be signed with a GPG key"));
    }
    let made = call
        .store
        .make_commit(project, &by, Some(parent), &edits, &message, signs);
    let expected = match start {
        Some(_) => Expected::Absent,
        None => Expected::At(parent),
    };
    let moved = call
        .store
        .move_ref(project, &by, &branch_ref(&branch), expected, made);
    moved.map_err(|why| refused(&why))?;
    Ok(answer(201, &entity::commit(call.store, made)))
}

/// A new array element begins where a key comes again, as Rack reads it.
fn actions(call: &Call<'_>) -> Vec<Action> {
    let mut all: Vec<Action> = Vec::new();
    for (name, value) in &call.parameters.0 {
        match name.as_str() {
            "actions[][action]" => all.push(Action {
                kind: value.clone(),
                ..Action::default()
            }),
            name => {
                let Some(last) = all.last_mut() else { continue };
                match name {
                    "actions[][file_path]" => last.path.clone_from(value),
                    "actions[][content]" => last.content = STANDARD.decode(value).ok(),
                    "actions[][last_commit_id]" => last.last_commit = Some(value.clone()),
                    _ => {}
                }
            }
        }
    }
    all
}

/// What is to be changed on top of `parent`, where all of it can be.
fn edits(call: &Call<'_>, parent: Oid) -> Result<Vec<Edit>, Plain> {
    let files = call.store.objects.files_of(parent);
    let edit = |action: Action| {
        let there = files.get(&action.path);
        let changed = action.last_commit.as_ref().and_then(|it| it.parse().ok());
        let changed = changed
            .is_some_and(|seen: Oid| call.store.objects.files_of(seen).get(&action.path) != there);
        let path = action.path;
        if changed {
            let message = format!("The file has changed since you started editing it: {path}");
            return Err(refusal(400, &message));
        }
        let mode = there.map_or(Mode::File, |(mode, _)| *mode);
        let content = || {
            action
                .content
                .ok_or_else(|| refusal(400, "content is missing"))
        };
        match (action.kind.as_str(), there) {
            ("create", Some(_)) => Err(refusal(400, "A file with this name already exists")),
            ("update" | "delete", None) => Err(refusal(400, "A file with this name doesn't exist")),
            ("delete", Some(_)) => Ok(Edit::removal(&path)),
            _ => Ok(Edit {
                to: Some((mode, content()?.into())),
                path,
            }),
        }
    };
    actions(call).into_iter().map(edit).collect()
}

/// Makes a branch.
pub(super) fn create_branch(call: &mut Call<'_>, project: u64) -> Done {
    let text = |name: &str| call.parameters.text(name).unwrap_or_default().to_owned();
    let (branch, from) = (text("branch"), text("ref"));
    let at = resolve(call.repository(project)?, Some(&from));
    let at = at.ok_or_else(|| refusal(400, &format!("Invalid reference name: {from}")))?;
    let by = call.by.clone();
    let made = call
        .store
        .move_ref(project, &by, &branch_ref(&branch), Expected::Absent, at);
    made.map_err(|why| match why {
        Refused::Exists(_) => refusal(400, "Branch already exists"),
        why => refused(&why),
    })?;
    let repository = call.repository(project)?;
    Ok(answer(
        201,
        &entity::branch(call.store, repository, &call.by, &branch, at),
    ))
}

/// Deletes a branch, unless its commit is newer than the request says.
pub(super) fn delete_branch(call: &mut Call<'_>, project: u64) -> Done {
    let name = call.parts[0].clone();
    let not_found = || refusal(404, "404 Branch Not Found");
    let at = call
        .repository(project)?
        .branch(&name)
        .ok_or_else(not_found)?;
    let since = call.asked.headers.get("if-unmodified-since");
    let since = since.and_then(|it| it.to_str().ok());
    let since = since.and_then(|it| DateTimeParser::new().parse_timestamp(it).ok());
    let written = call.store.objects.commit(at).map_or(0, |it| it.author.at);
    if since.is_some_and(|since| written > since.as_second()) {
        return Err(refusal(412, "412 Precondition Failed"));
    }
    let by = call.by.clone();
    let gone = call
        .store
        .delete_ref(project, &by, &branch_ref(&name), Expected::Anywhere);
    gone.map_err(|why| refused(&why))?;
    Ok(Plain {
        status: hyper::StatusCode::NO_CONTENT,
        ..Plain::default()
    })
}

/// A refused write, in GitLab's words.
pub(super) fn refused(why: &Refused) -> Plain {
    match why {
        Refused::NotFound => refusal(404, "404 Not Found"),
        Refused::Archived | Refused::Lacks(_) => refusal(403, "403 Forbidden"),
        Refused::Protected(_) => refusal(403, "You are not allowed to push into this branch"),
        Refused::Unsigned(_) => refusal(400, "GitLab: Commit must be signed with a GPG key"),
        Refused::Moved { .. } | Refused::NotFastForward => refusal(
            400,
            "Could not update the branch. Please refresh and try again.",
        ),
        Refused::Exists(name) => refusal(
            409,
            &format!("Another open merge request already exists for this source branch: {name}"),
        ),
        other => refusal(422, &other.to_string()),
    }
}
