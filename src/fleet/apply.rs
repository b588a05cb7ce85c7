//! Acts on a plan, one repository at a time for each write: write, and look again wherever the
//! answer does not tell how things stand.

use std::fmt;

use futures_util::{StreamExt, stream};

use super::{
    Action, Outcome, Plan, Row, State, Step,
    ask::{Ask, Ended, Want},
    plan::texts,
};
use crate::forge::{
    Change, Commit, Forge, ForgeError, Identity, Proposal, Reason, Request, RequestState, Seen,
};

/// Writes that one repository may take before we give up on it: a whole life of a request, from a
/// stale branch to a new one, takes five.
const ROUNDS: usize = 8;
/// Repositories whose records are written in one commit.
const REMEMBERED_AT_ONCE: usize = 50;
/// Repositories that are worked on at once; the forge's limits keep writes in line.
const AT_ONCE: usize = 8;

/// Who follows the work.
pub trait Observer: Sync {
    /// A repository is about to be written to.
    fn acting(&self, name: &str, action: Action);
    /// A repository is finished.
    fn ended(&self, name: &str, outcome: &Outcome);
    /// Something that the person should know and that stops nothing.
    fn warn(&self, sentence: &str);
}

/// What the work is done with.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// The forge.
    pub forge: &'a dyn Forge,
    /// Who we are on it.
    pub identity: &'a Identity,
    /// Who follows the work.
    pub observer: &'a dyn Observer,
    /// Where the work is written down before it is done.
    pub journal: &'a dyn WriteAhead,
    /// Where the fleet remembers what it wrote; nothing without a configuration repository.
    pub state: Option<State<'a>>,
    /// Whether to end at the next safe point.
    pub stopped: &'a (dyn Fn() -> bool + Sync),
}

/// Where writes are written down before and after they are made.
pub trait WriteAhead: Sync {
    /// `write` is about to be done; fails where that cannot be written down, and then it is not
    /// done.
    fn intend(&self, name: &str, branch: &str, write: Write) -> Result<u64, String>;
    /// The write that was written down as `ticket` has ended so.
    fn done(&self, ticket: u64, ended: &str);
}

/// A write, as it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// What is done about a request.
    Request(Action),
    /// A request is merged.
    Merge,
    /// fleet.yaml is changed, and what follows from it.
    Configure,
    /// A run is started.
    Start,
}

impl Means<'_> {
    /// Writes down what is about to be done to a branch of the repository `name`, does it, and
    /// writes down how it ended; the sentence where it could not be written down, and was not done.
    pub(super) async fn written<T, E: fmt::Display>(
        self,
        (name, branch, write): (&str, &str, Write),
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<Result<T, E>, String> {
        let ticket = self.journal.intend(name, branch, write)?;
        let result = work.await;
        let ended = match &result {
            Ok(_) => "done".to_owned(),
            Err(error) => error.to_string(),
        };
        self.journal.done(ticket, &ended);
        Ok(result)
    }
}

/// Brings every row of `plan` to its end; what became of them is in the order of rows.
pub async fn apply(means: Means<'_>, want: &dyn Want, plan: Plan, repair: bool) -> Vec<Ended> {
    let finish = |row| async move {
        let ended = converge(means, want, row, repair).await;
        let name = &ended.seen.repository.name;
        means.observer.ended(name, &ended.outcome);
        ended
    };
    let mut all = Vec::new();
    let mut rows = plan.rows.into_iter();
    // A batch is through before it is written down: whoever waits in the middle of it may hold the
    // forge's only turn to write.
    while rows.len() > 0 {
        let batch = rows.by_ref().take(REMEMBERED_AT_ONCE).map(finish);
        let mut batch: Vec<Ended> = stream::iter(batch).buffered(AT_ONCE).collect().await;
        remember(means, &mut batch).await;
        all.append(&mut batch);
    }
    all
}

/// Writes down what the fleet is to remember. Where that fails, none of those repositories is done:
/// leaving the fleet needs what is remembered.
async fn remember(means: Means<'_>, batch: &mut [Ended]) {
    let is_new: Vec<bool> = batch.iter().map(|it| it.remember.is_some()).collect();
    let changes = batch.iter_mut().filter_map(|it| it.remember.take());
    let changes: Vec<Change> = changes.collect();
    let Some(state) = means.state.filter(|_| !changes.is_empty()) else {
        return;
    };
    let count = changes.len();
    let headline = format!("chore: what was written to {count} repositories");
    if let Err(error) = state.write(means.identity, &headline, &changes).await {
        let hint = "the same command writes it down";
        let why = error.with_hint();
        let sentence = format!("what was written could not be remembered, {hint}: {why}");
        means.observer.warn(&sentence);
        for (ended, _) in batch.iter_mut().zip(is_new).filter(|(_, is_new)| *is_new) {
            ended.is_forgotten = true;
        }
    }
}

