//! What is asked in GraphQL.
//!
//! Only what a caller [watches](Watch) is asked for. Names and paths are variables and never part
//! of a document.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::super::Watch;

/// A page of topics, of rules and of commits: the most of each that is looked at.
const TOPICS: u32 = 20;
const RULES: u32 = 30;
/// As many commits as [`Branch::ahead`](super::super::Branch::ahead) tells.
const COMMITS: u32 = 10;
/// Requests from a branch of our name; those from forks are among them.
pub(super) const NEWEST: u32 = 10;
/// Open requests among which the watched ones are looked for.
pub(super) const OPEN: u32 = 20;

/// A question, or a wish to change something.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// The text.
    pub(super) text: String,
    /// What it is about.
    pub(super) variables: Map<String, Value>,
}

/// The fields of a request.
const REQUEST: &str = "
fragment Request on PullRequest {
  id number url title headRefName headRefOid isCrossRepository state isDraft
  author { __typename login }
  mergeable mergeStateStatus
  autoMergeRequest { enabledAt }
  mergeQueueEntry { state }
  statusCheckRollup { state }
}";

/// The fields of a repository that are always asked for.
const REPOSITORY: &str = "
  id name nameWithOwner isArchived isDisabled isLocked isFork isMirror visibility viewerPermission
  mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed autoMergeAllowed deleteBranchOnMerge
  mergeQueue { id }";

/// Who asks.
pub(super) fn viewer() -> Document {
    Document::new("query Viewer { viewer { login databaseId name } }", [])
}

/// A page of the repositories of `owner`.
pub(super) fn survey(owner: &str, first: usize, after: Option<&str>, watch: &Watch) -> Document {
    let mut asking = Asking::new(watch);
    asking.add("owner", "String!", json!(owner));
    asking.add("first", "Int!", json!(first));
    asking.add("after", "String", json!(after));
    asking.document(
        "Survey",
        "repositoryOwner(login: $owner) {
    repositories(first: $first, after: $after, ownerAffiliations: [OWNER], orderBy: {field: NAME, direction: ASC}) {
      pageInfo { hasNextPage endCursor }
      nodes { ...Seen }
    }
  }",
    )
}

/// These repositories of `owner`, as `r0`, `r1` and so on.
pub(super) fn look(owner: &str, names: &[String], watch: &Watch) -> Document {
    let mut asking = Asking::new(watch);
    asking.add("owner", "String!", json!(owner));
    let mut fields = String::new();
    for (at, name) in names.iter().enumerate() {
        asking.add(&format!("n{at}"), "String!", json!(name));
        let _ = writeln!(
            fields,
            "  r{at}: repository(owner: $owner, name: $n{at}) {{ ...Seen }}"
        );
    }
    asking.document("Look", fields.trim_start())
}

/// A request.
pub(super) fn request(id: &str) -> Document {
    Document::new(
        format!(
            "query One($id: ID!) {{ node(id: $id) {{ ... on PullRequest {{ ...Request }} }} }}{REQUEST}"
        ),
        [("id", json!(id))],
    )
}

/// What merging a request would bring.
pub(super) fn brings(id: &str) -> Document {
    Document::new(
        "query Brings($id: ID!) {
  node(id: $id) { ... on PullRequest { baseRefName headRefOid changedFiles } }
}",
        [("id", json!(id))],
    )
}

/// A blob by the repository that has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlobOf<'a> {
    /// The repository's own name.
    pub(super) repository: &'a str,
    /// The blob's name in git.
    pub(super) blob: &'a str,
}

