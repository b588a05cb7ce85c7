//! Repositories.

use super::{super::refuse::Fail, Arguments, Asking, Field, Made, Thing, connection};
use crate::forge::{Mode, Object, Oid, Repository, Request, RequestState, Right};

impl Asking<'_> {
    pub(super) fn repository(&mut self, id: u64, field: &str, arguments: &Arguments) -> Field {
        let repository = self
            .store
            .repository(id)
            .ok_or_else(|| Fail::not_found("gone"))?;
        if let Some(setting) = setting(repository, field) {
            return Ok(Some(setting));
        }
        Ok(Some(match field {
            "nameWithOwner" => self.store.full_name(repository).into(),
            "url" => format!("{}/{}", self.base, self.store.full_name(repository)).into(),
            "owner" => Thing::Owner.into(),
            "viewerPermission" => self.permission(repository).into(),
            "viewerCanAdminister" => self.by.may(Right::Admin).into(),
            "defaultBranchRef" => {
                let head = repository
                    .head()
                    .map(|_| format!("refs/heads/{}", repository.default_branch));
                head.map(|name| Thing::Ref(id, name)).into()
            }
            "ref" => {
                let name = arguments.text("qualifiedName").unwrap_or_default();
                find_ref(repository, name).into()
            }
            "refs" => return refs(repository, arguments),
            "object" => self.object(repository, arguments).into(),
            "mergeQueue" => repository.rules.queue.then(|| merge_queue(id)).into(),
            "repositoryTopics" => return self.topics(repository, arguments),
            "pullRequest" => {
                let number = arguments.number("number").unwrap_or_default();
                if !repository.requests.contains_key(&number) {
                    return Err(Fail::not_found(format!(
                        "Could not resolve to a PullRequest with the number of {number}."
                    )));
                }
                Thing::Request(id, number).into()
            }
            "pullRequests" => return pull_requests(repository, arguments),
            _ => return Ok(None),
        }))
    }

    /// What whoever asks may do in a repository, in GitHub's word.
    pub(super) fn permission(&self, repository: &Repository) -> &'static str {
        if self.by.may(Right::Admin) {
            "ADMIN"
        } else if self.by.may(Right::Contents) && !repository.read_only {
            "WRITE"
        } else {
            "READ"
        }
    }

    fn object(&self, repository: &Repository, arguments: &Arguments) -> Option<Thing> {
        let oid = match arguments.text("oid") {
            Some(oid) => oid.parse().ok()?,
            None => self.expression(repository, arguments.text("expression")?)?,
        };
        self.thing_of(repository.id, oid)
    }

    /// The object of a repository as a thing.
    pub(super) fn thing_of(&self, id: u64, oid: Oid) -> Option<Thing> {
        Some(match self.store.objects.get(oid)? {
            Object::Blob(_) => Thing::Blob(id, oid),
            Object::Tree(_) => Thing::Tree(id, oid),
            Object::Commit(_) => {
                let repository = self.store.repository(id)?;
                repository
                    .commits
                    .get(&oid)
                    .map(|oid| Thing::Commit(id, *oid))?
            }
        })
    }

    /// What `main`, `HEAD:path` or a commit's name leads to.
    fn expression(&self, repository: &Repository, text: &str) -> Option<Oid> {
        let (revision, path) = match text.split_once(':') {
            Some((revision, path)) => (revision, Some(path)),
            None => (text, None),
        };
        let commit = match find_ref(repository, revision) {
            Some(Thing::Ref(_, name)) => *repository.refs.get(&name)?,
            _ if revision == "HEAD" => repository.head()?,
            _ => revision.parse().ok()?,
        };
        let objects = &self.store.objects;
        match path {
            None => Some(commit),
            Some("") => Some(objects.commit(commit)?.tree),
            Some(path) => {
                let entry = objects.at(objects.commit(commit)?.tree, path)?;
                (entry.mode != Mode::Submodule).then_some(entry.id)
            }
        }
    }

    fn topics(&self, repository: &Repository, arguments: &Arguments) -> Field {
        let topics = repository.topics.iter().map(|name| {
            let topic = vec![
                ("id", format!("TO_{name}").into()),
                ("name", name.clone().into()),
            ];
            Thing::Plain(
                "RepositoryTopic",
                vec![
                    ("id", format!("RT_{name}").into()),
                    ("topic", Thing::Plain("Topic", topic).into()),
                    ("url", format!("{}/topics/{name}", self.base).into()),
                ],
            )
        });
        connection::field(
            "RepositoryTopicConnection",
            "repositoryTopics",
            arguments,
            topics,
        )
    }
}

