//! Repositories as REST tells them.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde::{Deserialize, de::IgnoredAny};

use super::{
    super::{
        super::{
            AheadCommit, Branch, BranchRules, CommitOf, Entry, MergeMethods, Reason, Repository,
            Request, Seen, Watch,
        },
        GitHub, answer,
        client::Call,
        runs::escaped,
        seen::{Crowd, OPEN, commit, mode, visibility},
    },
    pull::{self, Pull},
};

/// Repositories that are looked at at once.
const ABREAST: usize = 8;
/// Pages of a hundred repositories.
const PAGES: usize = 1000;
/// As many commits as a branch tells.
const COMMITS: usize = 10;
/// Pages of a hundred requests.
const REQUEST_PAGES: usize = 10;

/// A repository.
#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "as the forge tells it")]
struct Told {
    node_id: String,
    name: String,
    full_name: String,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    disabled: bool,
    #[serde(default)]
    fork: bool,
    mirror_url: Option<String>,
    #[serde(default)]
    topics: Vec<String>,
    visibility: Option<String>,
    default_branch: Option<String>,
    permissions: Option<Permissions>,
    #[serde(default)]
    allow_merge_commit: bool,
    #[serde(default)]
    allow_squash_merge: bool,
    #[serde(default)]
    allow_rebase_merge: bool,
    #[serde(default)]
    allow_auto_merge: bool,
    #[serde(default)]
    delete_branch_on_merge: bool,
}

#[derive(Deserialize)]
struct Permissions {
    #[serde(default)]
    push: bool,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct BranchTold {
    commit: BranchCommit,
    #[serde(default)]
    protected: bool,
}

#[derive(Deserialize)]
struct BranchCommit {
    sha: String,
}

#[derive(Deserialize)]
struct Tree {
    tree: Vec<TreeEntry>,
}

#[derive(Clone, Deserialize)]
struct TreeEntry {
    path: String,
    mode: String,
    sha: String,
    size: Option<u64>,
}

#[derive(Deserialize)]
struct Compared {
    ahead_by: u64,
    behind_by: u64,
    commits: Vec<CommitTold>,
}

#[derive(Deserialize)]
struct CommitTold {
    sha: String,
    commit: CommitText,
    author: Option<User>,
}

#[derive(Deserialize)]
struct CommitText {
    message: String,
    author: Option<Name>,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    required_approving_review_count: Option<u32>,
}

/// Every repository of the owner: an organisation's, else a person's.
pub(in super::super) async fn survey(github: &GitHub, watch: &Watch) -> Result<Vec<Seen>, Reason> {
    let mut names = match list(github, "orgs").await {
        Err(Reason::NotFound(_)) => list(github, "users").await?,
        names => names?,
    };
    names.sort();
    let seen = look(github, &names, watch).await?;
    Ok(seen.into_iter().flatten().collect())
}

async fn list(github: &GitHub, kind: &str) -> Result<Vec<String>, Reason> {
    let mut names = Vec::new();
    for page in 1..=PAGES {
        let owner = &github.owner;
        let path = format!("/{kind}/{owner}/repos?per_page=100&page={page}&sort=full_name");
        let told: Vec<Name> = get(github, path).await?;
        let is_last = told.len() < 100;
        names.extend(told.into_iter().map(|it| it.name));
        if is_last {
            break;
        }
    }
    Ok(names)
}

/// These repositories.
pub(in super::super) async fn look(
    github: &GitHub,
    names: &[String],
    watch: &Watch,
) -> Result<Vec<Option<Seen>>, Reason> {
    let mut all = Vec::with_capacity(names.len());
    for some in names.chunks(ABREAST) {
        let seen = some.iter().map(|name| see(github, name, watch));
        for seen in join_all(seen).await {
            all.push(seen?);
        }
    }
    Ok(all)
}

/// Finds what a crowd of others' requests hid.
pub(in super::super) async fn uncrowd(
    github: &GitHub,
    seen: &mut Seen,
    crowd: Crowd,
    watch: &Watch,
) -> Result<(), Reason> {
    let looking = Looking { github, watch };
    let repository = &seen.repository;
    if let (true, Some(branch)) = (crowd.newest, &watch.branch)
        && let Some(pull) = looking.newest(repository, branch).await?
    {
        let request = pull.into_request();
        seen.request = Some(github.request_now(repository, &request).await?);
    }
    if crowd.open {
        let mut open = Vec::new();
        for pull in looking.open(repository).await? {
            let request = pull.into_request();
            open.push(github.request_now(repository, &request).await?);
        }
        seen.open = open;
    }
    Ok(())
}

/// The watched files at commits.
pub(in super::super) async fn files(
    github: &GitHub,
    of: &[CommitOf],
    watch: &Watch,
) -> Result<Vec<Option<BTreeMap<String, Entry>>>, Reason> {
    let looking = Looking { github, watch };
    let mut all = Vec::with_capacity(of.len());
    for some in of.chunks(ABREAST) {
        let files = some.iter().map(|of| async {
            let (name, commit) = (&of.full_name, of.commit.as_str());
            let path = format!("/repos/{name}/git/commits/{commit}");
            let there: Option<IgnoredAny> = absent(get(github, path).await)?;
            if there.is_none() {
                return Ok(None);
            }
            looking.files(name, commit).await.map(Some)
        });
        for files in join_all(files).await {
            all.push(files?);
        }
    }
    Ok(all)
}

async fn see(github: &GitHub, name: &str, watch: &Watch) -> Result<Option<Seen>, Reason> {
    let path = format!("/repos/{}/{}", github.owner, escaped(name));
    // One that was renamed is answered with a redirect to its number, which is on the same API.
    let told: Told = match followed(github, path).await {
        // A token that is not accepted tells nothing about the repository.
        Err(Reason::Unauthorized(refusal)) if refusal.status != 401 => return Ok(None),
        Err(Reason::NotFound(_) | Reason::Lacks(_)) => return Ok(None),
        told => told?,
    };
    if !github.is_below(&told.full_name) {
        return Ok(None);
    }
    let mut repository = told.into_repository(github.client.auth().writes_everywhere());
    let looking = Looking { github, watch };
    let mut seen = Seen {
        head: None,
        files: BTreeMap::new(),
        branch: None,
        request: None,
        open: Vec::new(),
        repository: repository.clone(),
    };
    let default = match &repository.default_branch {
        Some(name) => looking.branch_told(&repository, name).await?,
        None => None,
    };
    let Some(default) = default else {
        seen.repository.default_branch = None;
        return Ok(Some(seen));
    };
    repository.rules = looking.rules(&repository, default.protected).await?;
    let head = &default.commit.sha;
    seen.head = Some(commit(head)?);
    seen.files = looking.files(&repository.full_name, head).await?;
    if let Some(name) = &watch.branch {
        seen.branch = looking.branch(&repository, name, head).await?;
        if let Some(pull) = looking.newest(&repository, name).await? {
            seen.request = Some(looking.whole(&repository, &pull).await?);
        }
    }
    if !watch.requests.is_empty() {
        for pull in looking.open(&repository).await? {
            seen.open.push(looking.whole(&repository, &pull).await?);
        }
    }
    seen.repository = repository;
    Ok(Some(seen))
}

struct Looking<'a> {
    github: &'a GitHub,
    watch: &'a Watch,
}

