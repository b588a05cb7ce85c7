//! What the forge of the tests holds: repositories with commits, branches and requests.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{
    forge::{
        AheadCommit, Begun, Branch, Brings, Change, Checks, Entry, EntryMode, Mergeable, Merging,
        Reason, Refusal, Repository, Request, RequestState, Run, Seen, Watch, blob_id,
    },
    model::commit::CommitId,
};

pub(super) type Done<T> = Result<T, Reason>;

/// A file of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) bytes: Vec<u8>,
    pub(super) mode: EntryMode,
}

/// A commit with all that it holds.
#[derive(Clone, Debug)]
struct Commit {
    parent: Option<CommitId>,
    files: BTreeMap<String, File>,
    message: String,
    author: String,
}

/// A repository with all that it holds.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) repository: Repository,
    pub(super) branches: BTreeMap<String, CommitId>,
    pub(super) requests: Vec<Request>,
    pub(super) runs: Vec<Run>,
    pub(super) begun: Vec<Begun>,
    /// The branch that requests go to, where somebody chose another than the default one.
    pub(super) base: Option<String>,
    commits: HashMap<CommitId, Commit>,
}

impl Stored {
    /// A repository with a first commit of `files`.
    pub(super) fn new(repository: Repository, files: &[(&str, &str)]) -> Self {
        let mut stored = Self {
            repository,
            branches: BTreeMap::new(),
            requests: Vec::new(),
            runs: Vec::new(),
            begun: Vec::new(),
            base: None,
            commits: HashMap::new(),
        };
        let files = files.iter().map(|(path, text)| change(path, Some(text)));
        let first = stored.put(None, &files.collect::<Vec<_>>(), "First", "ada");
        stored.branches.insert(stored.default().to_owned(), first);
        stored
    }

    fn default(&self) -> &str {
        self.repository.default_branch.as_deref().unwrap_or("main")
    }

    pub(super) fn head(&self) -> Option<&CommitId> {
        self.branches.get(self.default())
    }

    /// The file `path` at `commit`.
    pub(super) fn file(&self, commit: &CommitId, path: &str) -> Option<&File> {
        self.commits.get(commit)?.files.get(path)
    }

    /// Makes a commit, which no branch is at yet.
    fn put(
        &mut self,
        parent: Option<&CommitId>,
        changes: &[Change],
        message: &str,
        author: &str,
    ) -> CommitId {
        let before = parent.and_then(|it| self.commits.get(it));
        let mut files = before.map(|it| it.files.clone()).unwrap_or_default();
        for Change { path, content } in changes {
            let mode = EntryMode::File;
            match content.clone() {
                Some(bytes) => files.insert(path.clone(), File { bytes, mode }),
                None => files.remove(path),
            };
        }
        self.keep(Commit {
            parent: parent.cloned(),
            files,
            message: message.to_owned(),
            author: author.to_owned(),
        })
    }

    fn keep(&mut self, commit: Commit) -> CommitId {
        // Made twice it is another one, as its time would be another.
        let unique = format!("{} {} {commit:?}", self.repository.id, self.commits.len());
        let id: CommitId = blob_id(unique.as_bytes()).parse().unwrap();
        self.commits.insert(id.clone(), commit);
        id
    }

    /// Puts a commit onto a branch that is at `parent`.
    pub(super) fn commit(
        &mut self,
        branch: &str,
        parent: &CommitId,
        changes: &[Change],
        (message, author): (&str, &str),
    ) -> Done<CommitId> {
        if self.branches.get(branch) != Some(parent) {
            return Err(Reason::Moved);
        }
        let id = self.put(Some(parent), changes, message, author);
        self.branches.insert(branch.to_owned(), id.clone());
        let mut requests = self.requests.iter_mut();
        let open = requests.find(|it| it.branch == branch && it.state == RequestState::Open);
        if let Some(request) = open {
            request.head = Some(id.clone());
        }
        Ok(id)
    }

    /// Makes a link of the file `path` of the default branch.
    pub(super) fn link(&mut self, path: &str) {
        let head = self.head().unwrap().clone();
        let mut commit = self.commits[&head].clone();
        commit.files.get_mut(path).unwrap().mode = EntryMode::Link;
        commit.parent = Some(head);
        let id = self.keep(commit);
        let default = self.default().to_owned();
        self.branches.insert(default, id);
    }

    pub(super) fn create_branch(&mut self, name: &str, at: &CommitId) -> Done<()> {
        if self.branches.contains_key(name) {
            return Err(Reason::Exists);
        }
        if !self.commits.contains_key(at) {
            return Err(Reason::Invalid("no such commit".to_owned()));
        }
        self.branches.insert(name.to_owned(), at.clone());
        Ok(())
    }