/// The texts of blobs, as `t0`, `t1` and so on.
pub(super) fn texts(blobs: &[BlobOf<'_>]) -> Document {
    let mut asking = Asking::default();
    let mut fields = String::new();
    for (at, BlobOf { repository, blob }) in blobs.iter().enumerate() {
        asking.add(&format!("i{at}"), "ID!", json!(repository));
        asking.add(&format!("o{at}"), "GitObjectID!", json!(blob));
        let _ = writeln!(
            fields,
            "  t{at}: node(id: $i{at}) {{ ... on Repository {{ nameWithOwner object(oid: $o{at}) \
             {{ ... on Blob {{ byteSize isBinary isTruncated text }} }} }} }}"
        );
    }
    asking.document("Texts", fields.trim_start())
}

/// The files at commits, as `c0`, `c1` and so on; each is the name of a repository and of a commit.
pub(super) fn files(commits: &[(&str, &str)], paths: &[String]) -> Document {
    let watch = Watch {
        paths: paths.to_vec(),
        ..Watch::default()
    };
    let mut asking = Asking::default();
    asking.fragments = asking.files(&watch);
    let files = spread(!paths.is_empty());
    let mut fields = String::new();
    for (at, (repository, commit)) in commits.iter().enumerate() {
        asking.add(&format!("i{at}"), "ID!", json!(repository));
        asking.add(&format!("o{at}"), "GitObjectID!", json!(commit));
        let _ = writeln!(
            fields,
            "  c{at}: node(id: $i{at}) {{ ... on Repository {{ object(oid: $o{at}) \
             {{ ... on Commit {{ oid{files} }} }} }} }}"
        );
    }
    asking.document("Files", fields.trim_start())
}

/// The newest runs of workflows.
pub(super) fn runs(workflows: &[&str], first: usize) -> Document {
    Document::new(
        "query Runs($ids: [ID!]!, $first: Int!) {
  nodes(ids: $ids) {
    ... on Workflow {
      id
      runs(first: $first) {
        nodes { url event createdAt checkSuite { id status conclusion updatedAt branch { name } commit { oid } } }
      }
    }
  }
}",
        [("ids", json!(workflows)), ("first", json!(first))],
    )
}

/// What was said in failed check suites.
pub(super) fn annotations(suites: &[&str]) -> Document {
    Document::new(
        "query Annotations($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on CheckSuite {
      id
      checkRuns(first: 10, filterBy: {conclusions: [FAILURE, TIMED_OUT]}) {
        nodes { annotations(first: 20) { nodes { title } } }
      }
    }
  }
}",
        [("ids", json!(suites))],
    )
}

/// A change: one mutation with the input of its name.
pub(super) fn change(mutation: Mutation, input: Value) -> Document {
    let (name, kind, answer) = mutation.parts();
    let request = if answer.contains("...Request") {
        REQUEST
    } else {
        ""
    };
    let text = format!(
        "mutation Change($input: {kind}!) {{ {name}(input: $input) {{ {answer} }} }}{request}"
    );
    Document::new(text, [("input", input)])
}

/// A branch, a commit onto it and a request for it: what each of the three is to be.
pub(super) fn propose(branch: Value, commit: Value, request: Value) -> Document {
    let text = format!(
        "mutation Propose($branch: CreateRefInput!, $commit: CreateCommitOnBranchInput!, \
         $request: CreatePullRequestInput!) {{
  createRef(input: $branch) {{ ref {{ id }} }}
  createCommitOnBranch(input: $commit) {{ commit {{ oid }} }}
  createPullRequest(input: $request) {{ pullRequest {{ ...Request }} }}
}}{REQUEST}"
    );
    Document::new(
        text,
        [("branch", branch), ("commit", commit), ("request", request)],
    )
}

/// What can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutation {
    /// A new branch.
    CreateRef,
    /// Branches moved or deleted.
    UpdateRefs,
    /// A commit.
    CreateCommit,
    /// A new request.
    CreateRequest,
    /// A request's title and text.
    UpdateRequest,
    /// A request opened again.
    ReopenRequest,
    /// A request closed.
    CloseRequest,
    /// A request into the queue.
    Enqueue,
    /// A request to be merged by itself.
    AutoMerge,
    /// A request merged.
    Merge,
}

impl Mutation {
    /// Every one.
    #[cfg(test)]
    pub(super) const ALL: [Self; 10] = [
        Self::CreateRef,
        Self::UpdateRefs,
        Self::CreateCommit,
        Self::CreateRequest,
        Self::UpdateRequest,
        Self::ReopenRequest,
        Self::CloseRequest,
        Self::Enqueue,
        Self::AutoMerge,
        Self::Merge,
    ];

    /// Its name, the type of its input, and what it is to answer.
    fn parts(self) -> (&'static str, &'static str, &'static str) {
        const DONE: &str = "clientMutationId";
        const ANEW: &str = "pullRequest { ...Request }";
        match self {
            Self::CreateRef => ("createRef", "CreateRefInput", DONE),
            Self::UpdateRefs => ("updateRefs", "UpdateRefsInput", DONE),
            Self::CreateCommit => (
                "createCommitOnBranch",
                "CreateCommitOnBranchInput",
                "commit { oid }",
            ),
            Self::CreateRequest => ("createPullRequest", "CreatePullRequestInput", ANEW),
            Self::UpdateRequest => ("updatePullRequest", "UpdatePullRequestInput", DONE),
            Self::ReopenRequest => ("reopenPullRequest", "ReopenPullRequestInput", DONE),
            Self::CloseRequest => ("closePullRequest", "ClosePullRequestInput", DONE),
            Self::Enqueue => ("enqueuePullRequest", "EnqueuePullRequestInput", DONE),
            Self::AutoMerge => (
                "enablePullRequestAutoMerge",
                "EnablePullRequestAutoMergeInput",
                DONE,
            ),
            Self::Merge => (
                "mergePullRequest",
                "MergePullRequestInput",
                "pullRequest { state }",
            ),
        }
    }

