//! A repository, its rules, and what hangs on it.

use std::collections::{BTreeMap, HashSet};

use super::{
    object::Oid,
    request::Request,
    run::{Run, Workflow},
};

/// Who may see a repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visibility {
    /// Everyone.
    Public,
    /// Everyone with an account of the enterprise or instance.
    Internal,
    /// Members.
    #[default]
    Private,
}

impl Visibility {
    /// In lower case.
    pub fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Private => "private",
        }
    }
}

/// How a request is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// With a merge commit.
    Merge,
    /// As one commit.
    Squash,
    /// Commit by commit.
    Rebase,
}

/// What holds in a repository, for everyone but admins.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub struct Rules {
    /// The default branch moves by requests alone.
    pub protected: bool,
    /// Logins that may push to it all the same.
    pub pushers: Vec<String>,
    /// Every commit on the default branch must be signed.
    pub signed: bool,
    /// A request needs so many approvals.
    pub approvals: u32,
    /// A request's checks must have passed.
    pub checks: bool,
    /// Requests may be merged with a merge commit.
    pub merge: bool,
    /// As one commit.
    pub squash: bool,
    /// Commit by commit.
    pub rebase: bool,
    /// By themselves, once nothing is in the way.
    pub auto_merge: bool,
    /// Through a queue alone.
    pub queue: bool,
    /// The branch goes with the merge.
    pub deletes_branch: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            protected: false,
            pushers: Vec::new(),
            signed: false,
            approvals: 0,
            checks: false,
            merge: true,
            squash: true,
            rebase: true,
            auto_merge: false,
            queue: false,
            deletes_branch: false,
        }
    }
}

impl Rules {
    /// Whether requests may be merged in this way.
    pub fn allow(&self, method: Method) -> bool {
        match method {
            Method::Merge => self.merge,
            Method::Squash => self.squash,
            Method::Rebase => self.rebase,
        }
    }
}

/// A repository. Its fields are the test's to change; what goes by rules goes through
/// [`Store`](super::Store).
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub struct Repository {
    /// The forge's number for it, which survives a rename.
    pub id: u64,
    /// Below the owner or group: `api`, or `team/api` in a subgroup.
    pub name: String,
    /// The branch that is checked out where none is named, without `refs/heads/`.
    pub default_branch: String,
    /// Nothing can be written to it.
    pub archived: bool,
    /// It is switched off.
    pub disabled: bool,
    /// It was forked from another.
    pub fork: bool,
    /// It only follows another.
    pub mirror: bool,
    /// Requests cannot be opened in it.
    pub without_requests: bool,
    /// Whoever is no admin may not push to it.
    pub read_only: bool,
    /// A single sign-on that the token lacks protects it (GitHub).
    pub forbidden: bool,
    /// Its topics.
    pub topics: Vec<String>,
    /// Who may see it.
    pub visibility: Visibility,
    /// What holds in it.
    pub rules: Rules,
    /// Where each `refs/...` is.
    pub refs: BTreeMap<String, Oid>,
    /// Its commits, whether a ref leads to them or not.
    pub commits: HashSet<Oid>,
    /// Its pull or merge requests by number.
    pub requests: BTreeMap<u64, Request>,
    /// Its workflows.
    pub workflows: Vec<Workflow>,
    /// Its runs, oldest first.
    pub runs: Vec<Run>,
}

impl Repository {
    /// An empty one.
    pub fn new(name: &str) -> Self {
        Self {
            id: 0,
            name: name.to_owned(),
            default_branch: "main".to_owned(),
            archived: false,
            disabled: false,
            fork: false,
            mirror: false,
            without_requests: false,
            read_only: false,
            forbidden: false,
            topics: Vec::new(),
            visibility: Visibility::default(),
            rules: Rules::default(),
            refs: BTreeMap::new(),
            commits: HashSet::new(),
            requests: BTreeMap::new(),
            workflows: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// The commit of a branch.
    pub fn branch(&self, name: &str) -> Option<Oid> {
        self.refs.get(&branch_ref(name)).copied()
    }

    /// The commit of the default branch; none where it is empty.
    pub fn head(&self) -> Option<Oid> {
        self.branch(&self.default_branch)
    }

    /// Its branches by name.
    pub fn branches(&self) -> impl Iterator<Item = (&str, Oid)> {
        self.refs
            .iter()
            .filter_map(|(name, id)| Some((name.strip_prefix("refs/heads/")?, *id)))
    }
}

/// `refs/heads/<name>`.
pub fn branch_ref(name: &str) -> String {
    format!("refs/heads/{name}")
}