/// Brings one repository to its end.
pub async fn converge(means: Means<'_>, want: &dyn Want, row: Row, repair: bool) -> Ended {
    let mut current = row;
    let mut changed = false;
    for _ in 0..ROUNDS {
        let action = match &current.step {
            Step::Rest(outcome) => {
                let outcome = with_change(outcome.clone(), changed);
                return current.ended(outcome);
            }
            Step::Do(_) if (means.stopped)() => return current.ended(Outcome::Unreached),
            Step::Do(action) => *action,
        };
        means.observer.acting(&current.seen.repository.name, action);
        match act(means, &current, action).await {
            Ok(Some(request)) => {
                let changed = true;
                return current.ended(Outcome::Open { request, changed });
            }
            Ok(None) => changed = true,
            Err(Failure::Look) => {}
            Err(Failure::Final(why)) => return current.ended(Outcome::Failed(why)),
            Err(Failure::Forge(error)) => return current.failed(error),
        }
        current = match look(means, want, &current, repair).await {
            Ok(Some(row)) => row,
            Ok(None) => {
                let why = "it is no longer there".to_owned();
                return current.ended(Outcome::Failed(why));
            }
            Err(error) => return current.failed(error),
        };
    }
    current.ended(Outcome::Failed(
        "it changes whenever we write to it".to_owned(),
    ))
}

impl Row {
    fn ended(self, outcome: Outcome) -> Ended {
        let is_asked = matches!(outcome, Outcome::Done | Outcome::Open { .. });
        let (notes, remember) = match self.ask {
            Ok(ask) => (ask.notes, ask.remember.filter(|_| is_asked)),
            Err(_) => (Vec::new(), None),
        };
        Ended {
            seen: self.seen,
            ring: self.ring,
            outcome,
            texts: self.texts,
            notes,
            remember,
            error: None,
            is_forgotten: false,
        }
    }

    fn failed(self, error: ForgeError) -> Ended {
        let ended = self.ended(Outcome::Failed(error.with_hint()));
        Ended {
            error: Some(error),
            ..ended
        }
    }
}

fn with_change(outcome: Outcome, now: bool) -> Outcome {
    match outcome {
        Outcome::Open { request, changed } => Outcome::Open {
            request,
            changed: changed || now,
        },
        outcome => outcome,
    }
}

/// Looks at one repository again, and decides again; nothing where it is no longer there.
async fn look(
    means: Means<'_>,
    want: &dyn Want,
    row: &Row,
    repair: bool,
) -> Result<Option<Row>, ForgeError> {
    let names = [row.seen.repository.name.clone()];
    let found = means.forge.look(&names, want.watch()).await?;
    let Some(seen) = found.into_iter().next().flatten() else {
        return Ok(None);
    };
    let texts = texts(means.forge, want, &[&seen]).await?;
    let texts = texts.into_iter().next().unwrap_or_default();
    Ok(Some(Row::decided(want, seen, &row.ring, texts, repair)))
}

/// Why a write did not end well.
enum Failure {
    /// Things are not as they were, or nobody knows how they are.
    Look,
    /// Nothing more can be done now.
    Final(String),
    /// The forge keeps us from it.
    Forge(ForgeError),
}

/// Does one thing; the request where that is all there was to do.
async fn act(means: Means<'_>, row: &Row, action: Action) -> Result<Option<Request>, Failure> {
    let (seen, ask) = match &row.ask {
        Ok(ask) => (&row.seen, ask),
        Err(refusal) => return Err(Failure::Final(refusal.to_string())),
    };
    let name = &seen.repository.name;
    let intent = (name.as_str(), ask.branch.as_str(), Write::Request(action));
    let result = means.written(intent, write(means, seen, ask, action)).await;
    result
        .map_err(Failure::Final)?
        .map_err(|error| match error.reason() {
            Reason::Unsure(_) | Reason::Moved | Reason::Exists => Failure::Look,
            _ => Failure::Forge(error),
        })
}

async fn write(
    means: Means<'_>,
    seen: &Seen,
    ask: &Ask,
    action: Action,
) -> Result<Option<Request>, ForgeError> {
    let (forge, repository) = (means.forge, &seen.repository);
    let (branch, request) = (seen.branch.as_ref(), seen.request.as_ref());
    let message = ask.message(means.identity);
    match (action, branch, request) {
        (Action::Propose, _, _) => {
            // An empty repository was refused before.
            let Some(base) = &seen.head else {
                return Ok(None);
            };
            let proposal = Proposal {
                repository,
                base,
                branch: &ask.branch,
                changes: &ask.changes,
                message: &message,
                title: &ask.title,
                body: &ask.body,
            };
            return forge.propose(&proposal).await.map(Some);
        }
        (Action::Commit, Some(branch), _) => {
            // Before the commit: whoever is stopped in between finds the commit missing, and so
            // describes it again. What people made of the title stays for as long as ours stays.
            if let Some(request) = request.filter(|it| it.state != RequestState::Merged) {
                let described = forge.describe(repository, request, &ask.title, &ask.body);
                described.await?;
            }
            let commit = Commit {
                repository,
                branch: &ask.branch,
                parent: &branch.head,
                changes: &ask.changes,
                message: &message,
            };
            forge.commit(&commit).await?;
        }
        (Action::Open, _, _) => {
            let opened = forge.open(repository, &ask.branch, &ask.title, &ask.body);
            return opened.await.map(Some);
        }
        (Action::Reopen, _, Some(request)) => forge.reopen(repository, request).await?,
        (Action::Close, _, Some(request)) => forge.close(repository, request).await?,
        (Action::DeleteBranch, Some(branch), _) => {
            let deleted = forge.delete_branch(repository, &ask.branch, &branch.head);
            deleted.await?;
        }
        // What is to be changed is gone: looking again tells.
        (Action::Commit | Action::Reopen | Action::Close | Action::DeleteBranch, _, _) => {}
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
