//! All that a forge holds, whichever face it shows: repositories of one owner, who may do what in
//! them, and every write by its rules.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    clock::Clock,
    github::App,
    identity::{Actor, Grant, Right, Told},
    object::{Commit, Hand, Object, Objects, Oid},
    repository::{Repository, branch_ref},
    tree::Edit,
};

/// Why a write was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such thing, or it may not be seen.
    #[error("not found")]
    NotFound,
    /// The repository is archived.
    #[error("the repository is archived")]
    Archived,
    /// Whoever asked lacks the right.
    #[error("lacks the right {0:?}")]
    Lacks(Right),
    /// A workflow file needs a right of its own.
    #[error("lacks the right to change {0}")]
    Workflow(String),
    /// The branch moves by requests alone.
    #[error("{0} is protected")]
    Protected(String),
    /// The branch takes signed commits alone.
    #[error("{0} takes signed commits alone")]
    Unsigned(String),
    /// It is not where whoever asked believes it to be.
    #[error("{name} is at {at:?}")]
    Moved {
        /// The ref.
        name: String,
        /// Where it is.
        at: Option<Oid>,
    },
    /// There is one already.
    #[error("{0} exists")]
    Exists(String),
    /// The new commit does not follow the old one.
    #[error("not a fast-forward")]
    NotFastForward,
    /// Nothing would change.
    #[error("no commits between {base} and {head}")]
    NothingNew {
        /// The base branch.
        base: String,
        /// The head branch.
        head: String,
    },
    /// A request is not in the state for it.
    #[error("{0}")]
    State(String),
}

/// Where a ref has to be before it moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Wherever the new commit follows it.
    FastForward,
    /// Anywhere.
    Anywhere,
    /// Nowhere: it is made.
    Absent,
    /// Exactly there.
    At(Oid),
}

/// All that a forge holds.
#[derive(Debug)]
pub struct Store {
    /// The organisation, user or group.
    pub owner: String,
    /// Its owner is a person.
    pub owner_is_user: bool,
    /// The forge's time.
    pub clock: Clock,
    /// Every object of every repository.
    pub objects: Objects,
    /// The tokens that are known.
    pub grants: HashMap<String, Grant>,
    /// The App that is installed at the owner (GitHub).
    pub app: Option<App>,
    repositories: BTreeMap<u64, Repository>,
    /// Names below the owner in lower case, former ones included.
    names: HashMap<String, u64>,
    /// The names of today in lower case, in their order.
    order: BTreeMap<String, u64>,
    next: u64,
}

impl Store {
    pub(super) fn new(owner: &str) -> Self {
        Self {
            owner: owner.to_owned(),
            owner_is_user: false,
            clock: Clock::real(),
            objects: Objects::default(),
            grants: HashMap::new(),
            app: None,
            repositories: BTreeMap::new(),
            names: HashMap::new(),
            order: BTreeMap::new(),
            next: 1000,
        }
    }

    /// Makes a token known, and returns it.
    pub fn grant(&mut self, token: &str, actor: Actor, told: Told) -> String {
        let grant = Grant {
            actor,
            told,
            expires: None,
            revoked: false,
        };
        self.grants.insert(token.to_owned(), grant);
        token.to_owned()
    }

    /// No longer accepts a token.
    pub fn revoke(&mut self, token: &str) {
        if let Some(grant) = self.grants.get_mut(token) {
            grant.revoked = true;
        }
    }

    /// The grant of a token that is accepted now.
    pub fn granted(&self, token: &str) -> Option<&Grant> {
        let now = self.clock.seconds();
        let grant = self.grants.get(token)?;
        let expired = grant.expires.is_some_and(|expires| expires <= now);
        (!grant.revoked && !expired).then_some(grant)
    }

    /// Whose limits a request counts against.
    pub(super) fn who(&self, token: Option<&str>) -> String {
        let grant = token.and_then(|token| self.grants.get(token));
        grant.map_or_else(|| "nobody".to_owned(), |grant| grant.actor.login.clone())
    }

    /// A number that nothing else has.
    pub fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Adds a repository and returns its number.
    pub fn add(&mut self, mut repository: Repository) -> u64 {
        let id = self.number();
        repository.id = id;
        self.names.insert(repository.name.to_lowercase(), id);
        self.order.insert(repository.name.to_lowercase(), id);
        self.repositories.insert(id, repository);
        id
    }

    /// Adds a repository with one commit of these files, or an empty one, past all rules; returns
    /// its number.
    pub fn seed(&mut self, repository: Repository, files: &[Edit]) -> u64 {
        let branch = branch_ref(&repository.default_branch);
        let id = self.add(repository);
        if !files.is_empty() {
            let by = Actor::admin("founder");
            let made = self.make_commit(id, &by, None, files, "Begin\n", false);
            self.set_ref(id, &branch, Some(made));
        }
        id
    }

