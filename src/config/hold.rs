//! Which image is to run: the configured one, a held version, or none.

use jiff::civil::Date;

use super::{
    checker::{Checker, text},
    deny::DenyList,
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
/// A list may name digests: once the digest of the choice is known, ask [`denied`] as well.
pub fn choose(requested: &ImageReference, hold: Option<&Hold>, deny: Option<&DenyList>) -> Choice {
    let other = hold.and_then(|hold| held_image(requested, hold));
    let image = other.as_ref().unwrap_or(requested);
    if let Some(choice) = deny.and_then(|list| denied(image, None, list)) {
        return choice;
    }
    other.map_or_else(|| Choice::Requested(requested.clone()), Choice::Held)
}

/// What becomes of `image`, which resolved to `digest`, if the list denies it.
///
/// A replacement that is denied itself is not used.
pub fn denied(image: &ImageReference, digest: Option<&Digest>, list: &DenyList) -> Option<Choice> {
    let entry = list.find(image, digest)?;
    let reason = entry.reason.clone();
    let replacement = entry.replacement_of(image);
    Some(match replacement {
        Some(replacement) if list.find(&replacement, None).is_none() => Choice::Replaced {
            image: replacement,
            denied: image.clone(),
            reason,
        },
        _ => Choice::Denied {
            image: image.clone(),
            reason,
        },
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn image(text: &str) -> ImageReference {
        text.parse().unwrap()
    }

    fn hold(version: &str) -> Hold {
        Hold {
            version: version.parse().unwrap(),
            reason: "regression".to_owned(),
            until: parse_date("2030-01-31").unwrap(),
        }
    }

    fn list(text: &str) -> DenyList {
        DenyList::parse(text.as_bytes(), "deny.yaml").unwrap()
    }

    #[test]
    fn a_hold_ends_after_its_last_day() {
        let hold = hold("1.2.3");
        let on = |day: &str| effective(Some(&hold), parse_date(day).unwrap()).is_some();
        assert!(on("2030-01-30") && on("2030-01-31"));
        assert!(!on("2030-02-01"));
    }

    #[test]
    fn days_are_written_in_full() {
        for bad in [
            "",
            "2030-1-31",
            "2030-02-30",
            "2030-01-31T00:00",
            "20300131",
            "31.01.2030",
        ] {
            assert!(parse_date(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_hold_replaces_another_tag_only() {
        let on_old = hold("v1.2.3");
        let digest = format!("sha256:{}", "a".repeat(64));
        let pinned = image(&format!("a.b/c:1.4.2@{digest}"));
        let held = Choice::Held(image("a.b/c:1.2.3"));
        assert_eq!(choose(&pinned, Some(&on_old), None), held);
        let same = image(&format!("a.b/c:1.2.3@{digest}"));
        assert_eq!(
            choose(&same, Some(&on_old), None),
            Choice::Requested(same.clone())
        );
        assert_eq!(
            choose(&pinned, None, None),
            Choice::Requested(pinned.clone())
        );
    }

    #[test]
    fn deny_wins_over_hold_and_hold_over_the_request() {
        let deny = list("- {version: v1.2.3, reason: leaks}");
        let requested = image("a.b/c:1.4.2");
        let denied = Choice::Denied {
            image: image("a.b/c:1.2.3"),
            reason: "leaks".to_owned(),
        };
        assert_eq!(
            choose(&requested, Some(&hold("1.2.3")), Some(&deny)),
            denied
        );
        let held = Choice::Held(image("a.b/c:1.2.2"));
        let bad_request = image("a.b/c:1.2.3");
        assert_eq!(
            choose(&bad_request, Some(&hold("1.2.2")), Some(&deny)),
            held
        );
    }

    #[test]
    fn a_denied_image_is_replaced_unless_the_replacement_is_denied() {
        let digest = format!("sha256:{}", "b".repeat(64));
        let entry = format!("- {{version: 1.3.0, reason: slow, replacement: '1.2.4@{digest}'}}\n");
        let requested = image("a.b/c:1.3.0");
        let choice = choose(&requested, None, Some(&list(&entry)));
        let Choice::Replaced { image: with, .. } = choice else {
            panic!("{choice:?}");
        };
        assert_eq!(with, image(&format!("a.b/c:1.2.4@{digest}")));
        let both = list(&format!("{entry}- {{digest: '{digest}', reason: worse}}\n"));
        let choice = choose(&requested, None, Some(&both));
        assert!(matches!(choice, Choice::Denied { .. }), "{choice:?}");
    }

    #[test]
    fn a_digest_is_denied_once_it_is_known() {
        let digest = Digest::of(b"bad");
        let deny = list(&format!("- {{digest: '{digest}', reason: bad}}"));
        let requested = image("a.b/c:1.3.0");
        let choice = choose(&requested, None, Some(&deny));
        assert_eq!(choice, Choice::Requested(requested.clone()));
        assert!(denied(&requested, Some(&digest), &deny).is_some());
        assert!(denied(&requested, Some(&Digest::of(b"good")), &deny).is_none());
    }
}