impl Looking<'_> {
    async fn branch_told(
        &self,
        repository: &Repository,
        name: &str,
    ) -> Result<Option<BranchTold>, Reason> {
        let path = format!("/repos/{}/branches/{}", repository.full_name, escaped(name));
        absent(get(self.github, path).await)
    }

    async fn rules(&self, repository: &Repository, protected: bool) -> Result<BranchRules, Reason> {
        let branch = repository.default_branch.as_deref().unwrap_or_default();
        let name = &repository.full_name;
        let path = format!(
            "/repos/{name}/rules/branches/{}?per_page=100",
            escaped(branch)
        );
        let rules: Vec<Rule> = absent(get(self.github, path).await)?.unwrap_or_default();
        let has = |kinds: &[&str]| rules.iter().any(|it| kinds.contains(&it.kind.as_str()));
        let parameters = rules.iter().filter_map(|it| it.parameters.as_ref());
        let approvals = parameters.filter_map(|it| it.required_approving_review_count);
        Ok(BranchRules {
            signed: has(&["required_signatures"]),
            // What classic protection says is told to administrators alone.
            may_push: repository.may_push
                && !protected
                && !has(&["pull_request", "update", "lock_branch", "merge_queue"]),
            approvals: approvals.max().unwrap_or(0),
        })
    }

    /// The watched files, by as many trees as they lie in.
    async fn files(&self, full_name: &str, root: &str) -> Result<BTreeMap<String, Entry>, Reason> {
        let mut trees: BTreeMap<String, Vec<TreeEntry>> = BTreeMap::new();
        let mut files = BTreeMap::new();
        for path in &self.watch.paths {
            let (mut sha, mut found) = (Some(root.to_owned()), None);
            for part in path.split('/') {
                let Some(tree) = sha.take() else {
                    found = None;
                    break;
                };
                if !trees.contains_key(&tree) {
                    let entries = self.tree(full_name, &tree).await?;
                    trees.insert(tree.clone(), entries);
                }
                let mut entries = trees.get(&tree).into_iter().flatten();
                found = entries.find(|entry| entry.path == part).cloned();
                let folder = found.as_ref().filter(|entry| entry.mode == "040000");
                sha = folder.map(|entry| entry.sha.clone());
            }
            if let Some(entry) = found {
                files.insert(path.clone(), entry.into_entry());
            }
        }
        Ok(files)
    }

    async fn tree(&self, full_name: &str, sha: &str) -> Result<Vec<TreeEntry>, Reason> {
        let path = format!("/repos/{full_name}/git/trees/{sha}");
        let tree: Option<Tree> = absent(get(self.github, path).await)?;
        Ok(tree.map(|it| it.tree).unwrap_or_default())
    }

    async fn branch(
        &self,
        repository: &Repository,
        name: &str,
        base: &str,
    ) -> Result<Option<Branch>, Reason> {
        let Some(told) = self.branch_told(repository, name).await? else {
            return Ok(None);
        };
        let head = told.commit.sha;
        let path = format!("/repos/{}/compare/{base}...{head}", repository.full_name);
        // Two that have nothing in common cannot be compared.
        let compared: Option<Compared> = absent(get(self.github, path).await)?;
        let mut compared = compared.unwrap_or(Compared {
            ahead_by: 1,
            behind_by: 0,
            commits: Vec::new(),
        });
        compared.commits.reverse();
        let ahead = compared.commits.into_iter().take(COMMITS);
        let ahead: Result<Vec<_>, _> = ahead.map(CommitTold::into_ahead).collect();
        Ok(Some(Branch {
            files: self.files(&repository.full_name, &head).await?,
            head: commit(&head)?,
            ahead: ahead?,
            ahead_count: compared.ahead_by,
            behind_count: compared.behind_by,
        }))
    }

    async fn newest(&self, repository: &Repository, branch: &str) -> Result<Option<Pull>, Reason> {
        let owner = repository.full_name.split('/').next().unwrap_or_default();
        let head = escaped(&format!("{owner}:{branch}"));
        let query = format!("state=all&head={head}");
        let pulls = self.pulls(repository, &query, 1).await?;
        Ok(pulls.into_iter().find(Pull::is_own))
    }

    /// Page by page, until enough of them are found.
    async fn open(&self, repository: &Repository) -> Result<Vec<Pull>, Reason> {
        let wanted = |pull: &Pull| {
            let begins = |prefix: &String| pull.branch().starts_with(prefix.as_str());
            pull.is_own() && self.watch.requests.iter().any(begins)
        };
        let mut open = Vec::new();
        for page in 1..=REQUEST_PAGES {
            let pulls = self.pulls(repository, "state=open", page).await?;
            let is_last = pulls.len() < 100;
            open.extend(pulls.into_iter().filter(wanted));
            if is_last || open.len() >= OPEN {
                break;
            }
        }
        open.truncate(OPEN);
        Ok(open)
    }

    async fn pulls(
        &self,
        repository: &Repository,
        query: &str,
        page: usize,
    ) -> Result<Vec<Pull>, Reason> {
        let name = &repository.full_name;
        let order = format!("sort=created&direction=desc&per_page=100&page={page}");
        get(self.github, format!("/repos/{name}/pulls?{query}&{order}")).await
    }

    /// With what a list does not tell.
    async fn whole(&self, repository: &Repository, pull: &Pull) -> Result<Request, Reason> {
        pull::request(self.github, repository, pull.number()).await
    }
}

