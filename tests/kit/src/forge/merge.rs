//! What becomes of requests: opened, closed, merged by hand, by themselves or through the queue.

use super::{
    identity::{Actor, Right},
    object::{Commit, Oid},
    repository::{Method, Repository, branch_ref},
    request::{Checks, Request, RequestState},
    store::{Refused, Store},
};

/// Why a request cannot be merged now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It does not go together with its base.
    Conflict,
    /// It is a draft.
    Draft,
    /// Its checks are not done, or have not passed, and the rules want them to.
    Checks,
    /// It lacks approvals.
    Approvals,
    /// The base takes signed commits alone.
    Unsigned,
}

/// What is asked for with a new request.
#[derive(Clone, Debug)]
pub struct Opening<'a> {
    /// The branch it is made from.
    pub branch: &'a str,
    /// The branch it is to go into.
    pub base: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Its text.
    pub body: &'a str,
    /// It is not ready.
    pub draft: bool,
}

impl Request {
    /// Follows its branch.
    pub(super) fn pushed(&mut self, head: Oid) {
        if self.head != head {
            self.head = head;
            self.queued = false;
        }
    }

    pub(super) fn close(&mut self, now: i64) {
        self.state = RequestState::Closed;
        self.ended = Some(now);
        self.queued = false;
        self.auto = None;
    }
}

impl Store {
    /// Opens a request.
    pub fn open(&mut self, id: u64, by: &Actor, asked: &Opening<'_>) -> Result<u64, Refused> {
        let repository = self.requestable(id, by)?;
        let (Some(head), Some(base)) = (
            repository.branch(asked.branch),
            repository.branch(asked.base),
        ) else {
            return Err(Refused::NotFound);
        };
        let mut others = repository.requests.values();
        if others.any(|it| it.is_open() && it.branch == asked.branch && it.base == asked.base) {
            return Err(Refused::Exists(asked.branch.to_owned()));
        }
        if self.objects.follows(base, head) {
            return Err(Refused::NothingNew {
                base: asked.base.to_owned(),
                head: asked.branch.to_owned(),
            });
        }
        let now = self.clock.seconds();
        let request = |number| Request {
            number,
            title: asked.title.to_owned(),
            body: asked.body.to_owned(),
            branch: asked.branch.to_owned(),
            base: asked.base.to_owned(),
            head,
            base_at: base,
            author: by.login.clone(),
            state: RequestState::Open,
            draft: asked.draft,
            foreign: false,
            checks: Checks::None,
            approvals: 0,
            auto: None,
            queued: false,
            merged_as: None,
            created: now,
            updated: now,
            ended: None,
        };
        let repository = self.repository_mut(id).ok_or(Refused::NotFound)?;
        let number = repository
            .requests
            .keys()
            .next_back()
            .map_or(1, |last| last + 1);
        repository.requests.insert(number, request(number));
        Ok(number)
    }

    /// The repository, where `by` may open and change requests.
    pub fn requestable(&self, id: u64, by: &Actor) -> Result<&Repository, Refused> {
        let repository = self.repository(id).ok_or(Refused::NotFound)?;
        if repository.archived || repository.disabled {
            return Err(Refused::Archived);
        }
        if repository.without_requests || !by.may(Right::Requests) {
            return Err(Refused::Lacks(Right::Requests));
        }
        Ok(repository)
    }

    /// The request, where `by` may change it.
    pub fn changeable(
        &mut self,
        id: u64,
        by: &Actor,
        number: u64,
    ) -> Result<&mut Request, Refused> {
        self.requestable(id, by)?;
        let now = self.clock.seconds();
        let repository = self.repository_mut(id).ok_or(Refused::NotFound)?;
        let request = repository.requests.get_mut(&number);
        let request = request.ok_or(Refused::NotFound)?;
        request.updated = now;
        Ok(request)
    }

    /// Closes a request.
    pub fn close(&mut self, id: u64, by: &Actor, number: u64) -> Result<(), Refused> {
        let now = self.clock.seconds();
        let request = self.changeable(id, by, number)?;
        if request.state == RequestState::Merged {
            return Err(Refused::State("it is merged".to_owned()));
        }
        request.close(now);
        Ok(())
    }

