//! A forge in this process: one owner's repositories with real git objects behind the API of
//! GitHub or GitLab, on a free loopback port, misbehaving on request.
//!
//! - [`Store`] holds everything, whichever face is shown: `repository`, `request`, `run`,
//!   `identity` are what it is made of; `object`, `tree`, `history` are git; `merge` is what
//!   becomes of requests; `outline` is what is left in the end.
//! - `world` stands between a request and its face: the `journal`, [`Mishap`]s, [`Limits`].
//! - `seed` makes repositories up; `scenario` is a forge as a file describes it.
//! - `github` and `gitlab` are faces. Requests and answers are held against the published descriptions;
//!   what does not fit is a [violation](Forge::violations), with which a test ends badly.

mod checkout;
mod clock;
mod description;
mod github;
mod gitlab;
mod history;
mod identity;
mod journal;
mod limits;
mod merge;
mod mishap;
mod object;
mod outline;
mod repository;
mod request;
mod run;
mod scenario;
mod seed;
mod store;
mod tree;
mod world;

use std::{path::Path, sync::MutexGuard, time::Duration};

pub use clock::{Clock, rfc3339};
use description::installed;
pub use github::App;
pub use gitlab::Instance;
pub use identity::{Actor, ActorKind, Grant, Right, Told};
pub use journal::{Call, Counts};
pub use limits::{Door, Hit, Left, Limits, Nature};
pub use merge::{Obstacle, Opening};
pub use mishap::{Mishap, When};
use mishap::{Plan, What};
pub use object::{Commit, Hand, Mode, Object, Objects, Oid, TreeEntry};
pub use repository::{Method, Repository, Rules, Visibility, branch_ref};
pub use request::{Checks, Request, RequestState};
pub use run::{Annotation, Conclusion, Run, Workflow};
pub use scenario::{Described, Scenario};
pub use store::{Expected, Refused, Store};
pub use tree::Edit;
use world::{Face, State, World};

use crate::web::Server;

/// A running forge, which ends when it is dropped.
///
/// Dropping it panics if a request or an answer broke the published description, unless a test
/// has taken the [violations](Self::take_violations).
#[derive(Debug)]
pub struct Forge {
    server: Server<World>,
}

impl Forge {
    fn launch(face: Box<dyn Face>, owner: &str) -> Self {
        Self {
            server: Server::launch(World::new(face, Store::new(owner)), None),
        }
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.server.host()
    }

    /// The URL of `path` here.
    pub fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    /// Reads and changes what the forge holds; no request is answered meanwhile.
    pub fn with<R>(&self, act: impl FnOnce(&mut Store) -> R) -> R {
        act(&mut self.state().store)
    }

    /// Adds a repository with one commit of these files, or an empty one; returns its number.
    pub fn add(&self, repository: Repository, files: &[Edit]) -> u64 {
        self.with(|store| store.seed(repository, files))
    }

    /// Writes a repository as git keeps it into `folder`, has git check every object strictly, and
    /// checks its default branch out there.
    ///
    /// # Panics
    /// If there is no such repository, or git finds fault with it.
    pub fn checkout(&self, name: &str, folder: &Path) {
        let state = self.state();
        let Some(repository) = state.store.named(name) else {
            panic!("no repository {name}");
        };
        checkout::write(&state.store.objects, repository, folder);
    }

    /// Has something go wrong with the next requests that are so.
    pub fn fault(&self, when: When, mishap: Mishap) {
        self.plan(when, What::Mishap(mishap), 1);
    }

    /// The same, so many times.
    pub fn faults(&self, when: When, mishap: Mishap, times: u32) {
        self.plan(when, What::Mishap(mishap), times);
    }

    /// Has somebody else act right before a request is done.
    pub fn meanwhile(&self, when: When, act: impl FnMut(&mut Store) + Send + 'static) {
        self.plan(when, What::Act(Box::new(act)), 1);
    }

    /// No longer answers from the write of that number on, counted from now; `done` tells whether
    /// it still does what that one asks for. See [`wait_until_stopped`](Self::wait_until_stopped).
    pub fn stop_at_write(&self, number: u64, done: bool) {
        self.stop(When::Write(number), done);
    }

    /// The same from the next request on that is so.
    pub fn stop(&self, when: When, done: bool) {
        self.plan(when, What::Stop { done }, 1);
    }

    /// Waits until the forge has stopped, at most so long; whether it has.
    pub fn wait_until_stopped(&self, most: Duration) -> bool {
        self.server.site().wait_until_stopped(most)
    }

    /// Answers again. Those who were not answered never will be.
    pub fn go_on(&self) {
        let state = &mut *self.state();
        (state.stops, state.has_stopped) = (false, false);
    }

    /// Forgets what was to go wrong.
    pub fn behave(&self) {
        self.state().plans.clear();
    }

    /// Waits so long before each answer.
    pub fn delay(&self, delay: Duration) {
        self.state().delay = delay;
    }

    /// Takes no more than this of each identity.
    pub fn limit(&self, limits: Limits) {
        self.state().limits = limits;
    }

    /// Every request so far.
    pub fn calls(&self) -> Vec<Call> {
        self.state().journal.calls.clone()
    }

    /// How many there were.
    pub fn counts(&self) -> Counts {
        self.state().journal.counts()
    }

    /// Forgets the requests so far.
    pub fn clear_calls(&self) {
        let state = &mut *self.state();
        state.journal.calls.clear();
        state.journal.limited = 0;
    }

    /// The requests whose URL holds a text, a token for example.
    pub fn urls_with(&self, text: &str) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| call.path.contains(text) || call.query.contains(text));
        calls
    }

    /// What broke the published description so far.
    pub fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }

    /// The same, and forgets it: for tests that break it on purpose.
    pub fn take_violations(&self) -> Vec<String> {
        std::mem::take(&mut self.state().violations)
    }

    fn plan(&self, when: When, what: What, times: u32) {
        self.state().plans.push(Plan::new(when, what, times));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.server.site().lock()
    }
}

impl Drop for Forge {
    fn drop(&mut self) {
        let found = self.take_violations();
        if !std::thread::panicking() {
            assert!(
                found.is_empty(),
                "the client or the forge broke the description:\n{}",
                found.join("\n")
            );
        }
    }
}
