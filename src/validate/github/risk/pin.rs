//! Whether an action or an image is named by what nobody can move.

use std::{ops::Range, path::Path};

use super::uses;
use crate::{
    document::{
        Source,
        yaml::{self, Node, Scalar},
    },
    model::{
        text::excerpt,
        version::{Flavor, TagVersion},
    },
    report::finding::Severity,
    validate::Subject,
};

/// Something that its owner can change unseen.
pub(super) struct Movable {
    pub(super) at: Range<usize>,
    pub(super) message: String,
    /// Nothing for the rule's own.
    pub(super) severity: Option<Severity>,
}

/// What is movable of an action or a workflow that `uses` names.
pub(super) fn action(uses: &Scalar<'_>) -> Option<Movable> {
    if !uses::is_remote(uses.value) {
        return None;
    }
    let (name, reference) = uses.value.split_once('@')?;
    // The builders of SLSA prove who they are by their tag, and refuse to run without one.
    let by_tag = name.starts_with("slsa-framework/slsa-github-generator/.github/workflows/");
    if by_tag || uses::is_commit(reference) {
        return None;
    }
    let start = uses.at.end.saturating_sub(reference.len());
    // Where the value is written with escapes, its end is no guide.
    let at = if uses.at.len() == uses.value.len() {
        start..uses.at.end
    } else {
        uses.at.clone()
    };
    let of_github = name.starts_with("actions/") || name.starts_with("github/");
    let is_version = TagVersion::parse(reference, Flavor::Git).is_some();
    Some(Movable {
        at,
        message: format!(
            "`{}` of {} is what its owner says today: a commit is what it always is",
            excerpt(reference),
            excerpt(name)
        ),
        severity: (of_github && is_version).then_some(Severity::Note),
    })
}

/// What is movable of the image that `scalar` names, maybe after `docker://`.
pub(super) fn image(scalar: &Scalar<'_>, of_agent: bool) -> Option<Movable> {
    let image = scalar.value.trim().trim_start_matches("docker://");
    if image.is_empty() || image.contains("${{") || image.contains("@sha256:") {
        return None;
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    let (message, moves) = match last.split_once(':') {
        None => (
            format!("`{}` names no tag: `latest` is what runs", excerpt(image)),
            true,
        ),
        Some((_, "latest")) => (
            format!("`{}` changes with every push", excerpt(image)),
            true,
        ),
        Some(_) => (format!("`{}` names no digest", excerpt(image)), false),
    };
    Some(Movable {
        at: scalar.at.clone(),
        message,
        severity: (moves || of_agent).then_some(Severity::Warning),
    })
}

/// The image of a container or a service, in both ways to write it.
pub(super) fn image_of<'a>(container: &Node<'a>) -> Option<Scalar<'a>> {
    container.get("image").unwrap_or(*container).scalar()
}

/// Whether GitHub's lock of actions names the commits of the workflow.
pub(super) fn is_locked(subject: Subject<'_>) -> bool {
    let path = Path::new(".github/workflows/actions.lock");
    let lists = || {
        let bytes = subject.files.read(path)?;
        let tree = yaml::parse(&Source::decode(path, &bytes).ok()?).ok()?;
        let workflows = tree.documents().next()?.get("workflows")?;
        let own = subject.source.file().to_str()?;
        Some(workflows.get(own).is_some())
    };
    lists().unwrap_or(false)
}
