//! `fullsend exec` end to end: the real program, daemon and registry.
//!
//! A machine without them fails these tests: skipping would look like passing.

pub(crate) mod bench;
mod ci;
mod configuration;
mod hostile;
mod interop;
mod limits;
mod outcomes;
mod process;
mod refusals;
mod relay;
mod remote;
mod signals;
mod streams;
mod terminal;
mod users;
