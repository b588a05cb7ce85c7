//! Keeping a repository on one version.

use jiff::civil::Date;

use super::{
    checker::{Checker, text},
    raw,
    value::{ValueError, excerpt},
    version::Version,
    yaml::Located,
};
use crate::model::image::ImageReference;

/// Keeps a repository on one version until a day has passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The version to stay on.
    pub version: Version,
    /// Why, for those who wonder.
    pub reason: String,
    /// The last day on which it holds, in UTC.
    pub until: Date,
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

    /// Whether the hold is in force on `today`, a day of UTC: its last day still counts.
    pub fn is_in_force(&self, today: Date) -> bool {
        today <= self.until
    }

    /// `requested` at the held version; nothing where it already is.
    pub fn image_of(&self, requested: &ImageReference) -> Option<ImageReference> {
        if requested.tag().is_some_and(|tag| self.version.is(tag)) {
            return None;
        }
        format!("{}:{}", requested.repository(), self.version.tag())
            .parse()
            .ok()
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

    #[test]
    fn a_hold_ends_after_its_last_day() {
        let hold = hold("1.2.3");
        let on = |day: &str| hold.is_in_force(parse_date(day).unwrap());
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
        assert_eq!(on_old.image_of(&pinned), Some(image("a.b/c:1.2.3")));
        let same = image(&format!("a.b/c:1.2.3@{digest}"));
        assert_eq!(on_old.image_of(&same), None);
    }
}
