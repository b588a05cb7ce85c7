//! Decisions about what a GitLab pipeline includes.

use super::{
    decision::{Decision, Pin},
    facts::{Facts, Lack},
    git::{self, AtReference},
    options::Options,
};
use crate::{
    forge::{Refs, RemoteRepository},
    model::{
        commit::CommitId,
        pinning::Status,
        version::{Flavor, Moves, TagVersion, moves},
    },
};

/// What reads the comment beside a commit, and so can move both.
const ADVICE: &str = "extend our Renovate preset, whose manager moves commit and version together, \
                      to have it pinned to a commit";

/// Decides about a component of `project`, or a file of it, at `reference`.
///
/// A commit has no version for Renovate, which reads only what follows the `@`. So a component is
/// pinned to one only where something moves both; else an exact tag is as good as it gets.
pub(super) fn decide(
    project: &RemoteRepository,
    reference: &str,
    version: Option<&str>,
    facts: &Facts,
    options: &Options,
) -> Result<Decision, Lack> {
    let refs = facts.refs(project)?;
    let resolved = catalog_version(refs, reference);
    let asked = AtReference {
        repository: project,
        reference: resolved.unwrap_or(reference),
        version,
        refuse: &|_| None,
    };
    let decision = git::decide(&asked, facts, options)?;
    if options.components_by_commit || reference.parse::<CommitId>().is_ok() {
        return Ok(decision);
    }
    let wanted = match &decision.to {
        Some(Pin::Commit { version, .. }) => version.as_deref(),
        _ => None,
    };
    Ok(match wanted.filter(|wanted| refs.tag(wanted).is_some()) {
        Some(exact) if exact != reference => Decision::new(decision.status)
            .to(Pin::Tag(exact.to_owned()))
            .because(match resolved {
                Some(_) => format!("{reference} moves to whatever is released next"),
                None => decision.reason.unwrap_or_default(),
            }),
        Some(_) if moves(reference, Flavor::Git) == Moves::Exact => {
            Decision::new(Status::Ignored).because(format!("kept at its tag: {ADVICE}"))
        }
        _ if decision.to.is_some() => Decision::new(Status::Unpinned).because(format!(
            "{reference} moves, and no version is behind it: take a released one, or {ADVICE}"
        )),
        _ => decision,
    })
}

/// The version that GitLab's catalogue takes for `~latest`, `1` and `1.2`, where no tag and no
/// branch is called so.
fn catalog_version<'r>(refs: &'r Refs, reference: &str) -> Option<&'r str> {
    if refs.tag(reference).or(refs.branch(reference)).is_some() {
        return None;
    }
    let is_partial = reference.split('.').count() < 3
        && reference
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let within = match reference {
        "~latest" => "",
        _ if is_partial => reference,
        _ => return None,
    };
    let wanted: Vec<&str> = within.split('.').filter(|part| !part.is_empty()).collect();
    let is_released = |version: &TagVersion<'_>| {
        let numbers = version.numbers().iter().map(u64::to_string);
        version.is_exact()
            && !version.is_prerelease()
            && version.prefix().is_empty()
            && numbers
                .zip(&wanted)
                .all(|(number, wanted)| number == *wanted)
    };
    let versions = refs
        .tag_names()
        .filter_map(|tag| TagVersion::parse(tag, Flavor::Git));
    let newest = versions.filter(is_released).max()?;
    Some(newest.tag())
}
