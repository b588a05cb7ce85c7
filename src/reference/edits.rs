//! From a reference and its new pin to edits.

use super::{Reference, SpotPart, Target, version_comment};
use crate::{document::edit::Edit, model::digest::Digest};

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
    /// A commit of an action, a component or a project.
    Commit {
        /// All of its hexadecimal digits.
        commit: &'a str,
        /// Becomes the version of the comment, which otherwise stays as it is.
        version: Option<&'a str>,
    },
    /// A tag where a commit stands or could stand; it becomes the version of a comment that has one.
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
        "it is put together from variables: write it as one text, or as the default of one `ARG`"
    )]
    Derived,
    /// A chart's values without `tag`.
    #[error("there is no `tag` beside the repository: add the key")]
    NoTag,
    /// An include without `ref`.
    #[error("the include has no `ref`: add the key")]
    NoRef,
    /// An include that has no room for `integrity`.
    #[error("`integrity` has no room here: write the include as `- remote:` on a line of its own")]
    NoIntegrity,
    /// A tag that YAML would take for a number.
    #[error("the tag would be read as a number: put it in quotes")]
    Number,
    /// The new pin is of another kind than the reference, or would need quotes.
    #[error("it cannot be written here as it is")]
    Unwritable,
}

impl Reference {
    /// The edits that pin the reference `to`; none where it is pinned so already.
    ///
    /// They change the bytes of the reference and the version of its comment, and no others. A
    /// comment without a version keeps its words behind the new one; where none fits, as before
    /// another key of the line, none is written.
    pub fn edits(&self, to: &Pinned<'_>) -> Result<Vec<Edit>, NotEditable> {
        if let Some(obstacle) = &self.obstacle {
            return Err(obstacle.clone());
        }
        let reference = match (to, &self.target) {
            (Pinned::Image { tag, digest }, Target::Image(_)) => format!(":{tag}@{digest}"),
            (Pinned::Commit { commit, .. }, Target::Action { .. } | Target::Component { .. }) => {
                format!("@{commit}")
            }
            (Pinned::Ref(name), Target::Action { .. } | Target::Component { .. }) => {
                format!("@{name}")
            }
            _ => return Err(NotEditable::Unwritable),
        };
        let version = match to {
            Pinned::Commit { version, .. } => *version,
            Pinned::Ref(name) => Some(*name).filter(|_| self.version().is_some()),
            _ => None,
        };
        let spots = self.spots.iter();
        let edits = spots.filter_map(|spot| {
            let text = match spot.part {
                SpotPart::Reference => reference.clone(),
                SpotPart::Comment | SpotPart::Version => {
                    version_comment::with(spot, self.version(), version?)
                }
                _ => return None,
            };
            (text != spot.text).then(|| Edit {
                at: spot.at.clone(),
                text,
            })
        });
        Ok(edits.collect())
    }
}
