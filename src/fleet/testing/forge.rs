//! A forge in memory: it keeps what it is told, counts calls, and fails where a test says so.

use std::{
    collections::{BTreeMap, HashMap},
    future,
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use super::{
    LOGIN,
    store::{Done, Stored, not_found},
};
use crate::{
    forge::{
        Begun, Brings, Change, Checks, Commit, CommitOf, Entry, EntryMode, FileAt, Forge,
        ForgeError, Identity, IdentityKind, MAX_FILE_BYTES, Merging, Proposal, Reason, Repository,
        Request, RequestState, Run, RunsOf, Seen, Watch,
    },
    model::commit::CommitId,
};

/// How a call goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// It is refused, and nothing is done.
    Refused(fn() -> Reason),
    /// It is done, and its answer is lost; a read merely fails.
    Lost,
    /// The program ends before it is done: the call never returns.
    DeadBefore,
    /// The program ends after it was done: the call never returns.
    DeadAfter,
}

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// The name of the [`Forge`]'s function.
    pub(crate) name: &'static str,
    /// Whose repository, for a write.
    pub(crate) repository: Option<String>,
}

/// A forge in memory, whose owner is `acme`.
#[derive(Debug, Default)]
pub(crate) struct MemoryForge {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    repositories: Vec<Stored>,
    /// Old names, and those that they became.
    renamed: BTreeMap<String, String>,
    calls: Vec<Call>,
    faults: HashMap<usize, Fault>,
    texts: usize,
}

impl MemoryForge {
    /// With these repositories, each with a first commit of its files.
    pub(crate) fn with(repositories: &[(&str, &[(&str, &str)])]) -> Self {
        let forge = Self::default();
        for (name, files) in repositories {
            let stored = Stored::new(super::seen(name).repository, files);
            forge.state().repositories.push(stored);
        }
        forge
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The call of this number, from 0 on, goes wrong.
    pub(crate) fn fail(&self, call: usize, fault: Fault) {
        let mut state = self.state();
        state.faults.insert(call, fault);
    }

    /// The calls made until now.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// The calls made until now that write, as `name repository`.
    pub(crate) fn writes(&self) -> Vec<String> {
        let calls = self.calls().into_iter();
        let writes = calls.filter_map(|it| Some(format!("{} {}", it.name, it.repository?)));
        writes.collect()
    }

    /// How many texts were handed out.
    pub(crate) fn texts_read(&self) -> usize {
        self.state().texts
    }

    /// Changes the settings of a repository.
    pub(crate) fn set(&self, name: &str, change: impl FnOnce(&mut Repository)) {
        let mut state = self.state();
        change(&mut state.named(name).unwrap().repository);
    }

    /// Gives a repository another name; the old one leads to it.
    pub(crate) fn rename(&self, old: &str, new: &str) {
        self.set(old, |it| {
            new.clone_into(&mut it.name);
            it.full_name = format!("acme/{new}");
        });
        let (old, new) = (old.to_owned(), new.to_owned());
        self.state().renamed.insert(old, new);
    }

    /// A person's commit onto a branch, which is made where it is not there; without a branch's
    /// name, onto the default one.
    pub(crate) fn push(&self, name: &str, branch: Option<&str>, changes: &[Change]) {
        self.push_saying(name, branch, changes, "A person's");
    }

    /// The same, with a message that may be any.
    pub(crate) fn push_saying(
        &self,
        name: &str,
        branch: Option<&str>,
        changes: &[Change],
        message: &str,
    ) {
        let mut state = self.state();
        let stored = state.named(name).unwrap();
        let head = stored.head().unwrap().clone();
        let branch = branch.map_or_else(
            || stored.repository.default_branch.clone().unwrap(),
            str::to_owned,
        );
        let at = stored.branches.entry(branch.clone()).or_insert(head);
        let at = at.clone();
        let says = (message, "grace");
        stored.commit(&branch, &at, changes, says).unwrap();
    }

    /// Somebody chooses another branch for the requests of a repository to go to.
    pub(crate) fn retarget(&self, name: &str, base: &str) {
        self.state().named(name).unwrap().base = Some(base.to_owned());
    }

    /// Makes a link of a file of the default branch.
    pub(crate) fn link(&self, name: &str, path: &str) {
        self.state().named(name).unwrap().link(path);
    }

    /// Changes the newest request of a repository.
    pub(crate) fn set_request(&self, name: &str, change: impl FnOnce(&mut Request)) {
        let mut state = self.state();
        let requests = &mut state.named(name).unwrap().requests;
        change(requests.last_mut().unwrap());
    }

    /// The checks of a repository's open requests end; what waits for them merges where they
    /// passed.
    pub(crate) fn check(&self, name: &str, checks: Checks) {
        self.state().named(name).unwrap().check(checks);
    }

    /// A run of a repository that has ended.
    pub(crate) fn ran(&self, name: &str, run: Run) {
        self.state().named(name).unwrap().runs.push(run);
    }

    /// The runs that were started in a repository, oldest first.
    pub(crate) fn begun(&self, name: &str) -> Vec<Begun> {
        self.state().named(name).unwrap().begun.clone()
    }

    /// A repository's requests, oldest first.
    pub(crate) fn requests(&self, name: &str) -> Vec<Request> {
        self.state().named(name).unwrap().requests.clone()
    }

    /// The commit that a repository's default branch is at.
    pub(crate) fn head(&self, name: &str) -> CommitId {
        let mut state = self.state();
        state.named(name).unwrap().head().unwrap().clone()
    }

    /// The names of a repository's branches.
    pub(crate) fn branches(&self, name: &str) -> Vec<String> {
        let mut state = self.state();
        let branches = &state.named(name).unwrap().branches;
        branches.keys().cloned().collect()
    }

    /// A file's text; without a branch's name, on the default one.
    pub(crate) fn file(&self, name: &str, branch: Option<&str>, path: &str) -> Option<String> {
        let mut state = self.state();
        let stored = state.named(name)?;
        let at = match branch {
            Some(branch) => stored.branches.get(branch)?,
            None => stored.head()?,
        };
        let file = stored.file(at, path)?;
        Some(String::from_utf8(file.bytes.clone()).unwrap())
    }

    /// Makes a call: counts it, does it, and fails as the test says.
    async fn call<T>(
        &self,
        name: &'static str,
        repository: Option<&Repository>,
        work: impl FnOnce(&mut State) -> Done<T> + Send,
    ) -> Result<T, ForgeError> {
        let named = repository.map(|it| it.name.clone());
        let doing = named.clone().unwrap_or_default();
        let fault = {
            let mut state = self.state();
            let call = Call {
                name,
                repository: named,
            };
            state.calls.push(call);
            let number = state.calls.len() - 1;
            state.faults.remove(&number)
        };
        if let Some(Fault::DeadBefore) = fault {
            return future::pending().await;
        }
        let done = match fault {
            Some(Fault::Refused(reason)) => Err(reason()),
            _ => work(&mut self.state()),
        };
        let done = match fault {
            Some(Fault::DeadAfter) => return future::pending().await,
            Some(Fault::Lost) if repository.is_some() => Err(Reason::Unsure(Box::new(slow()))),
            Some(Fault::Lost) => Err(slow()),
            _ => done,
        };
        done.map_err(|reason| ForgeError::doing(self.host(), format!("{name} {doing}"), reason))
    }

    async fn write<T>(
        &self,
        name: &'static str,
        repository: &Repository,
        work: impl FnOnce(&mut Stored) -> Done<T> + Send,
    ) -> Result<T, ForgeError> {
        let id = &repository.id;
        self.call(name, Some(repository), |state| {
            let mut stored = state.repositories.iter_mut();
            let stored = stored.find(|it| it.repository.id == *id);
            let stored = stored.ok_or_else(not_found)?;
            if stored.repository.is_archived {
                return Err(Reason::Rules("it is archived".to_owned()));
            }
            work(stored)
        })
        .await
    }
}

fn slow() -> Reason {
    Reason::Deadline(std::time::Duration::from_secs(30))
}

impl State {
    fn named(&mut self, name: &str) -> Option<&mut Stored> {
        let name = self.renamed.get(name).map_or(name, String::as_str);
        let mut stored = self.repositories.iter_mut();
        stored.find(|it| it.repository.name.eq_ignore_ascii_case(name))
    }