fn setting(repository: &Repository, field: &str) -> Option<Made> {
    let rules = &repository.rules;
    Some(match field {
        "name" => repository.name.clone().into(),
        "databaseId" => repository.id.into(),
        "isArchived" => repository.archived.into(),
        "isDisabled" => repository.disabled.into(),
        "isEmpty" => repository.refs.is_empty().into(),
        "isFork" => repository.fork.into(),
        "isInOrganization" => true.into(),
        "isLocked" | "isTemplate" => false.into(),
        "lockReason" => Made::null(),
        "isMirror" => repository.mirror.into(),
        "isPrivate" => (repository.visibility.word() != "public").into(),
        "visibility" => repository.visibility.word().to_uppercase().into(),
        "mergeCommitAllowed" => rules.merge.into(),
        "squashMergeAllowed" => rules.squash.into(),
        "rebaseMergeAllowed" => rules.rebase.into(),
        "autoMergeAllowed" => rules.auto_merge.into(),
        "deleteBranchOnMerge" => rules.deletes_branch.into(),
        "hasPullRequestsEnabled" => (!repository.without_requests).into(),
        _ => return None,
    })
}

/// The queue of a repository.
pub(super) fn merge_queue(id: u64) -> Thing {
    Thing::Plain("MergeQueue", vec![("id", format!("MQ_{id}").into())])
}

fn pull_requests(repository: &Repository, arguments: &Arguments) -> Field {
    let texts = |name: &str| {
        let all = arguments.value(name).as_array();
        all.map(|all| {
            all.iter()
                .filter_map(|it| it.as_str().map(str::to_owned))
                .collect::<Vec<_>>()
        })
    };
    let states = texts("states");
    let is = |wanted: Option<&str>, is: &str| wanted.is_none_or(|wanted| wanted == is);
    let wanted = |it: &&Request| {
        is(arguments.text("headRefName"), &it.branch)
            && is(arguments.text("baseRefName"), &it.base)
            && states
                .as_ref()
                .is_none_or(|all| all.iter().any(|state| state == word(it.state)))
    };
    let mut found: Vec<&Request> = repository.requests.values().filter(wanted).collect();
    let order = arguments.value("orderBy");
    if order["field"] == "UPDATED_AT" {
        found.sort_by_key(|it| it.updated);
    }
    if order["direction"] == "DESC" {
        found.reverse();
    }
    let things = found
        .into_iter()
        .map(|it| Thing::Request(repository.id, it.number));
    connection::field("PullRequestConnection", "pullRequests", arguments, things)
}

/// The state in GitHub's word.
pub(super) fn word(state: RequestState) -> &'static str {
    match state {
        RequestState::Open => "OPEN",
        RequestState::Closed => "CLOSED",
        RequestState::Merged => "MERGED",
    }
}

/// The ref of that name, with or without what comes before it.
fn find_ref(repository: &Repository, name: &str) -> Option<Thing> {
    let names = [
        name.to_owned(),
        format!("refs/heads/{name}"),
        format!("refs/tags/{name}"),
    ];
    let name = names
        .into_iter()
        .find(|name| repository.refs.contains_key(name))?;
    Some(Thing::Ref(repository.id, name))
}

/// A page of the refs below a prefix.
fn refs(repository: &Repository, arguments: &Arguments) -> Field {
    let prefix = arguments.text("refPrefix").unwrap_or_default();
    let query = arguments.text("query").unwrap_or_default();
    let names = repository.refs.keys();
    let names = names.filter(|name| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.contains(query))
    });
    let refs = names.map(|name| Thing::Ref(repository.id, name.clone()));
    connection::field("RefConnection", "refs", arguments, refs)
}
