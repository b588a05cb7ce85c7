//! `fullsend pin` as users run it, against a registry and a git host in this process.

mod actions_lock;
mod budget;
mod faults;
mod files;
mod generated;
mod images;
mod lock;
mod places;
mod review;
pub(crate) mod scene;
pub(crate) mod signatures;
mod status;
mod thin;
mod updates;
