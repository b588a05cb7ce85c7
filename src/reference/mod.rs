//! The images, actions and components that a repository's files name, each with its exact place;
//! no input or output.
//!
//! Only what a platform would pull is an image: an input, a variable or a script that mentions one
//! is not. What cannot be known from the file alone is said to be so, never guessed.

mod dockerfile;
mod edits;
mod finding;
mod found;
mod gather;
mod github;
mod gitlab;
mod helm;
mod kind;
mod kubernetes;
mod mask;
mod named;
mod one;
mod own;
mod place;
mod runner;
mod target;
mod uses;
mod version_comment;
mod workflow;

use std::path::Path;

pub use edits::{NotEditable, Pinned};
pub use finding::{UNREADABLE_FILE, UNRESOLVED_IMAGE, unreadable, unresolved};
pub use found::{FoundImage, ImagePlace, Part, Piece, Unresolved};
pub use kind::{FileKind, is_candidate, looks_like_template};
pub use mask::{Masked, Pin, PinKind, mask, splice};
pub use named::{NamedImage, NamedImages};
pub use one::{Reference, Spot, SpotPart, VersionComment};
pub use place::{Kind, Place};
pub use target::{ImageName, Malformed, Target};
pub use uses::{Comment, FoundUse, UsePlace};

use crate::document::{
    self, DocumentError, Problem, Source,
    yaml::{self, Node},
};
use found::Found;
use gather::Gathered;
use uses::Uses;

/// Every reference of the file `path` in the order of places, those that have no pin included.
///
/// `path` is relative to the repository's root: it decides with the text what kind of file it is.
/// A file of no known kind names nothing, and is not parsed where its bytes already tell.
pub fn references(path: &Path, bytes: &[u8]) -> Result<Vec<Reference>, DocumentError> {
    let named = FileKind::of_path(path);
    if !kind::may_name_images(path, named, bytes) && !kind::may_use(named, bytes) {
        return Ok(Vec::new());
    }
    let source = Source::decode(path, bytes)?;
    let mut found = Gathered::new(&source);
    in_yaml(path, named, &source, |kind, root| {
        if kind == FileKind::GithubWorkflow {
            workflow::workflow(root, &mut found);
        }
    })?;
    Ok(found.into_references())
}

/// The images that the file `path` names, in the order of their places.
///
/// `path` is relative to the repository's root: it decides with the text what kind of file it is.
/// A file of no known kind names none, and is not parsed where its bytes already tell.
pub fn images(path: &Path, bytes: &[u8]) -> Result<Vec<FoundImage>, DocumentError> {
    let named = FileKind::of_path(path);
    if !kind::may_name_images(path, named, bytes) {
        return Ok(Vec::new());
    }
    let source = Source::decode(path, bytes)?;
    let mut found = Found::new(&source);
    match named {
        Some(FileKind::Dockerfile) => {
            dockerfile::images(&document::dockerfile::parse(&source)?, &mut found);
        }
        Some(FileKind::RunnerConfig) => {
            runner::images(&document::toml::parse(&source)?, &mut found);
        }
        _ => in_yaml(path, named, &source, |kind, root| match kind {
            FileKind::GithubWorkflow => github::workflow(root, &mut found),
            FileKind::GithubAction => github::action(root, &mut found),
            FileKind::GitlabCi => gitlab::images(root, &mut found),
            FileKind::Kubernetes => kubernetes::images(root, &mut found),
            FileKind::HelmValues => helm::images(root, &mut found),
            FileKind::Fullsend => own::images(root, &mut found),
            FileKind::Dockerfile | FileKind::RunnerConfig => {}
        })?,
    }
    Ok(found.into_images())
}

/// The actions, reusable workflows and components that the file `path` uses, in the order of their
/// places.
///
/// As for [`images`], path and text decide what kind of file it is. Images behind `docker://` are
/// left to [`images`].
pub fn uses(path: &Path, bytes: &[u8]) -> Result<Vec<FoundUse>, DocumentError> {
    let named = FileKind::of_path(path);
    if !kind::may_use(named, bytes) {
        return Ok(Vec::new());
    }
    let source = Source::decode(path, bytes)?;
    let mut uses = Uses::new(&source);
    in_yaml(path, named, &source, |kind, root| match kind {
        FileKind::GithubWorkflow => uses.workflow(root),
        FileKind::GithubAction => uses.action(root),
        FileKind::GitlabCi => uses.pipeline(root),
        _ => {}
    })?;
    Ok(uses.into_found())
}

/// Shows every document of a YAML file to `visit`, with its kind where that can be told.
fn in_yaml(
    path: &Path,
    named: Option<FileKind>,
    source: &Source<'_>,
    mut visit: impl FnMut(FileKind, &Node<'_>),
) -> Result<(), DocumentError> {
    let tree = yaml::parse(source).map_err(|error| match error.problem {
        Problem::Syntax { .. } if named.is_none() && looks_like_template(source) => DocumentError {
            problem: Problem::Template("YAML"),
            ..error
        },
        _ => error,
    })?;
    // What a first document says, a component's inputs for one, tells what the others are.
    let shapes: Vec<_> = tree
        .documents()
        .map(|root| FileKind::of_shape(&root))
        .collect();
    let first = shapes.iter().flatten().next().copied();
    for (root, shape) in tree.documents().zip(shapes) {
        if let Some(kind) = named.or(shape).or(first).or_else(|| kind::by_hint(path)) {
            visit(kind, &root);
        }
    }
    Ok(())
}