    /// Opens a closed request again, where its branch is still there and has no other.
    pub fn reopen(&mut self, id: u64, by: &Actor, number: u64) -> Result<(), Refused> {
        let repository = self.requestable(id, by)?;
        let request = repository.requests.get(&number).ok_or(Refused::NotFound)?;
        let (branch, base) = (request.branch.clone(), request.base.clone());
        let head = repository.branch(&branch);
        let mut others = repository.requests.values();
        if others
            .any(|it| it.is_open() && it.branch == branch && it.base == base && it.number != number)
        {
            return Err(Refused::Exists(branch));
        }
        let Some(head) = head else {
            return Err(Refused::State(format!("the branch {branch} is gone")));
        };
        let request = self.changeable(id, by, number)?;
        if request.state == RequestState::Merged {
            return Err(Refused::State("it is merged".to_owned()));
        }
        request.state = RequestState::Open;
        request.ended = None;
        request.head = head;
        Ok(())
    }

    /// What stands between a request and its merge.
    pub fn obstacles(&mut self, id: u64, number: u64) -> Vec<Obstacle> {
        let Some(repository) = self.repository(id) else {
            return Vec::new();
        };
        let rules = repository.rules.clone();
        let (Some(request), Some(head)) =
            (repository.requests.get(&number).cloned(), repository.head())
        else {
            return Vec::new();
        };
        let unsigned = |store: &Self| {
            let fresh = store.objects.ahead(head, request.head);
            fresh.into_iter().any(|id| !store.is_signed(id))
        };
        let base = self.repository(id).and_then(|it| it.branch(&request.base));
        let conflict = base.is_none_or(|base| self.objects.merged(base, request.head).is_none());
        [
            (conflict, Obstacle::Conflict),
            (request.draft, Obstacle::Draft),
            (
                rules.checks && request.checks != Checks::Passed,
                Obstacle::Checks,
            ),
            (request.approvals < rules.approvals, Obstacle::Approvals),
            (rules.signed && unsigned(self), Obstacle::Unsigned),
        ]
        .into_iter()
        .filter_map(|(stands, obstacle)| stands.then_some(obstacle))
        .collect()
    }

    /// How many files a request changes.
    pub fn changed_files(&self, id: u64, request: &Request) -> usize {
        let base = self.repository(id).and_then(|it| it.branch(&request.base));
        let parted = base.and_then(|base| self.objects.merge_base(base, request.head));
        self.objects.changed(parted, request.head).len()
    }

    /// Merges a request that nothing stands against, and returns the commit.
    pub fn merge(
        &mut self,
        id: u64,
        by: &Actor,
        number: u64,
        method: Method,
    ) -> Result<Oid, Refused> {
        let admin = by.may(Right::Admin);
        let repository = self.writable(id, by)?;
        let rules = repository.rules.clone();
        let request = repository.requests.get(&number).ok_or(Refused::NotFound)?;
        if !request.is_open() {
            return Err(Refused::State("it is not open".to_owned()));
        }
        let obstacles = self.obstacles(id, number);
        let blocked = obstacles
            .iter()
            .find(|it| !admin || matches!(it, Obstacle::Conflict | Obstacle::Draft));
        if let Some(obstacle) = blocked {
            return Err(Refused::State(format!("{obstacle:?}")));
        }
        if !rules.allow(method) {
            return Err(Refused::State(format!("{method:?} is not allowed")));
        }
        if rules.queue && !admin {
            return Err(Refused::State("it has to go through the queue".to_owned()));
        }
        self.merge_now(id, by, number, method)
    }

    fn merge_now(
        &mut self,
        id: u64,
        by: &Actor,
        number: u64,
        method: Method,
    ) -> Result<Oid, Refused> {
        let repository = self.repository(id).ok_or(Refused::NotFound)?;
        let request = repository
            .requests
            .get(&number)
            .ok_or(Refused::NotFound)?
            .clone();
        let deletes = repository.rules.deletes_branch;
        let base = repository.branch(&request.base).ok_or(Refused::NotFound)?;
        let tree = self.objects.merged(base, request.head);
        let tree = tree.ok_or_else(|| Refused::State("Conflict".to_owned()))?;
        if method == Method::Rebase {
            let made = self.rebased(id, by, base, request.head);
            self.finish(id, &request, made, deletes);
            return Ok(made);
        }
        let mut parents = vec![base];
        parents.extend((method == Method::Merge).then_some(request.head));
        let hand = self.hand(by);
        let commit = Commit {
            tree,
            parents,
            author: hand.clone(),
            committer: hand,
            message: self.merge_message(&request, method),
            signed: true,
        };
        let made = self.put_commit(id, commit);
        self.finish(id, &request, made, deletes);
        Ok(made)
    }

