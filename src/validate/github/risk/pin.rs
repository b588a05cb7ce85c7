//! Whether an action or an image is named by what nobody can move.

use std::{ops::Range, path::Path};

use super::uses;
use crate::{
    document::{Source, yaml},
    model::{
        text::excerpt,
        version::{Flavor, TagVersion},
    },
    reference::{Malformed, Place, Reference, Target},
    report::finding::Severity,
    validate::{
        Report, Rule, Subject,
        loose::{self, Loose},
    },
};

/// Something that its owner can change unseen.
pub(super) struct Movable {
    at: Range<usize>,
    message: String,
    /// Nothing for the rule's own.
    severity: Option<Severity>,
}

impl Movable {
    pub(super) fn report(self, rule: &'static Rule, report: &mut Report<'_>) {
        let problem = report.at(rule, self.at, self.message);
        if let Some(severity) = self.severity {
            problem.severity(severity);
        }
    }
}

/// What is movable of an action or a workflow that is used.
pub(super) fn action(reference: &Reference) -> Option<Movable> {
    let is_used = matches!(reference.place, Place::GithubStep | Place::GithubWorkflow);
    // GitHub takes names of tags and branches that no edit could keep.
    let is_remote = matches!(
        reference.target,
        Target::Action { .. } | Target::Malformed(Malformed::Action)
    );
    if !is_used || !is_remote || !uses::is_remote(&reference.written) {
        return None;
    }
    let (name, version) = reference.written.split_once('@')?;
    // The builders of SLSA prove who they are by their tag, and refuse to run without one.
    let by_tag = name.starts_with("slsa-framework/slsa-github-generator/.github/workflows/");
    if by_tag || uses::is_commit(version) {
        return None;
    }
    let mut at = reference.span.bytes();
    // Where the value is written with escapes, its end is no guide.
    if at.len() == reference.written.len() {
        at.start = at.end - version.len();
    }
    let of_github = name.starts_with("actions/") || name.starts_with("github/");
    let is_version = TagVersion::parse(version, Flavor::Git).is_some();
    Some(Movable {
        at,
        message: format!(
            "`{}` of {} is what its owner says today: a commit is what it always is",
            excerpt(version),
            excerpt(name)
        ),
        severity: (of_github && is_version).then_some(Severity::Note),
    })
}

/// What is movable of an image.
pub(super) fn image(reference: &Reference, of_agent: bool) -> Option<Movable> {
    let is_image = matches!(
        reference.place,
        Place::GithubContainer
            | Place::GithubService
            | Place::GithubStepImage
            | Place::GithubActionImage
    );
    let loose = Loose::of(reference).filter(|_| is_image)?;
    let image = excerpt(&reference.written);
    let message = match loose {
        Loose::Untagged => format!("`{image}` names no tag: `latest` is what runs"),
        Loose::Latest => format!("`{image}` changes with every push"),
        Loose::Tagged => format!("`{image}` names no digest"),
        Loose::Malformed(reason) => loose::malformed(&image, reason),
    };
    Some(Movable {
        at: reference.span.bytes(),
        message,
        severity: (loose.moves() || of_agent).then_some(Severity::Warning),
    })
}

/// Whether GitHub's lock of actions names the commits of the workflow.
pub(super) fn is_locked(subject: Subject<'_>) -> bool {
    let path = Path::new(".github/workflows/actions.lock");
    let lists = || {
        let bytes = subject.files.found(path)?;
        let tree = yaml::parse(&Source::decode(path, &bytes).ok()?).ok()?;
        let workflows = tree.documents().next()?.get("workflows")?;
        let own = subject.source.file().to_str()?;
        Some(workflows.get(own).is_some())
    };
    lists().unwrap_or(false)
}
