//! One reference with every place where it is written.

use std::{ops::Range, path::PathBuf};

use super::{Kind, NotEditable, Place, Target};
use crate::{
    model::{image::ImageReference, span::Span},
    reference::target::Malformed,
};

/// Something that a file names and a platform fetches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The file, as it was given.
    pub file: PathBuf,
    /// What the file does with it.
    pub place: Place,
    /// The whole reference as it is written; of several parts, put together.
    pub written: String,
    /// Where it is shown, without quotes; of several parts, where the name is.
    pub span: Span,
    /// What it names.
    pub target: Target,
    /// The comment behind it; images have none.
    pub comment: Option<VersionComment>,
    pub(super) spots: Vec<Spot>,
    pub(super) obstacle: Option<NotEditable>,
}

/// The comment behind a reference, which tells people the version of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionComment {
    /// The word that is the version; nothing where there is none.
    pub version: Option<String>,
    /// All of it, `#` excluded and trimmed.
    pub text: String,
}

/// Some bytes of a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// What they are.
    pub part: SpotPart,
    /// Where they stand in the text; empty where the part is missing and can be inserted.
    pub at: Range<usize>,
    /// The bytes.
    pub text: String,
    /// Those of them that a new pin replaces.
    pub(super) value: Range<usize>,
    /// What is inserted before a value that is missing; empty where none is.
    pub(super) lead: String,
    /// Whether YAML reads them by themselves, without quotes.
    pub(super) is_plain: bool,
}

/// What the bytes of a [`Spot`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpotPart {
    /// Tag, digest or commit, with the sign before it: `@<40 hex>`, `:1.2.3@sha256:<64 hex>`.
    Reference,
    /// A comment that is nothing but a version, with the blanks before it: ` # v1.2.3`.
    Comment,
    /// The version that begins a comment of more words, with the blanks behind it: `v1.2.3 `.
    Version,
    /// A tag that stands by itself, with the blanks before it unless it is in quotes.
    Tag,
    /// A digest that stands by itself, as a tag does.
    Digest,
    /// GitLab's `ref`, as a tag.
    Revision,
    /// GitLab's `integrity`, with the line break before it where it has a line of its own.
    Integrity,
}

impl Reference {
    /// What it is.
    pub fn kind(&self) -> Kind {
        self.place.kind()
    }

    /// Its name without its version: `actions/checkout`, `docker.io/library/alpine`; nothing for
    /// what has none.
    pub fn name(&self) -> Option<String> {
        self.target.name()
    }

    /// The version that the comment tells.
    pub fn version(&self) -> Option<&str> {
        self.comment.as_ref()?.version.as_deref()
    }

    /// The bytes of its pin, in order; none where [`Reference::obstacle`] has something.
    pub fn spots(&self) -> &[Spot] {
        &self.spots
    }

    /// Why no edit could change it, whatever it is to be pinned to.
    pub fn obstacle(&self) -> Option<&NotEditable> {
        self.obstacle.as_ref()
    }

    /// The image that it names, to be asked for; an error where the file does not tell which.
    pub fn image(&self) -> Result<ImageReference, Unresolved> {
        match &self.target {
            Target::Image(name) => Ok(name.reference().map_err(Malformed::Image)?),
            Target::Malformed(reason) => Err(reason.clone().into()),
            Target::Variable => Err(Unresolved::Variable),
            _ => Err(Unresolved::NoImage),
        }
    }
}

/// Why the file alone does not tell which image is meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// It is put together from variables or expressions.
    #[error("a variable decides, whose value is known only when it runs")]
    Variable,
    /// No reference, or one without tag and digest.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// No image is named.
    #[error("it names no image")]
    NoImage,
}
