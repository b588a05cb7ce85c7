//! The one integration test binary.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod action;
mod baseref;
mod doctor;
mod exchange;
mod exec;
mod fix;
mod fleet;
mod fleet_pace;
mod forge;
mod forge_github;
mod forge_gitlab;
mod forge_reality;
mod generate;
mod generated;
mod init;
mod pin;
mod reference;
mod registry;
mod renovate;
mod runtime;
mod support;
mod tools;
mod trust;
mod verify;
mod verify_bundle;
