//! What is found, and what becomes of the text when it is pinned.

mod comments;
mod grammar;
mod pipelines;
mod places;
mod properties;

use std::path::Path;

use super::*;
use crate::{
    document::edit::{self, Edit},
    model::digest::Digest,
};

/// What everything is pinned to.
#[derive(Debug)]
struct Pins {
    tag: String,
    digest: Digest,
    commit: String,
    version: String,
    hash: String,
}

impl Pins {
    fn fixed() -> Self {
        Self {
            tag: "1.2.3".to_owned(),
            digest: format!("sha256:{}", "b".repeat(64)).parse().unwrap(),
            commit: "c".repeat(40),
            version: "v1.2.3".to_owned(),
            hash: "sha256-abc=".to_owned(),
        }
    }

    fn for_one(&self, reference: &Reference) -> Pinned<'_> {
        match &reference.target {
            Target::Image(_) => Pinned::Image {
                tag: &self.tag,
                digest: &self.digest,
            },
            Target::Remote { .. } => Pinned::Integrity(&self.hash),
            _ => Pinned::Commit {
                commit: &self.commit,
                version: Some(&self.version),
            },
        }
    }
}

fn found(path: &str, text: &str) -> Vec<Reference> {
    references(Path::new(path), text.as_bytes()).unwrap()
}

/// The edits of every reference that can be edited.
fn edits(references: &[Reference], pins: &Pins) -> Vec<Edit> {
    let editable = references.iter().filter(|found| found.obstacle().is_none());
    editable
        .flat_map(|found| found.edits(&pins.for_one(found)).unwrap())
        .collect()
}

/// `text` with everything pinned.
fn pinned(path: &str, text: &str) -> String {
    edit::apply(text, &edits(&found(path, text), &Pins::fixed())).unwrap()
}
