//! What git hosts answer about a repository: its tags and branches, whether a commit is its own,
//! and when a commit was made.
//!
//! Every git host speaks the same protocol over HTTP (version 2 of git's own), so that one client
//! does for GitHub, GitLab and the others, with or without a token, and outside of the limits that
//! GitHub sets on its API. A question costs one request: `ls-refs` is posted without the
//! advertisement that `git` itself asks for first.
//!
//! A host is not trusted: every answer is bounded in size, number and time, and what could not be
//! found out is an error, never "there is none".

mod credentials;
mod exchange;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod hosts;
mod limits;
mod protocol;
mod refs;
mod repository;
mod rest;

pub use hosts::{GitHosts, GitOptions};
pub use refs::{Reach, Refs, Tag};
pub use repository::{RemoteRepository, RepositoryError};
pub use rest::Numbers;
