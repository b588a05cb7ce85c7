//! References to versions and digests: what is pinned, what is wrong with a pin, what it becomes.
//!
//! [`decide`] is pure: it works from the references of a file and the [`Facts`] known so far, and
//! says which [`Question`] is open. [`plan`] asks until none is. A [`Lock`] holds what was resolved,
//! for checks that ask nobody, and for going back.

mod actions_lock;
mod ask;
mod bounds;
mod component;
mod decide;
mod decision;
mod facts;
mod git;
mod governed;
mod image;
mod lock;
mod options;
mod plan;
mod release;
mod relock;
mod repository;
mod settle;
mod skew;

pub use actions_lock::Locked;
pub use ask::{Judge, World};
pub use bounds::Bounds;
pub use decide::decide;
pub use decision::{Decision, Pin, shown};
pub use facts::{ActionAt, Fact, Facts, Known, Question, Tagged};
pub use governed::decide_locked;
pub use lock::{Entry, Lock, LockError, LockFile, RecordedDigest, Use};
pub use options::{Only, Options};
pub use plan::{Site, plan};
pub use release::to_release;
pub use repository::{NamingFile, Repository, Unread};
pub use settle::{Change, Group, Settlement};