    fn text(&self, wanted: &FileAt) -> Option<Bytes> {
        let mut stored = self.repositories.iter();
        let stored = stored.find(|it| it.repository.id == wanted.repository)?;
        let file = stored.file(&wanted.commit, &wanted.path)?;
        let is_text = matches!(file.mode, EntryMode::File | EntryMode::Executable);
        let fits = file.bytes.len() as u64 <= MAX_FILE_BYTES;
        (is_text && fits).then(|| Bytes::copy_from_slice(&file.bytes))
    }
}

#[async_trait]
impl Forge for MemoryForge {
    fn host(&self) -> &'static str {
        "github.com"
    }

    async fn identity(&self) -> Result<Identity, ForgeError> {
        self.call("identity", None, |_| {
            Ok(Identity {
                login: LOGIN.to_owned(),
                name: "Fleet Bot".to_owned(),
                email: "1+fleet-bot@users.noreply.github.com".to_owned(),
                kind: IdentityKind::App,
                granted: None,
            })
        })
        .await
    }

    async fn survey(&self, watch: &Watch) -> Result<Vec<Seen>, ForgeError> {
        self.call("survey", None, |state| {
            let stored = state.repositories.iter();
            let mut seen: Vec<Seen> = stored.map(|it| it.seen(watch)).collect();
            seen.sort_by(|a, b| a.repository.name.cmp(&b.repository.name));
            Ok(seen)
        })
        .await
    }

    async fn look(&self, names: &[String], watch: &Watch) -> Result<Vec<Option<Seen>>, ForgeError> {
        self.call("look", None, |state| {
            let mut look = |name: &String| Some(state.named(name)?.seen(watch));
            Ok(names.iter().map(&mut look).collect())
        })
        .await
    }