    /// The commits of `head` again, one by one, on top of `base`. Nobody has signed these.
    fn rebased(&mut self, id: u64, by: &Actor, base: Oid, head: Oid) -> Oid {
        let mut onto = base;
        for one in self.objects.ahead(base, head).into_iter().rev() {
            let Some(commit) = self.objects.commit(one).cloned() else {
                continue;
            };
            let parent = commit.parents.first().copied();
            let files = self.objects.files_of(one);
            let mut tree = self.objects.commit(onto).map(|it| it.tree);
            for path in self.objects.changed(parent, one) {
                tree = self.objects.placed(tree, &path, files.get(&path).copied());
            }
            let commit = Commit {
                tree: tree.unwrap_or_else(|| self.objects.put_tree(Vec::new())),
                parents: vec![onto],
                committer: self.hand(by),
                signed: false,
                ..commit
            };
            onto = self.put_commit(id, commit);
        }
        onto
    }

    fn merge_message(&self, request: &Request, method: Method) -> String {
        let Request {
            number,
            title,
            body,
            ..
        } = request;
        match method {
            Method::Merge => format!(
                "Merge pull request #{number} from {}/{}\n\n{title}",
                self.owner, request.branch
            ),
            _ => format!("{title} (#{number})\n\n{body}"),
        }
    }

    fn finish(&mut self, id: u64, request: &Request, made: Oid, deletes: bool) {
        let now = self.clock.seconds();
        if let Some(request) = self
            .repository_mut(id)
            .and_then(|it| it.requests.get_mut(&request.number))
        {
            request.state = RequestState::Merged;
            request.merged_as = Some(made);
            request.ended = Some(now);
            request.updated = now;
            request.queued = false;
        }
        self.set_ref(id, &branch_ref(&request.base), Some(made));
        if deletes {
            self.set_ref(id, &branch_ref(&request.branch), None);
        }
    }

    /// Has a request merged by itself once nothing is in the way.
    pub fn merge_by_itself(
        &mut self,
        id: u64,
        by: &Actor,
        number: u64,
        method: Method,
    ) -> Result<(), Refused> {
        let rules = self.writable(id, by)?.rules.clone();
        let obstacles = self.obstacles(id, number);
        let request = self.changeable(id, by, number)?;
        if !request.is_open() {
            return Err(Refused::State("it is not open".to_owned()));
        }
        if !rules.auto_merge {
            return Err(Refused::State("auto-merge is off".to_owned()));
        }
        if !rules.allow(method) {
            return Err(Refused::State(format!("{method:?} is not allowed")));
        }
        if obstacles.is_empty() && !rules.queue {
            let clean = matches!(request.checks, Checks::None | Checks::Passed);
            let status = if clean { "clean" } else { "unstable" };
            return Err(Refused::State(format!("it is in {status} status")));
        }
        request.auto = Some(method);
        Ok(())
    }

    /// Puts a request into the queue.
    pub fn enqueue(&mut self, id: u64, by: &Actor, number: u64) -> Result<(), Refused> {
        let rules = self.writable(id, by)?.rules.clone();
        let obstacles = self.obstacles(id, number);
        let request = self.changeable(id, by, number)?;
        if !rules.queue || !request.is_open() || !obstacles.is_empty() {
            return Err(Refused::State("it cannot be queued".to_owned()));
        }
        request.queued = true;
        Ok(())
    }

    /// Merges what waits in queues or for auto-merge and has nothing in its way any more; returns
    /// how many were.
    pub fn settle(&mut self) -> usize {
        let mut waiting = Vec::new();
        for repository in self.repositories() {
            let requests = repository.requests.values().filter(|it| it.is_open());
            for request in requests.filter(|it| it.queued || it.auto.is_some()) {
                waiting.push((repository.id, request.number, request.auto));
            }
        }
        let by = Actor::admin("github-merge-queue");
        let mut merged = 0;
        for (id, number, method) in waiting {
            if self.obstacles(id, number).is_empty() {
                let method = method.unwrap_or(Method::Squash);
                merged += usize::from(self.merge_now(id, &by, number, method).is_ok());
            }
        }
        merged
    }
}
