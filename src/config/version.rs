//! Versions of images and of git tags, which differ by a leading `v` alone.

use std::{fmt, str::FromStr};

use super::value::{ValueError, excerpt};
use crate::model::image::is_tag;

/// A version; `1.3.0` and `v1.3.0` are the same one.
#[derive(Clone, Debug)]
pub struct Version {
    /// Without the leading `v`.
    text: String,
    semver: Option<semver::Version>,
}

impl Version {
    /// The version as image tags have it: without `v`.
    pub fn tag(&self) -> &str {
        &self.text
    }

    /// Whether `tag` names this version.
    pub fn is(&self, tag: &str) -> bool {
        tag.parse().is_ok_and(|other: Self| *self == other)
    }
}

impl FromStr for Version {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text
            .strip_prefix('v')
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            .unwrap_or(text);
        if !is_tag(plain) {
            return Err(
                ValueError::new(format!("`{}` is not a version", excerpt(text)))
                    .mend("write for example `1.4.2`"),
            );
        }
        Ok(Self {
            text: plain.to_owned(),
            semver: plain.parse().ok(),
        })
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        match (&self.semver, &other.semver) {
            (Some(a), Some(b)) => a.cmp_precedence(b).is_eq(),
            _ => self.text == other.text,
        }
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leading_v_changes_nothing() {
        let version: Version = "v1.3.0".parse().unwrap();
        assert_eq!(version.tag(), "1.3.0");
        assert!(version.is("1.3.0") && version.is("v1.3.0"));
        assert!(!version.is("1.3") && !version.is("1.3.0-rc.1") && !version.is("latest"));
        let word: Version = "vintage".parse().unwrap();
        assert!(word.is("vintage") && !word.is("intage"));
    }

    #[test]
    fn refuses_what_is_no_tag() {
        for bad in ["", "1.2.3+build", "a b", "-1", "1:2"] {
            assert!(bad.parse::<Version>().is_err(), "{bad:?}");
        }
    }
}
