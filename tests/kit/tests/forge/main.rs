//! The forge itself: what it answers, refuses, limits and spoils, and what git makes of it.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "these are tests: nothing else reads their files, and what fails is to be loud"
)]

mod client;
mod faults;
mod github;
mod limits;
mod rest;
mod scenario;
mod speed;
