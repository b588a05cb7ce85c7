//! Our presets before the real Renovate: what it finds, and what it would offer.
//!
//! It runs on loopback, against a registry and git hosts of the test kit, with `--platform=local`
//! and `--dry-run=lookup`: it looks everything up and makes no branches. A start takes seconds, so
//! that each test asks one run for many rows.

mod enrolled;
mod files;
mod managers;
mod rings;
pub(crate) mod world;

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The presets that our repository ships.
fn shipped() -> [PathBuf; 2] {
    ["default.json", "automerge.json"].map(|name| root().join("renovate").join(name))
}
