//! Which image is to run: the configured one, a held version, or none.

use jiff::civil::Date;

use super::{
    checker::{Checker, text},
    deny::{Denied, DenyList},
    raw,
    value::{ValueError, excerpt},
    version::Version,
    yaml::Located,
};
use crate::model::{digest::Digest, image::ImageReference};

/// Keeps a repository on one version until a day has passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The version to stay on.
    pub version: Version,
    /// Why, for those who wonder.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Date,
}

/// The image to run, and why it is not the one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// As it was asked for.
    Requested(ImageReference),
    /// The held version of it.
    Held(ImageReference),
    /// A replacement of a denied image. It is not yet verified.
    Replaced {
        /// What to run instead.
        image: ImageReference,
        /// What was denied.
        denied: ImageReference,
        /// Why.
        reason: String,
    },
    /// Denied, without a usable replacement.
    Denied {
        /// What was denied.
        image: ImageReference,
        /// Why.
        reason: String,
    },
}

impl Hold {
    pub(super) fn check(written: &Located<raw::Hold>, checker: &mut Checker) -> Option<Self> {
        let raw = &written.value;
        for (key, field, mend) in [
            ("version", &raw.version, "add for example `version: 1.4.2`"),
            (
                "reason",
                &raw.reason,
                "say why, for those who wonder next month",
            ),
            (
                "until",
                &raw.until,
                "a hold ends: add for example `until: 2030-01-31`",
            ),
        ] {
            if field.get().is_none() {
                checker.missing(&written.at, key, mend);
            }
        }
        let version = checker.parse(&raw.version);
        let reason = checker.field(&raw.reason, text);
        let until = checker.field(&raw.until, parse_date);
        Some(Self {
            version: version?,
            reason: reason?,
            until: until?,
        })
    }

    /// Whether the hold is in force on `today`: its last day still counts.
    pub fn is_in_force(&self, today: Date) -> bool {
        today <= self.until
    }
}

/// Reads a day, `YYYY-MM-DD`.
pub fn parse_date(text: &str) -> Result<Date, ValueError> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(index, b)| match index {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        });
    text.parse().ok().filter(|_| shape).ok_or_else(|| {
        ValueError::new(format!("`{}` is not a day", excerpt(text)))
            .mend("write YYYY-MM-DD, for example `2030-01-31`")
    })
}

/// The hold, if it is in force on `today`.
pub fn effective(hold: Option<&Hold>, today: Date) -> Option<&Hold> {
    hold.filter(|hold| hold.is_in_force(today))
}

/// Chooses the image to run; deny wins over hold, hold over what was asked for.
///
/// `digest` is what `requested` resolved to, where it is known: a list may name digests. Ask again
/// once the digest of a chosen tag is known. A replacement that is denied itself is not used.
pub fn choose(
    requested: &ImageReference,
    digest: Option<&Digest>,
    hold: Option<&Hold>,
    deny: Option<&DenyList>,
) -> Choice {
    let held = hold.and_then(|hold| held_image(requested, hold));
    // A digest that was resolved for the requested tag says nothing about another tag.
    let digest = if held.is_some() { None } else { digest };
    let image = held.as_ref().unwrap_or(requested);
    let find = |image: &ImageReference, digest| deny.and_then(|list| list.find(image, digest));
    match (find(image, digest), held) {
        (Some(denied), held) => {
            replaced(held.unwrap_or_else(|| requested.clone()), denied, |image| {
                find(image, None).is_some()
            })
        }
        (None, Some(held)) => Choice::Held(held),
        (None, None) => Choice::Requested(requested.clone()),
    }
}

/// `requested` at the hold's version; nothing where it already is, or has no tag to change.
fn held_image(requested: &ImageReference, hold: &Hold) -> Option<ImageReference> {
    if requested.tag().is_some_and(|tag| hold.version.is(tag)) {
        return None;
    }
    format!("{}:{}", requested.repository(), hold.version.tag())
        .parse()
        .ok()
}

fn replaced(
    image: ImageReference,
    denied: &Denied,
    is_denied: impl Fn(&ImageReference) -> bool,
) -> Choice {
    let reason = denied.reason.clone();
    match denied.replacement_of(&image) {
        Some(replacement) if !is_denied(&replacement) => Choice::Replaced {
            image: replacement,
            denied: image,
            reason,
        },
        _ => Choice::Denied { image, reason },
    }
}
