//! From a reference and its new pin to edits.

use super::{Reference, Spot, SpotPart, Target, target::is_reference, version_comment};
use crate::{
    document::{edit::Edit, quote},
    model::{digest::Digest, image::is_tag},
};

/// What a reference is to be pinned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pinned<'a> {
    /// An image's tag and digest.
    Image {
        /// For people.
        tag: &'a str,
        /// What counts.
        digest: &'a Digest,
    },
    /// The digest of an image that is to have no tag.
    Digest(&'a Digest),
    /// A commit of an action, a component or a project.
    Commit {
        /// All of its hexadecimal digits.
        commit: &'a str,
        /// Becomes the version of the comment; without one the comment stays as it is.
        version: Option<&'a str>,
    },
    /// A tag in the place of a commit; it becomes the version of a comment that tells one.
    Ref(&'a str),
    /// The hash of a remote file: `sha256-` and base64.
    Integrity(&'a str),
}

/// Why a reference cannot be edited.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotEditable {
    /// It names something that has no pin of its own.
    #[error("there is nothing to pin")]
    NoPin,
    /// Its bytes are not its value.
    #[error("it is written with escapes or over several lines: write it plainly on one line")]
    Escaped,
    /// Variables make it up, whose defaults tell what it is.
    #[error(
        "it is put together from variables: write it as one text, or as the whole default of one \
         `ARG`"
    )]
    Derived,
    /// An alias or a merge key brings its tag to another image as well.
    #[error("its tag or digest is that of another image as well: write one for each")]
    Shared,
    /// A chart's values with a `tag` or a `digest` that is empty, which most charts take for their
    /// own `appVersion`.
    #[error(
        "the tag is empty, so that the chart's own version decides: write one to have it pinned"
    )]
    ChartVersion,
    /// A chart's values without `tag` and `digest`.
    #[error("neither `tag` nor `digest` stands beside the repository: add the key `tag`")]
    NoTag,
    /// An include without `ref`.
    #[error("the include has no `ref`: add the key")]
    NoRef,
    /// An include that has no room for `integrity`.
    #[error("`integrity` has no room here: write `remote:` on a line of its own")]
    NoIntegrity,
    /// What YAML would take for a number, a date or a boolean.
    #[error("`{0}` is no text without quotes: put quotes around what stands there")]
    NoText(String),
    /// The new pin is of another kind than the reference, or holds what a pin never does.
    #[error("the reference cannot be pinned to that")]
    Unfit,
}

impl Reference {
    /// The edits that pin the reference `to`; none where it is pinned so already.
    ///
    /// They change the bytes of the reference and the version of its comment, and no others. A
    /// comment without a version stays behind the one that comes to stand before it. Where no
    /// comment fits, as before another key of the line, none is written.
    pub fn edits(&self, to: &Pinned<'_>) -> Result<Vec<Edit>, NotEditable> {
        if let Some(obstacle) = &self.obstacle {
            return Err(obstacle.clone());
        }
        if !self.fits(to) {
            return Err(NotEditable::Unfit);
        }
        let mut edits = Vec::new();
        for spot in &self.spots {
            let Some(text) = self.text(spot, to) else {
                continue;
            };
            let edit = spot.edit(&text);
            if edit.is_some() && spot.is_plain && !reads_as_text(&text) {
                return Err(NotEditable::NoText(text));
            }
            edits.extend(edit);
        }
        Ok(edits)
    }

    /// The edits that give the reference the version, digest and comment that `other` has.
    pub fn edits_as(&self, other: &Self) -> Vec<Edit> {
        let spots = self.spots.iter();
        let edits = spots.filter_map(|spot| {
            let like = |part| other.spots.iter().find(|other| other.part == part);
            let text = match (like(spot.part), like(SpotPart::Version)) {
                (Some(found), _) if spot.part == SpotPart::Comment => found.text.clone(),
                (None, Some(version)) if spot.part == SpotPart::Comment => {
                    format!(" # {}", version.value()?)
                }
                (found, _) => return spot.edit(found?.value()?),
            };
            let at = spot.at.clone();
            (text != spot.text).then_some(Edit { at, text })
        });
        edits.collect()
    }

