//! Our action and our image move together over a major version, or not at all.

use std::collections::BTreeSet;

use super::{
    decision::{Decision, Pin},
    options::Options,
    plan::Site,
};
use crate::{
    model::{
        skew::{action_and_image, of_tag},
        version::Step,
    },
    reference::{Reference, Target},
};

/// What `reference` is a version of, if that is ours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ours {
    Action,
    Image,
}

fn ours(reference: &Reference, options: &Options) -> Option<Ours> {
    match &reference.target {
        Target::Action { repository, .. }
            if repository.eq_ignore_ascii_case(&options.bounds.action) =>
        {
            Some(Ours::Action)
        }
        Target::Image(image) if options.bounds.image.as_ref() == Some(&image.repository) => {
            Some(Ours::Image)
        }
        _ => None,
    }
}

/// The options by which `reference` is decided about once it is known that action and image would
/// part: it stays within its major version.
pub(super) fn together(reference: &Reference, options: &Options) -> Option<Options> {
    (options.step == Step::Major && ours(reference, options).is_some()).then(|| Options {
        step: Step::Minor,
        ..options.clone()
    })
}

/// Whether by `decisions` some action of ours would not start some image of ours.
pub(super) fn part(sites: &[Site<'_>], decisions: &[Decision], options: &Options) -> bool {
    let (mut actions, mut images) = (BTreeSet::new(), BTreeSet::new());
    for (site, decision) in sites.iter().zip(decisions) {
        let reference = site.reference;
        let version = version_after(reference, decision).and_then(of_tag);
        match (ours(reference, options), version) {
            (Some(Ours::Action), Some(version)) => _ = actions.insert(version),
            (Some(Ours::Image), Some(version)) => _ = images.insert(version),
            _ => {}
        }
    }
    let mut pairs = actions
        .iter()
        .flat_map(|a| images.iter().map(move |i| (a, i)));
    pairs.any(|(action, image)| action_and_image(action, image).is_err())
}

fn version_after<'a>(reference: &'a Reference, decision: &'a Decision) -> Option<&'a str> {
    match (&decision.to, &reference.target) {
        (Some(Pin::Image { tag, .. } | Pin::Tag(tag)), _) => Some(tag),
        (Some(Pin::Commit { version, .. }), _) => version.as_deref(),
        (Some(Pin::Locked { version, .. }), _) => Some(version),
        (_, Target::Image(image)) => image.tag.as_deref(),
        // Where a lock has the commit, the version stands in its place.
        (_, Target::Action { reference: at, .. }) => reference.version().or(Some(at)),
        _ => reference.version(),
    }
}
