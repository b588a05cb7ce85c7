//! A repository's files, walked, read and reported, as `verify --all` does it.

mod places;
pub(crate) mod sarif;
mod shapes;

use std::path::{Path, PathBuf};

use fullsend::{
    document::MAX_BYTES,
    reference::{self, Reference},
    report::finding::{Finding, Findings},
    seam::{files, walk},
};

/// The repository of fixtures: one realistic file of each kind.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference")
}

/// What the files below `root` name, and what is to be said of them.
pub(crate) fn read(root: &Path) -> (Vec<Reference>, Findings) {
    let mut images = Vec::new();
    let mut findings: Vec<Finding> = Vec::new();
    let walked = walk::walk(root, reference::is_candidate);
    assert_eq!(walked.unread, []);
    for file in walked.files {
        let bytes = files::read(&root.join(&file), MAX_BYTES as u64).unwrap();
        match reference::images(&file, &bytes) {
            Ok(found) => images.extend(found),
            Err(error) => findings.push(reference::unreadable(&error)),
        }
    }
    findings.extend(images.iter().filter_map(reference::unresolved));
    (images, Findings::new(findings))
}