    /// The name under which its answer stands.
    pub(super) fn name(self) -> &'static str {
        self.parts().0
    }
}

impl Document {
    fn new<const N: usize>(text: impl Into<String>, variables: [(&str, Value); N]) -> Self {
        let variables = variables.into_iter();
        Self {
            text: text.into(),
            variables: variables
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        }
    }
}

/// A question in the making.
#[derive(Debug, Default)]
struct Asking {
    declared: Vec<String>,
    variables: Map<String, Value>,
    fragments: String,
}

impl Asking {
    /// With the fragment `Seen`.
    fn new(watch: &Watch) -> Self {
        let mut asking = Self::default();
        let files = asking.files(watch);
        let default = asking.default_branch(watch, !files.is_empty());
        let branch = asking.branch(watch, !files.is_empty());
        let open = if watch.requests.is_empty() {
            String::new()
        } else {
            format!(
                "\n  open: pullRequests(first: {OPEN}, states: [OPEN], orderBy: {{field: \
                 CREATED_AT, direction: DESC}}) {{ nodes {{ ...Request }} }}"
            )
        };
        let request = if watch.branch.is_some() || !open.is_empty() {
            REQUEST
        } else {
            ""
        };
        asking.fragments = format!(
            "
fragment Seen on Repository {{{REPOSITORY}
  repositoryTopics(first: {TOPICS}) {{ nodes {{ topic {{ name }} }} }}{default}{branch}{open}
}}{request}{files}"
        );
        asking
    }

    /// The fragment `Files`, where there are any.
    fn files(&mut self, watch: &Watch) -> String {
        let mut fields = String::new();
        for (at, path) in watch.paths.iter().enumerate() {
            self.add(&format!("p{at}"), "String!", json!(path));
            let _ = write!(
                fields,
                "\n  f{at}: file(path: $p{at}) {{ oid mode size type }}"
            );
        }
        if fields.is_empty() {
            return fields;
        }
        format!("\nfragment Files on Commit {{{fields}\n}}")
    }

    fn default_branch(&mut self, watch: &Watch, with_files: bool) -> String {
        let compare = if let Some(branch) = &watch.branch {
            self.add("branch", "String!", json!(branch));
            format!(
                "\n    compare(headRef: $branch) {{ aheadBy behindBy commits(last: {COMMITS}) {{ \
                 nodes {{ oid message author {{ name user {{ login }} }} }} }} }}"
            )
        } else {
            String::new()
        };
        let files = spread(with_files);
        format!(
            "
  defaultBranchRef {{
    name
    target {{ oid{files} }}
    refUpdateRule {{ requiresSignatures viewerCanPush requiredApprovingReviewCount }}
    rules(first: {RULES}) {{ nodes {{ type parameters {{ ... on PullRequestParameters {{ requiredApprovingReviewCount }} }} }} }}{compare}
  }}"
        )
    }

    fn branch(&mut self, watch: &Watch, with_files: bool) -> String {
        let Some(branch) = &watch.branch else {
            return String::new();
        };
        self.add("ref", "String!", json!(format!("refs/heads/{branch}")));
        let files = spread(with_files);
        format!(
            "
  branch: ref(qualifiedName: $ref) {{ target {{ oid{files} }} }}
  newest: pullRequests(first: {NEWEST}, headRefName: $branch, orderBy: {{field: CREATED_AT, direction: DESC}}) {{ nodes {{ ...Request }} }}"
        )
    }

    fn add(&mut self, name: &str, kind: &str, value: Value) {
        self.declared.push(format!("${name}: {kind}"));
        self.variables.insert(name.to_owned(), value);
    }

    fn document(self, name: &str, fields: &str) -> Document {
        let declared = self.declared.join(", ");
        let text = format!(
            "query {name}({declared}) {{\n  {fields}\n}}{}",
            self.fragments
        );
        Document {
            text,
            variables: self.variables,
        }
    }
}

fn spread(with_files: bool) -> &'static str {
    if with_files { " ...Files" } else { "" }
}