    /// Deletes a branch, and closes its request as forges do.
    pub(super) fn delete_branch(&mut self, name: &str, head: &CommitId) -> Done<()> {
        match self.branches.get(name) {
            None => return Err(not_found()),
            Some(at) if at != head => return Err(Reason::Moved),
            Some(_) => self.branches.remove(name),
        };
        for request in &mut self.requests {
            if request.branch == name && request.state == RequestState::Open {
                request.state = RequestState::Closed;
            }
        }
        Ok(())
    }

    pub(super) fn open(&mut self, branch: &str, title: &str) -> Done<Request> {
        let head = self.branches.get(branch).ok_or_else(not_found)?.clone();
        if self.ahead(&head).is_empty() {
            let nothing = format!("no commits between {} and {branch}", self.default());
            return Err(Reason::Invalid(nothing));
        }
        let is_open = |it: &Request| it.branch == branch && it.state == RequestState::Open;
        if self.requests.iter().any(is_open) {
            return Err(Reason::Exists);
        }
        let number = self.requests.len() as u64 + 1;
        let name = &self.repository.full_name;
        let request = Request {
            id: format!("PR_{name}_{number}"),
            number,
            url: format!("https://github.com/{name}/pull/{number}"),
            title: title.to_owned(),
            branch: branch.to_owned(),
            head: Some(head),
            state: RequestState::Open,
            author: super::LOGIN.to_owned(),
            is_draft: false,
            checks: Checks::None,
            mergeable: Mergeable::Clean,
            is_on_its_way: false,
        };
        self.requests.push(request.clone());
        Ok(request)
    }

    /// Starts a run of a workflow that lets itself be started.
    pub(super) fn start(&mut self, workflow: &str, branch: &str) -> Done<()> {
        let at = self.branches.get(branch).ok_or_else(not_found)?.clone();
        let file = self.file(&at, workflow).ok_or_else(not_found)?;
        if !String::from_utf8_lossy(&file.bytes).contains("workflow_dispatch:") {
            let said = "Workflow does not have 'workflow_dispatch' trigger";
            return Err(Reason::Invalid(said.to_owned()));
        }
        self.begun.push(Begun {
            url: format!(
                "https://github.com/{}/actions/runs/9",
                self.repository.full_name
            ),
            commit: Some(at),
        });
        Ok(())
    }

    pub(super) fn request(&mut self, id: &str) -> Done<&mut Request> {
        let mut requests = self.requests.iter_mut();
        requests.find(|it| it.id == id).ok_or_else(not_found)
    }

    /// Moves a request from one state to the other.
    pub(super) fn turn(&mut self, id: &str, from: RequestState, to: RequestState) -> Done<()> {
        let is_there = {
            let branch = self.request(id)?.branch.clone();
            self.branches.contains_key(&branch)
        };
        let request = self.request(id)?;
        if request.state != from || (to == RequestState::Open && !is_there) {
            return Err(Reason::Invalid("it cannot be".to_owned()));
        }
        request.state = to;
        Ok(())
    }

    pub(super) fn merge(&mut self, id: &str, head: &CommitId) -> Done<Merging> {
        let methods = self.repository.methods;
        let request = self.request(id)?;
        if request.state != RequestState::Open {
            return Err(Reason::Invalid("it is not open".to_owned()));
        }
        if request.head.as_ref() != Some(head) {
            return Err(Reason::Moved);
        }
        let is_done = matches!(request.checks, Checks::None | Checks::Passed);
        match request.mergeable {
            Mergeable::Clean if is_done && !methods.queue => {
                self.merge_now(id)?;
                Ok(Merging::Merged)
            }
            Mergeable::Conflicts => Ok(Merging::Waiting("it has conflicts".to_owned())),
            _ if methods.queue || methods.auto => {
                request.is_on_its_way = true;
                Ok(if methods.queue {
                    Merging::Queued
                } else {
                    Merging::Automatic
                })
            }
            _ => Ok(Merging::Waiting("its checks have not passed".to_owned())),
        }
    }

    /// What merging the request would bring.
    pub(super) fn brings(&mut self, id: &str) -> Done<Brings> {
        let request = self.request(id)?.clone();
        let base = self.base.as_deref().unwrap_or(self.default());
        Ok(Brings {
            base: base.to_owned(),
            files: Some(self.changes(&request)?.len() as u64),
            head: request.head,
        })
    }

    /// What the request's branch changed since it left the default branch.
    fn changes(&self, request: &Request) -> Done<Vec<Change>> {
        let from = self.branches.get(&request.branch).ok_or_else(not_found)?;
        let ours = self.commits[from].files.clone();
        let base = self.ahead(from).last().and_then(|it| it.1.parent.clone());
        let base = base.map(|it| self.commits[&it].files.clone());
        let base = base.unwrap_or_default();
        let written = ours
            .iter()
            .filter(|(path, file)| base.get(*path) != Some(file));
        let written = written.map(|(path, file)| (path, Some(file.bytes.clone())));
        let removed = base.keys().filter(|path| !ours.contains_key(*path));
        let changes = written.chain(removed.map(|path| (path, None)));
        Ok(changes
            .map(|(path, content)| Change {
                path: path.clone(),
                content,
            })
            .collect())
    }

