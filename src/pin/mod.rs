//! References to versions and digests: what is pinned, what is wrong with a pin, what it becomes.
//!
//! [`decide`] is pure: it works from the references of a file and the [`Facts`] known so far, and
//! says which [`Question`] is open. [`plan`] asks until none is. So a decision made offline, from a
//! lock file's facts, is the same as one made from the registry's and the forge's own answers.

mod ask;
mod component;
mod decide;
mod decision;
mod facts;
mod git;
mod image;
mod options;
mod plan;
mod skew;

pub use ask::{Judge, World};
pub use decide::decide;
pub use decision::{Decision, Pin, shown};
pub use facts::{Fact, Facts, Known, Question, Tagged};
pub use options::{Bounds, Only, Options};
pub use plan::plan;