    /// Removes a repository.
    pub fn remove(&mut self, id: u64) {
        self.repositories.remove(&id);
        self.names.retain(|_, known| *known != id);
        self.order.retain(|_, known| *known != id);
    }

    /// Gives it another name; the old one leads there until another repository takes it.
    pub fn rename(&mut self, id: u64, name: &str) {
        if let Some(repository) = self.repositories.get_mut(&id) {
            self.order.remove(&repository.name.to_lowercase());
            name.clone_into(&mut repository.name);
            self.names.insert(name.to_lowercase(), id);
            self.order.insert(name.to_lowercase(), id);
        }
    }

    /// Every repository, by number.
    pub fn repositories(&self) -> impl Iterator<Item = &Repository> {
        self.repositories.values()
    }

    /// Every repository, by name.
    pub fn by_name(&self) -> impl Iterator<Item = &Repository> {
        self.order.values().filter_map(|id| self.repository(*id))
    }

    /// The repository of that number.
    pub fn repository(&self, id: u64) -> Option<&Repository> {
        self.repositories.get(&id)
    }

    /// The same, to change it past all rules.
    pub fn repository_mut(&mut self, id: u64) -> Option<&mut Repository> {
        self.repositories.get_mut(&id)
    }

    /// The repository that has or had that name below the owner.
    pub fn named(&self, name: &str) -> Option<&Repository> {
        self.repository(*self.names.get(&name.to_lowercase())?)
    }

    /// With the owner: `acme/api`.
    pub fn full_name(&self, repository: &Repository) -> String {
        format!("{}/{}", self.owner, repository.name)
    }

    /// Makes a commit object in a repository; no ref moves.
    pub fn put_commit(&mut self, id: u64, commit: Commit) -> Oid {
        let made = self.objects.put(Object::Commit(commit));
        if let Some(repository) = self.repositories.get_mut(&id) {
            repository.commits.insert(made);
        }
        made
    }

    /// Makes a commit with these edits on top of `parent`; no ref moves.
    pub fn make_commit(
        &mut self,
        id: u64,
        by: &Actor,
        parent: Option<Oid>,
        edits: &[Edit],
        message: &str,
        signed: bool,
    ) -> Oid {
        let tree = parent.and_then(|parent| Some(self.objects.commit(parent)?.tree));
        let tree = self.objects.edited(tree, edits);
        let hand = self.hand(by);
        let commit = Commit {
            tree,
            parents: parent.into_iter().collect(),
            author: hand.clone(),
            committer: hand,
            message: message.to_owned(),
            signed,
        };
        self.put_commit(id, commit)
    }

    /// Somebody's hand, now.
    pub fn hand(&self, by: &Actor) -> Hand {
        Hand {
            name: by.name.clone(),
            email: by.email.clone(),
            at: self.clock.seconds(),
        }
    }

    /// Commits edits to a branch that `expected` allows, which is made where it is not there.
    pub fn commit(
        &mut self,
        id: u64,
        by: &Actor,
        branch: &str,
        expected: Expected,
        edits: &[Edit],
        message: &str,
    ) -> Result<Oid, Refused> {
        let parent = self.repository(id).ok_or(Refused::NotFound)?.branch(branch);
        let made = self.make_commit(id, by, parent, edits, message, false);
        self.move_ref(id, by, &branch_ref(branch), expected, made)?;
        Ok(made)
    }

    /// Moves or makes a ref by the repository's rules.
    pub fn move_ref(
        &mut self,
        id: u64,
        by: &Actor,
        name: &str,
        expected: Expected,
        to: Oid,
    ) -> Result<(), Refused> {
        let repository = self.writable(id, by)?;
        let at = repository.refs.get(name).copied();
        if !repository.commits.contains(&to) {
            return Err(Refused::NotFound);
        }
        self.expect(name, at, expected, to)?;
        self.check_branch_rules(id, by, name, to)?;
        self.check_workflows(id, by, to)?;
        self.set_ref(id, name, Some(to));
        Ok(())
    }

    /// Deletes a ref by the repository's rules.
    pub fn delete_ref(
        &mut self,
        id: u64,
        by: &Actor,
        name: &str,
        expected: Expected,
    ) -> Result<(), Refused> {
        let repository = self.writable(id, by)?;
        let Some(at) = repository.refs.get(name).copied() else {
            return Err(Refused::NotFound);
        };
        if name == branch_ref(&repository.default_branch) {
            return Err(Refused::Protected(repository.default_branch.clone()));
        }
        if matches!(expected, Expected::At(expected) if expected != at) {
            let name = name.to_owned();
            return Err(Refused::Moved { name, at: Some(at) });
        }
        self.set_ref(id, name, None);
        Ok(())
    }

