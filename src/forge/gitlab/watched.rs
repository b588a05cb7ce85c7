//! What GraphQL is asked about many projects at once, and what it tells.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{Entry, EntryMode, Watch},
    client::Client,
    graphql::{Failure, Lacking},
    request,
};

/// Open requests of a project that one answer holds.
pub(super) const OPEN: usize = 20;
/// Requests from branches of that name, of forks too.
const SAME_NAME: usize = 5;
/// What some instances do not have, and what it tells is nothing there.
const OPTIONAL: [&str; 2] = ["Project.pushRules", "MergeRequest.approvalsRequired"];

#[derive(Deserialize)]
struct Data {
    projects: Nodes<Project>,
}

/// A page of a connection; what may not be seen is null.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Nodes<T> {
    nodes: Option<Vec<Option<T>>>,
    #[serde(default)]
    page_info: PageInfo,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
}

/// A project in GraphQL.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Project {
    id: String,
    user_permissions: Permissions,
    #[serde(default)]
    push_rules: Option<PushRules>,
    repository: Option<Repository>,
    #[serde(default)]
    pub(super) request: Option<Nodes<request::Node>>,
    #[serde(default)]
    pub(super) open: Option<Nodes<request::Node>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Permissions {
    push_code: bool,
    create_merge_request_in: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PushRules {
    reject_unsigned_commits: bool,
}

#[derive(Debug, Deserialize)]
struct Repository {
    tree: Option<Tree>,
    #[serde(default)]
    files: Option<Nodes<Blob>>,
    #[serde(default)]
    ours: Option<Nodes<Blob>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tree {
    last_commit: Option<Commit>,
}

#[derive(Debug, Deserialize)]
struct Commit {
    sha: String,
}

/// A file at a commit.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Blob {
    pub(super) path: String,
    pub(super) oid: String,
    mode: Option<String>,
    /// GitLab's `BigInt`: a number, or a text with one.
    #[serde(default)]
    size: Value,
    #[serde(default)]
    can_current_user_push_to_branch: Option<bool>,
}

impl<T> Nodes<T> {
    /// What may be seen.
    pub(super) fn seen(self) -> impl Iterator<Item = T> {
        self.nodes.into_iter().flatten().flatten()
    }

    /// The same, to look at.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.nodes.iter().flatten().flatten()
    }

    /// Whether there is more.
    pub(super) fn has_more(&self) -> bool {
        self.page_info.has_next_page
    }
}

impl Blob {
    pub(super) fn mode(&self) -> EntryMode {
        mode(self.mode.as_deref())
    }

    fn size(&self) -> Option<u64> {
        let text = || self.size.as_str()?.parse().ok();
        self.size.as_u64().or_else(text)
    }

    pub(super) fn entry(self) -> (String, Entry) {
        let (mode, size) = (self.mode(), self.size());
        let id = self.oid;
        (self.path, Entry { id, mode, size })
    }
}

impl Project {
    /// Its number, by which REST knows it.
    pub(super) fn id(&self) -> Option<u64> {
        number(&self.id)
    }

    pub(super) fn may_push(&self) -> bool {
        self.user_permissions.push_code
    }

    pub(super) fn may_open(&self) -> bool {
        self.user_permissions.create_merge_request_in
    }

    /// Whether unsigned commits are rejected.
    pub(super) fn wants_signatures(&self) -> bool {
        let rules = self.push_rules.as_ref();
        rules.is_some_and(|rules| rules.reject_unsigned_commits)
    }

    /// Whether we may push to the default branch; told only where one of the files is there.
    pub(super) fn may_push_directly(&self) -> Option<bool> {
        let mut files = self.repository.as_ref()?.files.as_ref()?.iter();
        files.find_map(|file| file.can_current_user_push_to_branch)
    }

    /// The commit that the default branch is at.
    pub(super) fn head(&self) -> Option<&str> {
        let tree = self.repository.as_ref()?.tree.as_ref()?;
        Some(tree.last_commit.as_ref()?.sha.as_str())
    }

    /// The watched files of the default branch.
    pub(super) fn take_files(&mut self) -> BTreeMap<String, Entry> {
        entries(self.repository.as_mut().and_then(|it| it.files.take()))
    }

