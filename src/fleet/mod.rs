//! The fleet: which repositories of an organisation run agents, and on which release.
//!
//! The forge is the source of truth. Every verb looks ([`crate::forge::Forge`]), decides without
//! input or output ([`next`], [`membership`]), and acts on that decision alone; whatever stopped it,
//! the next start looks again and goes on from what is there. What a repository is to contain comes
//! from [`generate`](crate::generate) and [`pin`](crate::pin), as for one repository.

mod access;
mod actions;
mod apply;
mod ask;
pub mod desired;
pub mod drive;
pub mod enrol;
mod enroll;
pub mod hold;
mod journal;
mod membership;
mod next;
mod plan;
mod rollback;
pub mod rollout;
mod standing;
mod state;
mod status;
#[cfg(test)]
mod testing;
mod upgrade;

pub use access::{Access, Verb, access};
pub use actions::actions;
pub use apply::{Means, Observer, Write, WriteAhead, apply, converge};
pub use ask::{Ask, Ended, Outcome, Refusal, RefusalKind, Texts, Want};
pub use enroll::{
    ENROLL_BRANCH, Enrolling, HOLD_BRANCH, Holding, Nothing, Records, UNENROLL_BRANCH, Unenrolling,
    records,
};
pub use journal::{Intent, Journal, JournalError, Unfinished};
pub use membership::{LeftOut, Member, Membership, membership};
pub use next::{Action, Desired, Next, Standing, TRAILER, next};
pub use plan::{Plan, Row, Step, plan};
pub use rollback::{preview_rollback, rollback};
pub use standing::{request_row, stands};
pub use state::{STATE_BRANCH, State};
pub use status::{Progress, Question, StatusError, status};
pub use upgrade::{preview_upgrade, upgrade};
