//! Mutations. Each fails by itself: those after it are still made.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{
    super::{
        id,
        refuse::{self, Fail},
    },
    Arguments, Asking, Field, Made, Thing,
};
use crate::forge::{
    Edit, Expected, Method, Mode, Obstacle, Oid, Opening, Refused, Repository, branch_ref,
};

const NOWHERE: &str = "0000000000000000000000000000000000000000";

/// Whether a mutation makes content, by GitHub's count of what it slows down.
pub(super) fn makes_content(mutation: &str) -> bool {
    ["createRef", "createCommitOnBranch", "createPullRequest"].contains(&mutation)
}

/// The fields of an input.
struct Input<'a>(&'a Value);

impl Input<'_> {
    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    fn oid(&self, name: &str) -> Result<Oid, Fail> {
        let oid = self.text(name).parse();
        oid.map_err(|_| {
            Fail::new(
                "argumentLiteralsIncompatible",
                format!("`{name}` is no GitObjectID"),
            )
        })
    }

    fn flag(&self, name: &str) -> bool {
        self.0[name].as_bool().unwrap_or_default()
    }

    fn list(&self, path: &[&str]) -> &[Value] {
        let found = path.iter().fold(self.0, |value, name| &value[name]);
        found.as_array().map(Vec::as_slice).unwrap_or_default()
    }
}

