//! REST alone, for where GraphQL is closed: the same results in more requests.

mod look;
mod pull;
mod runs;
mod write;

pub(super) use look::{files, look, survey, uncrowd};
pub(super) use pull::{brings, request, tip};
pub(super) use runs::runs;
pub(super) use write::{
    change_request, commit, create_branch, delete_branch, merge, open, propose,
};