    /// The watched files of the watched branch.
    pub(super) fn take_ours(&mut self) -> BTreeMap<String, Entry> {
        entries(self.repository.as_mut().and_then(|it| it.ours.take()))
    }
}

/// What a blob's mode says.
pub(super) fn mode(mode: Option<&str>) -> EntryMode {
    match mode {
        Some("100644" | "644") => EntryMode::File,
        Some("100755") => EntryMode::Executable,
        Some("120000") => EntryMode::Link,
        _ => EntryMode::Other,
    }
}

fn entries(blobs: Option<Nodes<Blob>>) -> BTreeMap<String, Entry> {
    let blobs = blobs.into_iter().flat_map(Nodes::seen);
    blobs.map(Blob::entry).collect()
}

/// The number in `gid://gitlab/Project/7`.
pub(super) fn number(id: &str) -> Option<u64> {
    id.rsplit('/').next()?.parse().ok()
}

/// The name by which GraphQL knows a project.
pub(super) fn gid(project: u64) -> String {
    format!("gid://gitlab/Project/{project}")
}

/// What is watched in these projects; one that may not be seen is left out.
pub(super) async fn ask(
    client: &Client,
    lacking: &Lacking,
    watch: &Watch,
    projects: &[u64],
) -> Result<Vec<Project>, Failure> {
    let ids: Vec<_> = projects.iter().map(|id| gid(*id)).collect();
    let variables = json!({
        "ids": ids,
        "count": ids.len(),
        "paths": watch.paths,
        "files": watch.paths.len().min(100),
        "branch": watch.branch,
        "branches": watch.branch.iter().collect::<Vec<_>>(),
    });
    let document = document(lacking, watch);
    let data: Data = client
        .ask(&document, &variables, lacking, &OPTIONAL)
        .await?;
    Ok(data.projects.seen().collect())
}

/// The document for `watch`: variables that it does not use must not stand in it.
fn document(lacking: &Lacking, watch: &Watch) -> String {
    let variables = variables(watch);
    let rules = lacking.unless("Project.pushRules", "pushRules { rejectUnsignedCommits }");
    let files = files(watch);
    let requests = requests(watch);
    let fragment = if requests.is_empty() {
        String::new()
    } else {
        request::fragment(lacking)
    };
    format!(
        "query({variables}) {{ projects(ids: $ids, first: $count) {{ nodes {{ id \
         userPermissions {{ pushCode createMergeRequestIn }} {rules} \
         repository {{ tree {{ lastCommit {{ sha }} }} {files} }} {requests} }} }} }} {fragment}"
    )
}

fn variables(watch: &Watch) -> String {
    let mut variables = "$ids: [ID!]!, $count: Int!".to_owned();
    if !watch.paths.is_empty() {
        variables += ", $paths: [String!]!, $files: Int!";
    }
    if watch.branch.is_some() {
        variables += ", $branches: [String!]!";
    }
    if watch.branch.is_some() && !watch.paths.is_empty() {
        variables += ", $branch: String!";
    }
    variables
}

/// The watched files, on the default branch and on ours. A branch that is not there has none.
fn files(watch: &Watch) -> String {
    let mut files = String::new();
    if watch.paths.is_empty() {
        return files;
    }
    files += "files: blobs(paths: $paths, first: $files) \
        { nodes { path oid mode size canCurrentUserPushToBranch } }";
    if watch.branch.is_some() {
        files += " ours: blobs(paths: $paths, ref: $branch, first: $files) \
            { nodes { path oid mode size } }";
    }
    files
}

/// The newest requests from our branch, and the open ones.
fn requests(watch: &Watch) -> String {
    let newest = watch.branch.as_ref().map(|_| {
        format!(
            "request: mergeRequests(sourceBranches: $branches, sort: CREATED_DESC, \
             first: {SAME_NAME}) {{ nodes {{ ...R }} pageInfo {{ hasNextPage }} }} "
        )
    });
    let open = watch.requests.first().map(|_| {
        format!(
            "open: mergeRequests(state: opened, sort: CREATED_DESC, first: {OPEN}) \
             {{ nodes {{ ...R }} pageInfo {{ hasNextPage }} }}"
        )
    });
    [newest, open].into_iter().flatten().collect()
}