    fn fits(&self, to: &Pinned<'_>) -> bool {
        let is_name = |text: &str| is_reference(text) && !text.ends_with('.');
        match (to, &self.target) {
            (Pinned::Image { tag, .. }, Target::Image(_)) => is_tag(tag),
            (Pinned::Digest(_), Target::Image(image)) => {
                let has = |part| self.spots.iter().any(|spot| spot.part == part);
                // A tag of its own would stay, and be another's.
                has(SpotPart::Reference) || (has(SpotPart::Digest) && image.tag.is_none())
            }
            (
                Pinned::Commit { commit, version },
                Target::Action { .. } | Target::Component { .. } | Target::Project { .. },
            ) => is_name(commit) && version.is_none_or(is_name),
            (
                Pinned::Ref(name),
                Target::Action { .. } | Target::Component { .. } | Target::Project { .. },
            ) => is_name(name),
            (Pinned::Integrity(hash), Target::Remote { .. }) => {
                let known = |c: char| c.is_ascii_alphanumeric() || "-+/=".contains(c);
                !hash.is_empty() && hash.chars().all(known)
            }
            _ => false,
        }
    }

    /// The version that its comment tells once it is pinned `to`, as it is written there: with
    /// `tag=` where no one could tell it from other words. Nothing where the comment stays.
    pub fn told(&self, to: &Pinned<'_>) -> Option<String> {
        let mut parts = self.spots.iter().map(|spot| spot.part);
        if !parts.any(|part| matches!(part, SpotPart::Comment | SpotPart::Version)) {
            return None;
        }
        let (new, version) = match to {
            Pinned::Commit { commit, version } => (*commit, (*version)?),
            Pinned::Ref(name) => (*name, self.version().map(|_| *name)?),
            Pinned::Image { .. } | Pinned::Digest(_) | Pinned::Integrity(_) => return None,
        };
        let old = self.target.reference().unwrap_or_default();
        let comment = self.comment.as_ref();
        Some(version_comment::marked(version, comment, old, new))
    }

    /// What is to stand as the value of `spot`; nothing where it stays.
    fn text(&self, spot: &Spot, to: &Pinned<'_>) -> Option<String> {
        match (spot.part, to) {
            (SpotPart::Reference, Pinned::Image { tag, digest }) => {
                Some(format!(":{tag}@{digest}"))
            }
            (SpotPart::Reference, Pinned::Digest(digest)) => Some(format!("@{digest}")),
            (SpotPart::Tag, Pinned::Image { tag, digest }) => {
                let apart = self.spots.iter().any(|spot| spot.part == SpotPart::Digest);
                Some(if apart {
                    (*tag).to_owned()
                } else {
                    format!("{tag}@{digest}")
                })
            }
            (SpotPart::Digest, Pinned::Digest(digest) | Pinned::Image { digest, .. }) => {
                Some(digest.to_string())
            }
            (SpotPart::Reference, Pinned::Commit { commit: name, .. } | Pinned::Ref(name)) => {
                Some(format!("@{name}"))
            }
            (SpotPart::Revision, Pinned::Commit { commit: name, .. } | Pinned::Ref(name)) => {
                Some((*name).to_owned())
            }
            (SpotPart::Comment | SpotPart::Version, _) => self.told(to),
            (SpotPart::Integrity, Pinned::Integrity(hash)) => Some((*hash).to_owned()),
            _ => None,
        }
    }
}

impl Spot {
    /// The bytes that a new pin replaces; nothing where they are missing.
    fn value(&self) -> Option<&str> {
        let start = self.at.start;
        let value = self
            .text
            .get(self.value.start - start..self.value.end - start);
        value.filter(|value| !value.is_empty() || self.lead.is_empty())
    }

    /// The edit that makes `text` its value; nothing where it is.
    fn edit(&self, text: &str) -> Option<Edit> {
        let old = self.value();
        let lead = if old.is_none() { &self.lead } else { "" };
        (old != Some(text)).then(|| Edit {
            at: self.value.clone(),
            text: format!("{lead}{text}"),
        })
    }
}

/// Whether YAML of any version takes `text` for a text where it stands without quotes.
fn reads_as_text(text: &str) -> bool {
    let number = text.replace('_', "").parse::<f64>().is_ok();
    let based = ["0x", "0o", "0b"].iter().any(|base| text.starts_with(base));
    let date = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-');
    let word = text
        .bytes()
        .all(|byte| byte.is_ascii_alphabetic() || byte == b'~');
    !number && !based && !date && (!word || quote::yaml_scalar(text) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_text_is_none_where_it_could_be_anything_else() {
        for text in [
            "1",
            "1.20",
            "1e5",
            "1_0",
            "0x1f",
            "2024-01-01",
            "no",
            "Null",
            "~",
            "nan",
        ] {
            assert!(!reads_as_text(text), "{text}");
        }
        for text in [
            "1.4.2",
            "17-alpine",
            "v1",
            "main",
            "0123456789abcdef",
            "3.x",
            "a@sha256:1",
        ] {
            assert!(reads_as_text(text), "{text}");
        }
    }
}
