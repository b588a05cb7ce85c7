//! A repository as GraphQL tells it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    super::{
        AheadCommit, Branch, BranchRules, Entry, EntryMode, MergeMethods, Reason, Repository, Seen,
        Watch,
    },
    documents::{NEWEST, OPEN as OPEN_SEEN},
    pull::Pull,
};
use crate::config::Visibility;

/// The most open requests that are told.
pub(super) const OPEN: usize = 10;

/// A repository as one answer tells it, and what more there may be.
pub(super) struct Sight {
    pub(super) seen: Seen,
    pub(super) crowd: Crowd,
}

/// Where an answer was full of requests before ours came: whoever may fork a repository can open as
/// many as they like, from branches with our names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Crowd {
    /// Those from the watched branch.
    pub(super) newest: bool,
    /// The open ones.
    pub(super) open: bool,
}

/// A list in GraphQL; what may not be seen is null in it.
#[derive(Debug, Deserialize)]
pub(super) struct Nodes<T> {
    #[serde(default = "Vec::new")]
    pub(super) nodes: Vec<Option<T>>,
}

impl<T> Nodes<T> {
    /// What can be seen of it.
    pub(super) fn into_iter(self) -> impl Iterator<Item = T> {
        self.nodes.into_iter().flatten()
    }
}

/// What may be null.
pub(super) fn each<T>(nodes: Option<Nodes<T>>) -> impl Iterator<Item = T> {
    nodes.into_iter().flat_map(Nodes::into_iter)
}

/// The fragment `Seen`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "as the forge tells it")]
pub(super) struct Node {
    id: String,
    name: String,
    name_with_owner: String,
    is_archived: bool,
    is_disabled: bool,
    is_locked: bool,
    is_fork: bool,
    is_mirror: bool,
    visibility: String,
    viewer_permission: Option<String>,
    merge_commit_allowed: bool,
    squash_merge_allowed: bool,
    rebase_merge_allowed: bool,
    auto_merge_allowed: bool,
    delete_branch_on_merge: bool,
    merge_queue: Option<Value>,
    repository_topics: Option<Nodes<TopicOf>>,
    default_branch_ref: Option<DefaultBranch>,
    branch: Option<BranchRef>,
    newest: Option<Nodes<Pull>>,
    open: Option<Nodes<Pull>>,
}

#[derive(Debug, Deserialize)]
struct TopicOf {
    topic: Topic,
}

