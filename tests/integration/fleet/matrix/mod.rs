//! The verbs with fifty repositories, killed and hindered wherever they can be: the next starts come to
//! the same end, without a second request and without a lost repository.
//!
//! Deaths are chained ([`chain`]): one rollout is killed at its first write, started again, killed
//! at the next one, and so on until it is through. That costs a start for each write, where a rollout
//! of its own for each would cost the square of it, and it is harder on the program: every start
//! finds what all deaths before left, and no process ever knows more than what one write of it brought.
//! What only a process that has lived long could lose is shown by [long lives](chain::Lives::Long).

mod call;
mod chain;
mod deaths;
mod journey;
mod left;
mod mishaps;
mod people;

use super::*;