    /// What the branch changed goes onto the default branch.
    fn merge_now(&mut self, id: &str) -> Done<()> {
        let request = self.request(id)?.clone();
        let changes = self.changes(&request)?;
        let (default, onto) = (self.default().to_owned(), self.head().unwrap().clone());
        self.commit(&default, &onto, &changes, (&request.title, "forge"))?;
        self.request(id)?.state = RequestState::Merged;
        if self.repository.methods.deletes_branch {
            self.branches.remove(&request.branch);
        }
        Ok(())
    }

    /// The checks of every open request end; what is on its way merges where they passed.
    pub(super) fn check(&mut self, checks: Checks) {
        for index in 0..self.requests.len() {
            let request = &mut self.requests[index];
            if request.state != RequestState::Open {
                continue;
            }
            request.checks = checks;
            if request.is_on_its_way && checks == Checks::Passed {
                let id = request.id.clone();
                self.merge_now(&id).unwrap();
            }
        }
    }

    /// The commits from `tip` on that the default branch does not have, newest first.
    fn ahead(&self, tip: &CommitId) -> Vec<(CommitId, &Commit)> {
        let known: HashSet<CommitId> = match self.head() {
            Some(head) => self.history(head).map(|it| it.0).collect(),
            None => HashSet::new(),
        };
        let history = self.history(tip);
        history.take_while(|it| !known.contains(&it.0)).collect()
    }

    fn history(&self, tip: &CommitId) -> impl Iterator<Item = (CommitId, &Commit)> {
        let mut next = Some(tip.clone());
        std::iter::from_fn(move || {
            let id = next.take()?;
            let commit = self.commits.get(&id)?;
            next.clone_from(&commit.parent);
            Some((id, commit))
        })
    }

    /// What a look at it shows.
    pub(super) fn seen(&self, watch: &Watch) -> Seen {
        let requests = self.requests.iter().rev();
        let mut of_branch = requests.clone();
        let open = requests.filter(|it| {
            let mut prefixes = watch.requests.iter();
            it.state == RequestState::Open && prefixes.any(|start| it.branch.starts_with(start))
        });
        Seen {
            repository: self.repository.clone(),
            head: self.head().cloned(),
            files: self
                .head()
                .map_or_else(BTreeMap::new, |head| self.entries(head, watch)),
            branch: watch
                .branch
                .as_ref()
                .and_then(|name| self.branch(name, watch)),
            request: of_branch
                .find(|it| Some(&it.branch) == watch.branch.as_ref())
                .cloned(),
            open: open.take(10).cloned().collect(),
        }
    }

    fn branch(&self, name: &str, watch: &Watch) -> Option<Branch> {
        let tip = self.branches.get(name)?;
        let ahead = self.ahead(tip);
        let mine: HashSet<CommitId> = self.history(tip).map(|it| it.0).collect();
        let behind = self.history(self.head()?);
        Some(Branch {
            head: tip.clone(),
            files: self.entries(tip, watch),
            ahead_count: ahead.len() as u64,
            behind_count: behind.take_while(|it| !mine.contains(&it.0)).count() as u64,
            ahead: ahead
                .into_iter()
                .take(10)
                .map(|(id, commit)| AheadCommit {
                    id,
                    message: commit.message.clone(),
                    author: commit.author.clone(),
                })
                .collect(),
        })
    }

    /// The files `paths` at `commit`; nothing where there is no such commit.
    pub(super) fn files(
        &self,
        commit: &CommitId,
        paths: &[String],
    ) -> Option<BTreeMap<String, Entry>> {
        self.commits.get(commit)?;
        let watch = Watch {
            paths: paths.to_vec(),
            ..Watch::default()
        };
        Some(self.entries(commit, &watch))
    }

    fn entries(&self, commit: &CommitId, watch: &Watch) -> BTreeMap<String, Entry> {
        let paths = watch.paths.iter();
        let found = paths.filter_map(|path| Some((path, self.file(commit, path)?)));
        found
            .map(|(path, File { bytes, mode })| {
                let entry = Entry {
                    id: blob_id(bytes),
                    mode: *mode,
                    size: Some(bytes.len() as u64),
                };
                (path.clone(), entry)
            })
            .collect()
    }
}

/// The file `path` as it is to be; without a text it goes.
pub(crate) fn change(path: &str, text: Option<&str>) -> Change {
    Change {
        path: path.to_owned(),
        content: text.map(|text| text.as_bytes().to_vec()),
    }
}

pub(super) fn not_found() -> Reason {
    Reason::NotFound(Refusal {
        status: 404,
        retry_after: None,
        with_token: true,
    })
}
