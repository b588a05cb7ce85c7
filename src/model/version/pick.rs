//! Picks among tags: the most exact of one commit, and those that are newer.

use super::{Flavor, TagVersion};

/// How far an update may go; the numbers alone count, so `0.3` to `0.4` is minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Nowhere.
    None,
    /// Within the first two numbers.
    Patch,
    /// Within the first number.
    Minor,
    /// To any.
    Major,
}

/// Whether a tag names the same thing for ever, as far as its form tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moves {
    /// It does: `1.4.2`, `1.4.2-alpine`, `noble-20241118`, a commit.
    Exact,
    /// It moves by design: `latest`, `v4`, `1.4`, `20-alpine`, `24.04`, `main`, `1.4.2-nightly`.
    Moving,
}

/// Whether a tag moves by design.
pub fn moves(tag: &str, flavor: Flavor) -> Moves {
    let exact = match TagVersion::parse(tag, flavor) {
        Some(version) => version.is_exact(),
        None => holds_hash_or_date(tag),
    };
    if exact { Moves::Exact } else { Moves::Moving }
}

/// Whether a part of a tag that is no version tells one build from the others.
fn holds_hash_or_date(tag: &str) -> bool {
    let is_date = |window: &[u8]| {
        let mut bytes = window.iter().zip(b"0000-00-00");
        bytes.all(|(byte, &form)| {
            byte.is_ascii_digit() == (form == b'0') && (form == b'0' || *byte == b'-')
        })
    };
    let mut parts = tag.split(|c: char| !c.is_ascii_alphanumeric());
    tag.as_bytes().windows(10).any(is_date)
        || parts.any(|part| {
            let is_hex = part.bytes().all(|b| b.is_ascii_hexdigit());
            part.len() >= 7 && is_hex && part.bytes().any(|b| b.is_ascii_digit())
        })
}

/// The most exact tag of those that name one commit; `None` if none is a version.
///
/// Only versions with the prefix of `like` count, where that is one, and one that `like` is the
/// line of (`v4.3.1` of `v4`) before others; without it, those without a prefix come first.
/// Exact ones come before those that move, finished ones before pre-releases, then the newest.
pub fn most_exact<'a>(
    tags: impl Iterator<Item = &'a str>,
    like: Option<&str>,
    flavor: Flavor,
) -> Option<&'a str> {
    let like = like.and_then(|like| TagVersion::parse(like, flavor));
    let versions = tags.filter_map(|tag| TagVersion::parse(tag, flavor));
    let fitting = versions.filter(|version| match &like {
        Some(like) => version.prefix == like.prefix,
        None => true,
    });
    let best = fitting.max_by_key(|version| {
        (
            like.as_ref()
                .map_or(version.prefix.is_empty(), |like| version.refines(like)),
            version.is_exact(),
            !version.is_prerelease(),
            version.precision,
            like.as_ref().is_some_and(|like| version.v == like.v),
            version.clone(),
        )
    });
    best.map(|version| version.tag)
}

/// The tags that may take the place of `current`, newest first.
///
/// They are of its series and within `step`. An image tag stays as exact as it is (`20-alpine`
/// becomes `22-alpine`); a git tag becomes no less exact than it is. From a pre-release, finished
/// versions and the pre-releases of the same numbers are offered, and other pre-releases only where
/// nothing finished is newer.
pub fn newer<'a>(
    current: &str,
    tags: impl Iterator<Item = &'a str>,
    step: Step,
    flavor: Flavor,
) -> Vec<&'a str> {
    let Some(current) = TagVersion::parse(current, flavor) else {
        return Vec::new();
    };
    let mut newer: Vec<_> = tags
        .filter_map(|tag| TagVersion::parse(tag, flavor))
        .filter(|version| version.may_follow(&current, flavor) && version.is_within(step, &current))
        .collect();
    if newer.iter().any(|version| !version.is_prerelease()) {
        newer.retain(|version| !version.is_prerelease() || version.numbers == current.numbers);
    }
    newer.sort_by(|a, b| {
        let spelled = |version: &TagVersion<'_>| version.v == current.v;
        b.cmp_age(a)
            .then_with(|| spelled(b).cmp(&spelled(a)))
            .then_with(|| b.cmp(a))
    });
    newer.into_iter().map(|version| version.tag).collect()
}

impl TagVersion<'_> {
    fn may_follow(&self, current: &TagVersion<'_>, flavor: Flavor) -> bool {
        let as_exact = match flavor {
            Flavor::Image => self.precision == current.precision && self.channel == current.channel,
            Flavor::Git => self.precision >= current.precision && self.channel <= current.channel,
        };
        as_exact
            && self.same_series(current)
            && (!self.is_prerelease() || current.is_prerelease())
            && self.cmp_age(current).is_gt()
    }

    fn is_within(&self, step: Step, current: &TagVersion<'_>) -> bool {
        let kept = match step {
            Step::None => return false,
            Step::Patch => 2,
            Step::Minor => 1,
            Step::Major => 0,
        };
        self.numbers[..kept] == current.numbers[..kept]
    }
}
