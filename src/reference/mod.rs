//! The images, actions and components that a repository's files name, each with its exact place;
//! no input or output.
//!
//! Only what a platform would pull is an image: an input, a variable or a script that mentions one
//! is not. What cannot be known from the file alone is said to be so, never guessed.

mod actions_lock;
mod apply;
mod dockerfile;
mod edits;
mod finding;
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
mod version_comment;

use std::path::Path;

pub use actions_lock::{
    ACTIONS_LOCK, ActionsLock, folded, lock_name, locked_reference, uses as locked_uses,
};
pub use apply::{NotApplied, apply};
pub use edits::{NotEditable, Pinned};
pub use finding::{UNREADABLE_FILE, UNRESOLVED_IMAGE, unreadable, unresolved};
pub use kind::{FileKind, is_candidate, looks_like_template};
pub use mask::{Masked, mask};
pub use named::{NamedImage, NamedImages};
pub use one::{Reference, Spot, SpotPart, Unresolved, VersionComment};
pub use place::{Kind, Place};
pub use target::{ImageName, Malformed, Target, is_reference};

use crate::document::{
    self, DocumentError, Problem, Source,
    toml::Table,
    yaml::{self, Node, Yaml},
};
use gather::Gathered;

/// Every reference of the file `path` in the order of places, those that have no pin included.
///
/// `path` is relative to the repository's root: it decides with the text what kind of file it is.
/// A file of no known kind names nothing, and is not parsed where its bytes already tell.
pub fn references(path: &Path, bytes: &[u8]) -> Result<Vec<Reference>, DocumentError> {
    let named = FileKind::of_path(path);
    if !kind::may_name(path, named, bytes) {
        return Ok(Vec::new());
    }
    let source = Source::decode(path, bytes)?;
    let mut found = Gathered::new(&source);
    match named {
        Some(FileKind::Dockerfile) => {
            dockerfile::instructions(&document::dockerfile::parse(&source)?, &mut found);
        }
        _ if kind::is_toml(path) => match document::toml::parse(&source) {
            Ok(root) => runner::config(&root, &mut found),
            Err(error) if kind::opens_runner(source.text()) => return Err(error),
            // Another program's.
            Err(_) => {}
        },
        _ => in_yaml(path, named, &source, |kind, root| {
            in_document(kind, root, &mut found);
        })?,
    }
    Ok(found.into_references())
}

/// What the documents of `tree` name, which was read from `source`, a file of this `kind`.
pub fn in_tree(kind: FileKind, tree: &Yaml, source: &Source<'_>) -> Vec<Reference> {
    let mut found = Gathered::new(source);
    for root in tree.documents() {
        in_document(kind, &root, &mut found);
    }
    found.into_references()
}

/// What a runner's configuration names, which was read from `source` or from a value in it.
pub fn in_runner_config(root: &Table, source: &Source<'_>) -> Vec<Reference> {
    let mut found = Gathered::new(source);
    runner::config(root, &mut found);
    found.into_references()
}

fn in_document(kind: FileKind, root: &Node<'_>, found: &mut Gathered<'_>) {
    match kind {
        FileKind::GithubWorkflow => github::workflow(root, found),
        FileKind::GithubAction => github::action(root, found),
        FileKind::GitlabCi => gitlab::pipeline(root, found),
        FileKind::Kubernetes => kubernetes::manifests(root, found),
        FileKind::HelmValues => helm::values(root, found),
        FileKind::Fullsend => own::config(root, found),
        FileKind::Dockerfile | FileKind::RunnerConfig => {}
    }
}

/// The images among the [`references`] of a file, those that cannot be told included.
pub fn images(path: &Path, bytes: &[u8]) -> Result<Vec<Reference>, DocumentError> {
    let mut found = references(path, bytes)?;
    found.retain(|found| {
        let named = !matches!(found.target, Target::Local | Target::Pattern);
        found.kind() == Kind::Image && named
    });
    Ok(found)
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

#[cfg(test)]
mod tests;
