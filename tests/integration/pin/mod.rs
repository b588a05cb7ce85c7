//! `fullsend pin` as users run it, against a registry and a git host in this process.

mod actions_lock;
mod lock;
mod scene;
mod status;
mod thin;