impl Asking<'_> {
    pub(super) fn mutation(&mut self, field: &str, arguments: &Arguments) -> Field {
        let input = Input(arguments.value("input"));
        let (kind, mut fields) = match field {
            "createRef" => ("CreateRefPayload", self.create_ref(&input)?),
            "updateRef" => ("UpdateRefPayload", self.update_ref(&input)?),
            "updateRefs" => ("UpdateRefsPayload", self.update_refs(&input)?),
            "deleteRef" => ("DeleteRefPayload", self.remove_ref(&input)?),
            "createCommitOnBranch" => ("CreateCommitOnBranchPayload", self.create_commit(&input)?),
            "createPullRequest" => ("CreatePullRequestPayload", self.create_request(&input)?),
            "updatePullRequest" => ("UpdatePullRequestPayload", self.update_request(&input)?),
            "closePullRequest" => ("ClosePullRequestPayload", self.close_request(&input)?),
            "reopenPullRequest" => ("ReopenPullRequestPayload", self.reopen_request(&input)?),
            "enablePullRequestAutoMerge" => {
                ("EnablePullRequestAutoMergePayload", self.auto(&input)?)
            }
            "enqueuePullRequest" => ("EnqueuePullRequestPayload", self.enqueue(&input)?),
            "mergePullRequest" => ("MergePullRequestPayload", self.merge(&input)?),
            _ => return Ok(None),
        };
        let mutation_id = input.0["clientMutationId"].as_str();
        fields.push((
            "clientMutationId",
            mutation_id.map_or_else(Made::null, Made::from),
        ));
        Ok(Some(Thing::Plain(kind, fields).into()))
    }

    fn refuse(&self, refused: &Refused, act: &str) -> Fail {
        refuse::fail(refused, &self.by, self.told, act)
    }

    fn thing(&self, id: &str) -> Result<Thing, Fail> {
        id::find(self.store, id).ok_or_else(|| Fail::no_node(id))
    }

    fn repository_id(&self, id: &str) -> Result<u64, Fail> {
        match self.thing(id)? {
            Thing::Repository(id) => Ok(id),
            _ => Err(Fail::no_node(id)),
        }
    }

    fn request_of(&self, input: &Input<'_>) -> Result<(u64, u64), Fail> {
        let id = input.text("pullRequestId");
        let Thing::Request(id, number) = self.thing(id)? else {
            return Err(Fail::no_node(id));
        };
        let request = self
            .store
            .repository(id)
            .and_then(|it| it.requests.get(&number));
        let head = request.map(|it| it.head.to_string());
        match input.0["expectedHeadOid"].as_str() {
            Some(expected) if Some(expected) != head.as_deref() => Err(Fail::unprocessable(
                "Head branch was modified. Review and try the merge again.",
            )),
            _ => Ok((id, number)),
        }
    }

    fn create_ref(&mut self, input: &Input<'_>) -> Result<Vec<(&'static str, Made)>, Fail> {
        let id = self.repository_id(input.text("repositoryId"))?;
        let (name, oid) = (input.text("name"), input.oid("oid")?);
        let by = self.by.clone();
        let made = self.store.move_ref(id, &by, name, Expected::Absent, oid);
        made.map_err(|refused| self.refuse(&refused, "CreateRef"))?;
        Ok(vec![("ref", Thing::Ref(id, name.to_owned()).into())])
    }

    fn update_ref(&mut self, input: &Input<'_>) -> Result<Vec<(&'static str, Made)>, Fail> {
        let Thing::Ref(id, name) = self.thing(input.text("refId"))? else {
            return Err(Fail::no_node(input.text("refId")));
        };
        let how = if input.flag("force") {
            Expected::Anywhere
        } else {
            Expected::FastForward
        };
        let by = self.by.clone();
        let moved = self.store.move_ref(id, &by, &name, how, input.oid("oid")?);
        moved.map_err(|refused| self.refuse(&refused, "UpdateRef"))?;
        Ok(vec![("ref", Thing::Ref(id, name).into())])
    }

    fn remove_ref(&mut self, input: &Input<'_>) -> Result<Vec<(&'static str, Made)>, Fail> {
        let Thing::Ref(id, name) = self.thing(input.text("refId"))? else {
            return Err(Fail::no_node(input.text("refId")));
        };
        let by = self.by.clone();
        let gone = self.store.delete_ref(id, &by, &name, Expected::Anywhere);
        gone.map_err(|refused| self.refuse(&refused, "DeleteRef"))?;
        Ok(Vec::new())
    }

    /// All of them, or none.
    fn update_refs(&mut self, input: &Input<'_>) -> Result<Vec<(&'static str, Made)>, Fail> {
        let id = self.repository_id(input.text("repositoryId"))?;
        let before = self.store.repository(id).cloned();
        for update in input.list(&["refUpdates"]) {
            if let Err(fail) = self.one_ref(id, &Input(update)) {
                if let (Some(before), Some(repository)) = (before, self.store.repository_mut(id)) {
                    *repository = before;
                }
                return Err(fail);
            }
        }
        Ok(Vec::new())
    }

    fn one_ref(&mut self, id: u64, update: &Input<'_>) -> Result<(), Fail> {
        let name = update.text("name");
        let by = self.by.clone();
        let expected = match update.0["beforeOid"].as_str() {
            Some(NOWHERE) => Expected::Absent,
            Some(_) => Expected::At(update.oid("beforeOid")?),
            None if update.flag("force") => Expected::Anywhere,
            None => Expected::FastForward,
        };
        let done = if update.text("afterOid") == NOWHERE {
            self.store.delete_ref(id, &by, name, expected)
        } else {
            self.store
                .move_ref(id, &by, name, expected, update.oid("afterOid")?)
        };
        done.map_err(|refused| match refused {
            // Of several updates GitHub tells only which one did not fit.
            Refused::Moved { .. } => Fail::unprocessable(format!(
                "Reference cannot be updated: {name} is not at the expected object."
            )),
            refused => self.refuse(&refused, "UpdateRefs"),
        })
    }

    fn create_commit(&mut self, input: &Input<'_>) -> Result<Vec<(&'static str, Made)>, Fail> {
        let (id, branch) = self.branch_of(&input.0["branch"])?;
        let name = branch_ref(&branch);
        let expected = input.oid("expectedHeadOid")?;
        let repository = self
            .store
            .repository(id)
            .ok_or_else(|| Fail::not_found("gone"))?;
        let Some(at) = repository.refs.get(&name).copied() else {
            return Err(Fail::not_found(format!(
                "No ref named \"{name}\" exists in the repository."
            )));
        };
        if at != expected {
            let message = format!(
                "Expected branch to point to \"{expected}\" but it did not. Pull and try again."
            );
            return Err(Fail::new("STALE_DATA", message));
        }
        let edits = self.edits(at, input)?;
        let by = self.by.clone();
        let made = self.store.make_commit(
            id,
            &by,
            Some(at),
            &edits,
            &message(&input.0["message"]),
            true,
        );
        let moved = self.store.move_ref(id, &by, &name, Expected::At(at), made);
        moved.map_err(|refused| self.refuse(&refused, "CreateCommitOnBranch"))?;
        Ok(vec![
            ("commit", Thing::Commit(id, made).into()),
            ("ref", Thing::Ref(id, name).into()),
        ])
    }

    fn branch_of(&self, branch: &Value) -> Result<(u64, String), Fail> {
        if let Some(id) = branch["id"].as_str() {
            return match self.thing(id)? {
                Thing::Ref(repository, name) => Ok((
                    repository,
                    name.trim_start_matches("refs/heads/").to_owned(),
                )),
                _ => Err(Fail::no_node(id)),
            };
        }
        let full = branch["repositoryNameWithOwner"]
            .as_str()
            .unwrap_or_default();
        let (owner, name) = full.split_once('/').unwrap_or_default();
        let known = owner.eq_ignore_ascii_case(&self.store.owner);
        let found = self.store.named(name).filter(|_| known);
        let found = found.ok_or_else(|| {
            Fail::not_found(format!(
                "Could not resolve to a Repository with the name '{full}'."
            ))
        })?;
        let branch = branch["branchName"].as_str().unwrap_or_default();
        Ok((
            found.id,
            branch.trim_start_matches("refs/heads/").to_owned(),
        ))
    }

    fn edits(&self, at: Oid, input: &Input<'_>) -> Result<Vec<Edit>, Fail> {
        let there = self.store.objects.files_of(at);
        let mut edits = Vec::new();
        for deletion in input.list(&["fileChanges", "deletions"]) {
            let path = deletion["path"].as_str().unwrap_or_default();
            if !there.contains_key(path) {
                return Err(Fail::unprocessable(format!(
                    "A path was requested for deletion which does not exist as of commit oid `{at}`: {path}"
                )));
            }
            edits.push(Edit::removal(path));
        }
        for addition in input.list(&["fileChanges", "additions"]) {
            let path = addition["path"].as_str().unwrap_or_default();
            let contents = STANDARD.decode(addition["contents"].as_str().unwrap_or_default());
            let contents = contents
                .map_err(|_| Fail::unprocessable(format!("{path}: contents are not base64")))?;
            // GitHub keeps the mode of a file that is there.
            let mode = there.get(path).map_or(Mode::File, |(mode, _)| *mode);
            edits.push(Edit {
                path: path.to_owned(),
                to: Some((mode, contents.into())),
            });
        }
        Ok(edits)
    }

    fn create_request(&mut self, input: &Input<'_>) -> Result<Vec<(&'static str, Made)>, Fail> {
        let id = self.repository_id(input.text("repositoryId"))?;
        let own = format!("{}:", self.store.owner);
        let branch = input.text("headRefName");
        let asked = Opening {
            branch: branch.strip_prefix(&own).unwrap_or(branch),
            base: input.text("baseRefName"),
            title: input.text("title"),
            body: input.text("body"),
            draft: input.flag("draft"),
        };
        let by = self.by.clone();
        let number = self.store.open(id, &by, &asked).map_err(|refused| match refused {
            Refused::Exists(branch) => Fail::unprocessable(format!("A pull request already exists for {own}{branch}.")),
            Refused::NotFound => Fail::unprocessable(format!(
                "Head sha can't be blank, Base sha can't be blank, No commits between {} and {}, Head ref must be a branch",
                asked.base, asked.branch
            )),
            refused => self.refuse(&refused, "CreatePullRequest"),
        })?;
        Ok(vec![("pullRequest", Thing::Request(id, number).into())])
    }

    fn update_request(&mut self, input: &Input<'_>) -> Result<Vec<(&'static str, Made)>, Fail> {
        let (id, number) = self.request_of(input)?;
        match input.text("state") {
            "CLOSED" => return self.close_request(input),
            "OPEN" => {
                self.reopen_request(input)?;
            }
            _ => {}
        }
        let by = self.by.clone();
        let request = match self.store.changeable(id, &by, number) {
            Ok(request) => request,
            Err(refused) => return Err(self.refuse(&refused, "UpdatePullRequest")),
        };
        if let Some(title) = input.0["title"].as_str() {
            title.clone_into(&mut request.title);
        }
        if let Some(body) = input.0["body"].as_str() {
            body.clone_into(&mut request.body);
        }
        Ok(vec![("pullRequest", Thing::Request(id, number).into())])
    }

    fn close_request(&mut self, input: &Input<'_>) -> Result<Vec<(&'static str, Made)>, Fail> {
        let (id, number) = self.request_of(input)?;
        let by = self.by.clone();
        let closed = self.store.close(id, &by, number);
        closed.map_err(|refused| self.refuse(&refused, "ClosePullRequest"))?;
        Ok(vec![("pullRequest", Thing::Request(id, number).into())])
    }

    fn reopen_request(&mut self, input: &Input<'_>) -> Result<Vec<(&'static str, Made)>, Fail> {
        let (id, number) = self.request_of(input)?;
        let by = self.by.clone();
        let opened = self.store.reopen(id, &by, number);
        opened.map_err(|refused| match refused {
            Refused::Exists(branch) => Fail::unprocessable(format!(
                "A pull request already exists for {}:{branch}.",
                self.store.owner
            )),
            Refused::State(_) => Fail::unprocessable("Could not open the pull request."),
            refused => self.refuse(&refused, "ReopenPullRequest"),
        })?;
        Ok(vec![("pullRequest", Thing::Request(id, number).into())])
    }

    fn auto(&mut self, input: &Input<'_>) -> Result<Vec<(&'static str, Made)>, Fail> {
        let (id, number) = self.request_of(input)?;
        let (by, method) = (self.by.clone(), method(input));
        let done = self.store.merge_by_itself(id, &by, number, method);
        done.map_err(|refused| match refused {
            Refused::State(what) if what == "auto-merge is off" => {
                Fail::unprocessable("Pull request Auto merge is not allowed for this repository")
            }
            Refused::State(what) if what.ends_with(" status") => {
                Fail::unprocessable(what.replace("it is", "Pull request Pull request is"))
            }
            Refused::State(_) => Fail::unprocessable(format!(
                "Merge method {method:?} is not allowed on this repository"
            )),
            refused => self.refuse(&refused, "EnablePullRequestAutoMerge"),
        })?;
        Ok(vec![("pullRequest", Thing::Request(id, number).into())])
    }

    fn enqueue(&mut self, input: &Input<'_>) -> Result<Vec<(&'static str, Made)>, Fail> {
        let (id, number) = self.request_of(input)?;
        let by = self.by.clone();
        let done = self.store.enqueue(id, &by, number);
        done.map_err(|refused| match refused {
            Refused::State(_) => {
                Fail::unprocessable("Pull request is not in a state to be added to the merge queue")
            }
            refused => self.refuse(&refused, "EnqueuePullRequest"),
        })?;
        let request = self
            .store
            .repository(id)
            .and_then(|it| it.requests.get(&number));
        let entry = request.map(|it| self.queue_entry(id, it));
        Ok(vec![("mergeQueueEntry", entry.into())])
    }

    fn merge(&mut self, input: &Input<'_>) -> Result<Vec<(&'static str, Made)>, Fail> {
        let (id, number) = self.request_of(input)?;
        let (by, method) = (self.by.clone(), method(input));
        let obstacle = self.store.obstacles(id, number).first().copied();
        let merged = self.store.merge(id, &by, number, method);
        merged.map_err(|refused| match refused {
            Refused::State(_) => {
                let repository = self.store.repository(id);
                Fail::unprocessable(
                    repository
                        .map(|it| hindrance(it, number, method, obstacle))
                        .unwrap_or_default(),
                )
            }
            refused => self.refuse(&refused, "MergePullRequest"),
        })?;
        Ok(vec![("pullRequest", Thing::Request(id, number).into())])
    }
}

