//! The verbs with fifty repositories, killed and hindered wherever they can be: the next starts come to
//! the same end, without a second request and without a lost repository.
//!
//! Deaths are chained: one rollout is killed at its first write, started again, killed at the next
//! write that no start died at, and so on until it is through. That costs a start for each write, where
//! a rollout of its own for each would cost the square of it. It is harder on the program, too: each
//! start finds what all deaths before it left, and the end is compared all the same. What it cannot
//! show, that a process loses what it gathered in many writes, is shown by deaths that come
//! [seldom](chain::Death::Seldom).

mod call;
mod chain;
mod deaths;
mod journey;
mod left;
mod mishaps;
mod people;

use super::*;