    async fn texts(&self, wanted: &[FileAt]) -> Result<Vec<Option<Bytes>>, ForgeError> {
        self.call("texts", None, |state| {
            state.texts += wanted.len();
            Ok(wanted.iter().map(|it| state.text(it)).collect())
        })
        .await
    }

    async fn runs(&self, of: &[RunsOf], since: Timestamp) -> Result<Vec<Vec<Run>>, ForgeError> {
        self.call("runs", None, |state| {
            let stored = |of: &RunsOf| {
                let mut all = state.repositories.iter();
                all.find(|it| it.repository.id == of.repository)
            };
            let runs = of.iter().map(|of| {
                let mut runs = stored(of).map(|it| it.runs.clone()).unwrap_or_default();
                runs.retain(|run| run.at >= since);
                runs.sort_by_key(|run| std::cmp::Reverse(run.at));
                runs.truncate(100);
                runs
            });
            Ok(runs.collect())
        })
        .await
    }

    async fn files(
        &self,
        of: &[CommitOf],
        paths: &[String],
    ) -> Result<Vec<Option<BTreeMap<String, Entry>>>, ForgeError> {
        self.call("files", None, |state| {
            let files = |of: &CommitOf| {
                let mut stored = state.repositories.iter();
                stored
                    .find(|it| it.repository.id == of.repository)?
                    .files(&of.commit, paths)
            };
            Ok(of.iter().map(files).collect())
        })
        .await
    }

    async fn begun(&self, of: &RunsOf, _branch: &str) -> Result<Vec<Begun>, ForgeError> {
        self.call("begun", None, |state| {
            let mut stored = state.repositories.iter();
            let stored = stored.find(|it| it.repository.id == of.repository);
            Ok(stored.map(|it| it.begun.clone()).unwrap_or_default())
        })
        .await
    }

    async fn start(&self, of: &RunsOf, branch: &str) -> Result<(), ForgeError> {
        let repository = Repository {
            id: of.repository.clone(),
            ..super::seen(&of.full_name).repository
        };
        self.write("start", &repository, |it| it.start(&of.workflow, branch))
            .await
    }

    async fn propose(&self, proposal: &Proposal) -> Result<Request, ForgeError> {
        self.write("propose", proposal.repository, |stored| {
            let Proposal { base, branch, .. } = proposal;
            stored.create_branch(branch, base)?;
            let says = proposal.message.text();
            stored.commit(branch, base, proposal.changes, (&says, LOGIN))?;
            stored.open(branch, proposal.title)
        })
        .await
    }

    async fn commit(&self, commit: &Commit) -> Result<CommitId, ForgeError> {
        self.write("commit", commit.repository, |stored| {
            let says = commit.message.text();
            stored.commit(commit.branch, commit.parent, commit.changes, (&says, LOGIN))
        })
        .await
    }

    async fn create_branch(
        &self,
        repository: &Repository,
        name: &str,
        at: &CommitId,
    ) -> Result<(), ForgeError> {
        self.write("create_branch", repository, |it| it.create_branch(name, at))
            .await
    }

    async fn open(
        &self,
        repository: &Repository,
        branch: &str,
        title: &str,
        _body: &str,
    ) -> Result<Request, ForgeError> {
        self.write("open", repository, |it| it.open(branch, title))
            .await
    }

    async fn reopen(&self, repository: &Repository, request: &Request) -> Result<(), ForgeError> {
        let (from, to) = (RequestState::Closed, RequestState::Open);
        self.write("reopen", repository, |it| it.turn(&request.id, from, to))
            .await
    }

    async fn describe(
        &self,
        repository: &Repository,
        request: &Request,
        title: &str,
        _body: &str,
    ) -> Result<(), ForgeError> {
        self.write("describe", repository, |it| {
            title.clone_into(&mut it.request(&request.id)?.title);
            Ok(())
        })
        .await
    }

    async fn close(&self, repository: &Repository, request: &Request) -> Result<(), ForgeError> {
        let (from, to) = (RequestState::Open, RequestState::Closed);
        self.write("close", repository, |it| it.turn(&request.id, from, to))
            .await
    }

    async fn delete_branch(
        &self,
        repository: &Repository,
        name: &str,
        head: &CommitId,
    ) -> Result<(), ForgeError> {
        self.write("delete_branch", repository, |it| {
            it.delete_branch(name, head)
        })
        .await
    }

    async fn brings(
        &self,
        repository: &Repository,
        request: &Request,
    ) -> Result<Brings, ForgeError> {
        let name = repository.name.clone();
        self.call("brings", None, |state| {
            let stored = state.named(&name).ok_or_else(not_found)?;
            stored.brings(&request.id)
        })
        .await
    }

    async fn merge(
        &self,
        repository: &Repository,
        request: &Request,
        head: &CommitId,
    ) -> Result<Merging, ForgeError> {
        self.write("merge", repository, |it| it.merge(&request.id, head))
            .await
    }
}