#[derive(Debug, Deserialize)]
struct Topic {
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DefaultBranch {
    name: String,
    target: Option<Target>,
    ref_update_rule: Option<UpdateRule>,
    rules: Option<Nodes<Rule>>,
    compare: Option<Comparison>,
}

#[derive(Debug, Deserialize)]
struct BranchRef {
    target: Option<Target>,
}

/// A commit with its watched files, `f0` and so on.
#[derive(Debug, Deserialize)]
pub(super) struct Target {
    oid: String,
    #[serde(flatten)]
    files: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct File {
    oid: String,
    mode: u32,
    size: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdateRule {
    requires_signatures: bool,
    viewer_can_push: bool,
    required_approving_review_count: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
    parameters: Option<RuleParameters>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleParameters {
    required_approving_review_count: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comparison {
    ahead_by: u64,
    behind_by: u64,
    commits: Nodes<Commit>,
}

#[derive(Debug, Deserialize)]
struct Commit {
    oid: String,
    message: String,
    author: Option<Author>,
}

#[derive(Debug, Deserialize)]
struct Author {
    name: Option<String>,
    user: Option<User>,
}

#[derive(Debug, Deserialize)]
struct User {
    login: String,
}

impl Node {
    /// What was watched. `writes` says that the token may push wherever it may read, as an app's
    /// does, of which the forge tells no permission for each repository.
    pub(super) fn into_seen(mut self, watch: &Watch, writes: bool) -> Result<Sight, Reason> {
        let default = self.default_branch_ref.take();
        let repository = self.repository(default.as_ref(), writes);
        let (head, files, compare) = match default {
            Some(DefaultBranch {
                target: Some(target),
                compare,
                ..
            }) => (Some(commit(&target.oid)?), target.files(watch), compare),
            _ => (None, BTreeMap::new(), None),
        };
        let target = self.branch.take().and_then(|branch| branch.target);
        let branch = target
            .map(|target| target.branch(compare, watch))
            .transpose()?;
        let is_full = |page: &Option<Nodes<Pull>>, most: u32| {
            let page = page.as_ref();
            page.is_some_and(|it| it.nodes.len() >= most as usize)
        };
        let mut crowd = Crowd {
            newest: is_full(&self.newest, NEWEST),
            open: is_full(&self.open, OPEN_SEEN),
        };
        let newest = each(self.newest.take()).find(Pull::is_own);
        crowd.newest &= newest.is_none();
        let wanted = |pull: &Pull| {
            let begins = |prefix: &String| pull.branch().starts_with(prefix.as_str());
            pull.is_own() && watch.requests.iter().any(begins)
        };
        let open = each(self.open.take()).filter(wanted).take(OPEN);
        let open: Vec<_> = open.map(Pull::into_request).collect();
        crowd.open &= open.len() < OPEN;
        let seen = Seen {
            repository,
            head,
            files,
            branch,
            request: newest.map(Pull::into_request),
            open,
        };
        Ok(Sight { seen, crowd })
    }

    fn repository(&mut self, default: Option<&DefaultBranch>, writes: bool) -> Repository {
        let permission = self.viewer_permission.as_deref();
        let topics = each(self.repository_topics.take());
        let may_push = writes || matches!(permission, Some("ADMIN" | "MAINTAIN" | "WRITE"));
        Repository {
            id: self.id.clone(),
            name: self.name.clone(),
            full_name: self.name_with_owner.clone(),
            // One without a commit is as good as none.
            default_branch: default
                .filter(|it| it.target.is_some())
                .map(|it| it.name.clone()),
            is_archived: self.is_archived,
            is_disabled: self.is_disabled || self.is_locked,
            is_fork: self.is_fork,
            is_mirror: self.is_mirror,
            topics: topics.map(|it| it.topic.name).collect(),
            visibility: visibility(&self.visibility),
            may_push,
            takes_requests: true,
            methods: MergeMethods {
                merge: self.merge_commit_allowed,
                squash: self.squash_merge_allowed,
                rebase: self.rebase_merge_allowed,
                auto: self.auto_merge_allowed,
                queue: self.merge_queue.is_some(),
                deletes_branch: self.delete_branch_on_merge,
            },
            rules: default.map_or_else(BranchRules::default, |it| it.rules(may_push)),
        }
    }
}

pub(super) fn visibility(told: &str) -> Visibility {
    match told.to_ascii_uppercase().as_str() {
        "PUBLIC" => Visibility::Public,
        "INTERNAL" => Visibility::Internal,
        _ => Visibility::Private,
    }
}

impl DefaultBranch {
    /// Of classic protection and of rulesets, whichever asks for more. Whether we may pass a
    /// ruleset by is not told, so that it counts as one that we may not.
    fn rules(&self, may_push: bool) -> BranchRules {
        let classic = self.ref_update_rule.as_ref();
        let rules = || self.rules.iter().flat_map(|it| it.nodes.iter().flatten());
        let has = |kinds: &[&str]| rules().any(|rule| kinds.contains(&rule.kind.as_str()));
        let parameters = rules().filter_map(|rule| rule.parameters.as_ref());
        let approvals = parameters.filter_map(|it| it.required_approving_review_count);
        let approvals = approvals.max().unwrap_or(0);
        let classic_approvals = classic.and_then(|it| it.required_approving_review_count);
        BranchRules {
            signed: classic.is_some_and(|it| it.requires_signatures)
                || has(&["REQUIRED_SIGNATURES"]),
            may_push: may_push
                && classic.is_none_or(|it| it.viewer_can_push)
                && !has(&["PULL_REQUEST", "UPDATE", "LOCK_BRANCH", "MERGE_QUEUE"]),
            approvals: approvals.max(classic_approvals.unwrap_or(0)),
        }
    }
}

impl Target {
    pub(super) fn files(self, watch: &Watch) -> BTreeMap<String, Entry> {
        let entry = |(at, path): (usize, &String)| {
            let told = self.files.get(&format!("f{at}"))?;
            let file = File::deserialize(told).ok()?;
            Some((path.clone(), file.into_entry()))
        };
        watch.paths.iter().enumerate().filter_map(entry).collect()
    }

    fn branch(self, compare: Option<Comparison>, watch: &Watch) -> Result<Branch, Reason> {
        let head = commit(&self.oid)?;
        let files = self.files(watch);
        let Some(compare) = compare else {
            // It has nothing in common with the default branch: a commit that is not shown stands
            // for all of them, and nobody takes the branch for ours.
            return Ok(Branch {
                head,
                files,
                ahead: Vec::new(),
                ahead_count: 1,
                behind_count: 0,
            });
        };
        let ahead: Result<Vec<_>, Reason> = compare
            .commits
            .into_iter()
            .map(Commit::into_ahead)
            .collect();
        let mut ahead = ahead?;
        ahead.reverse();
        Ok(Branch {
            head,
            files,
            ahead,
            ahead_count: compare.ahead_by,
            behind_count: compare.behind_by,
        })
    }
}

impl File {
    fn into_entry(self) -> Entry {
        Entry {
            id: self.oid,
            mode: mode(self.mode),
            size: self.size,
        }
    }
}

/// What git's mode says.
pub(super) fn mode(bits: u32) -> EntryMode {
    match bits {
        0o100_755 => EntryMode::Executable,
        0o100_000..=0o100_777 => EntryMode::File,
        0o120_000 => EntryMode::Link,
        _ => EntryMode::Other,
    }
}

impl Commit {
    fn into_ahead(self) -> Result<AheadCommit, Reason> {
        let author = self
            .author
            .map(|it| (it.user.map(|user| user.login), it.name));
        let (login, name) = author.unwrap_or_default();
        Ok(AheadCommit {
            id: commit(&self.oid)?,
            message: self.message,
            author: login.or(name).unwrap_or_else(|| "somebody".to_owned()),
        })
    }
}

/// The name of a commit in an answer.
pub(super) fn commit(oid: &str) -> Result<crate::model::commit::CommitId, Reason> {
    let parsed = oid.parse();
    parsed.map_err(|_| Reason::Malformed("a commit's name is none"))
}