    /// The repository, where `by` may push to it at all.
    pub fn writable(&self, id: u64, by: &Actor) -> Result<&Repository, Refused> {
        let repository = self.repository(id).ok_or(Refused::NotFound)?;
        if repository.archived || repository.disabled {
            return Err(Refused::Archived);
        }
        let admin = by.may(Right::Admin);
        if !by.may(Right::Contents) || (repository.read_only && !admin) {
            return Err(Refused::Lacks(Right::Contents));
        }
        Ok(repository)
    }

    fn expect(
        &self,
        name: &str,
        at: Option<Oid>,
        expected: Expected,
        to: Oid,
    ) -> Result<(), Refused> {
        let moved = || Refused::Moved {
            name: name.to_owned(),
            at,
        };
        match (expected, at) {
            (Expected::Anywhere, _) | (Expected::FastForward | Expected::Absent, None) => Ok(()),
            (Expected::Absent, Some(_)) => Err(Refused::Exists(name.to_owned())),
            (Expected::At(expected), Some(at)) if expected == at => Ok(()),
            (Expected::At(_), _) => Err(moved()),
            (Expected::FastForward, Some(at)) if self.objects.follows(to, at) => Ok(()),
            (Expected::FastForward, Some(_)) => Err(Refused::NotFastForward),
        }
    }

    /// Whether `by` may push to the default branch without a request.
    pub fn may_push_to_default(&self, repository: &Repository, by: &Actor) -> bool {
        let rules = &repository.rules;
        by.may(Right::Admin)
            || (by.may(Right::Contents)
                && !repository.read_only
                && (!rules.protected || rules.pushers.contains(&by.login)))
    }

    fn check_branch_rules(&self, id: u64, by: &Actor, name: &str, to: Oid) -> Result<(), Refused> {
        let repository = self.repository(id).ok_or(Refused::NotFound)?;
        let branch = &repository.default_branch;
        let Some(at) = repository.head().filter(|_| name == branch_ref(branch)) else {
            return Ok(());
        };
        if !self.may_push_to_default(repository, by) {
            return Err(Refused::Protected(branch.clone()));
        }
        let unsigned = || {
            self.objects
                .ahead(at, to)
                .into_iter()
                .any(|id| !self.is_signed(id))
        };
        if repository.rules.signed && !by.may(Right::Admin) && unsigned() {
            return Err(Refused::Unsigned(branch.clone()));
        }
        Ok(())
    }

    /// Whether the forge signed that commit.
    pub fn is_signed(&self, id: Oid) -> bool {
        self.objects.commit(id).is_some_and(|commit| commit.signed)
    }

    /// Commits that no ref led to must not touch workflows without the right to.
    fn check_workflows(&self, id: u64, by: &Actor, to: Oid) -> Result<(), Refused> {
        let repository = self.repository(id).ok_or(Refused::NotFound)?;
        if by.may(Right::Workflows) {
            return Ok(());
        }
        let known = self.objects.ancestors(repository.refs.values().copied());
        let known: HashSet<Oid> = known.into_iter().collect();
        let fresh = self.objects.ancestors([to]).into_iter();
        for commit in fresh.filter(|id| !known.contains(id)) {
            let parents = self.objects.commit(commit).map(|it| it.parents.clone());
            let parent = parents.and_then(|parents| parents.first().copied());
            let mut changed = self.objects.changed(parent, commit).into_iter();
            if let Some(path) = changed.find(|path| path.starts_with(".github/workflows/")) {
                return Err(Refused::Workflow(path));
            }
        }
        Ok(())
    }

    /// Moves, makes or deletes a ref past all rules; requests from it follow.
    pub fn set_ref(&mut self, id: u64, name: &str, to: Option<Oid>) {
        let now = self.clock.seconds();
        let Some(repository) = self.repositories.get_mut(&id) else {
            return;
        };
        match to {
            Some(to) => {
                repository.commits.insert(to);
                repository.refs.insert(name.to_owned(), to)
            }
            None => repository.refs.remove(name),
        };
        let branch = name.strip_prefix("refs/heads/").unwrap_or_default();
        let is_default = branch == repository.default_branch;
        let requests = repository.requests.values_mut();
        for request in requests.filter(|it| it.is_open() && it.branch == branch) {
            request.updated = now;
            match to {
                Some(to) => request.pushed(to),
                None => request.close(now),
            }
        }
        if let Some(to) = to.filter(|_| is_default) {
            self.learn_workflows(id, to);
        }
    }
}
