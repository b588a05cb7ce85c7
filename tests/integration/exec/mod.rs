//! `fullsend exec` end to end: the real program, daemon and registry.
//!
//! A machine without them fails these tests: skipping would look like passing.

mod bench;
mod outcomes;
mod process;
mod refusals;
mod signals;
mod streams;