/// Why a request cannot be merged, in GitHub's words.
pub(in crate::forge::github) fn hindrance(
    repository: &Repository,
    number: u64,
    method: Method,
    obstacle: Option<Obstacle>,
) -> String {
    let rules = &repository.rules;
    let closed = repository
        .requests
        .get(&number)
        .is_none_or(|it| !it.is_open());
    match obstacle {
        _ if closed => "Pull Request is not mergeable".to_owned(),
        Some(Obstacle::Conflict) => "Pull Request has merge conflicts".to_owned(),
        Some(Obstacle::Draft) => "Pull Request is still a draft".to_owned(),
        Some(Obstacle::Checks) => "Required status check \"ci\" is expected.".to_owned(),
        Some(Obstacle::Approvals) => format!(
            "At least {} approving review is required by reviewers with write access.",
            rules.approvals
        ),
        Some(Obstacle::Unsigned) => "Commits must have verified signatures.".to_owned(),
        None if rules.queue => "Changes must be made through the merge queue".to_owned(),
        None => match method {
            Method::Merge => "Merge commits are not allowed on this repository.",
            Method::Squash => "Squash merges are not allowed on this repository.",
            Method::Rebase => "Rebase merges are not allowed on this repository.",
        }
        .to_owned(),
    }
}

fn method(input: &Input<'_>) -> Method {
    match input.text("mergeMethod") {
        "SQUASH" => Method::Squash,
        "REBASE" => Method::Rebase,
        _ => Method::Merge,
    }
}

fn message(message: &Value) -> String {
    let part = |name: &str| message[name].as_str().unwrap_or_default();
    match part("body") {
        "" => part("headline").to_owned(),
        body => format!("{}\n\n{body}", part("headline")),
    }
}