impl Told {
    fn into_repository(self, writes: bool) -> Repository {
        Repository {
            id: self.node_id,
            name: self.name,
            full_name: self.full_name,
            default_branch: self.default_branch,
            is_archived: self.archived,
            is_disabled: self.disabled,
            is_fork: self.fork,
            is_mirror: self.mirror_url.is_some(),
            topics: self.topics,
            visibility: visibility(self.visibility.as_deref().unwrap_or_default()),
            may_push: writes || self.permissions.is_some_and(|it| it.push),
            takes_requests: true,
            methods: MergeMethods {
                merge: self.allow_merge_commit,
                squash: self.allow_squash_merge,
                rebase: self.allow_rebase_merge,
                auto: self.allow_auto_merge,
                // REST cannot put anything into a queue.
                queue: false,
                deletes_branch: self.delete_branch_on_merge,
            },
            rules: BranchRules::default(),
        }
    }
}

impl TreeEntry {
    fn into_entry(self) -> Entry {
        Entry {
            id: self.sha,
            mode: mode(u32::from_str_radix(&self.mode, 8).unwrap_or(0)),
            size: self.size,
        }
    }
}

impl CommitTold {
    fn into_ahead(self) -> Result<AheadCommit, Reason> {
        let login = self.author.map(|it| it.login);
        let name = self.commit.author.map(|it| it.name);
        Ok(AheadCommit {
            id: commit(&self.sha)?,
            message: self.commit.message,
            author: login.or(name).unwrap_or_else(|| "somebody".to_owned()),
        })
    }
}

pub(super) async fn get<T: serde::de::DeserializeOwned>(
    github: &GitHub,
    path: String,
) -> Result<T, Reason> {
    answer::read(&github.client.send(&Call::get(path)).await?)
}

/// Follows the redirect of a repository that was renamed, within the API and once.
async fn followed(github: &GitHub, path: String) -> Result<Told, Reason> {
    let answer = github.client.send(&Call::get(path)).await?;
    match github.client.moved(&answer) {
        Some(path) => get(github, path).await,
        None => answer::read(&answer),
    }
}

/// Nothing, where it is not there.
pub(super) fn absent<T>(found: Result<T, Reason>) -> Result<Option<T>, Reason> {
    match found {
        Err(Reason::NotFound(_)) => Ok(None),
        found => found.map(Some),
    }
}
