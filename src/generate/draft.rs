//! A text that was made from a template, and how it stands to the file that exists.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use super::{
    GenerateError, Pins, Wanted,
    header::{self, Stamp},
    pins,
};
use crate::{
    reference,
    template::{self, Context},
};

/// A text that was made from a template, without its versions.
#[derive(Clone, Debug)]
pub struct Draft {
    path: PathBuf,
    body: String,
    wanted: Vec<Wanted>,
    stamp: Stamp,
}

/// A file as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedFile {
    /// Where it belongs, relative to the repository's root.
    pub path: PathBuf,
    /// Its whole text.
    pub text: String,
    /// What lies in its place.
    pub existing: Option<String>,
    /// How the file that exists stands to it.
    pub standing: Standing,
}

/// How a file that exists stands to the one that would be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is none.
    Absent,
    /// It is the same, its pins aside.
    Current,
    /// It was generated from another template, other settings or another fullsend.yaml.
    Outdated,
    /// A person changed it after it was generated.
    Edited,
    /// It is someone's own file.
    Foreign,
}

impl Draft {
    /// Fills the template of `context` for the file `path`.
    pub(super) fn new<C: Context>(
        path: impl Into<PathBuf>,
        context: &C,
    ) -> Result<Self, GenerateError> {
        let path = path.into();
        let body = template::render(context)?;
        let stamp = Stamp {
            kind: String::new(),
            revision: C::TEMPLATE.revision,
            text: header::hash(&path, &body),
            settings: Vec::new(),
        };
        Ok(Self {
            path,
            body,
            wanted: Vec::new(),
            stamp,
        })
    }

    /// With versions that go before those of the existing file.
    pub(super) fn wanting(mut self, wanted: impl IntoIterator<Item = Wanted>) -> Self {
        self.wanted.extend(wanted);
        self
    }

    /// As a file of `kind`, made with `settings`.
    pub(super) fn of(mut self, kind: &str, settings: Vec<(String, String)>) -> Self {
        kind.clone_into(&mut self.stamp.kind);
        self.stamp.settings = settings;
        self
    }

    /// The text without its header and versions.
    pub(super) fn body(&self) -> &str {
        &self.body
    }

    /// Where the file belongs, relative to the repository's root.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file, and how `existing` stands to it.
    pub(super) fn settle(
        self,
        existing: Option<String>,
        pins: Pins,
    ) -> Result<GeneratedFile, GenerateError> {
        // Git may check out lines that end otherwise.
        let plain = existing.as_ref().map(|text| text.replace("\r\n", "\n"));
        let standing = self.standing(plain.as_deref());
        let pinned = plain.as_deref().filter(|_| pins == Pins::Kept);
        let body = pins::fill(&self.path, &self.body, pinned, &self.wanted)?;
        Ok(GeneratedFile {
            text: header::stamped(&self.path, &body, &self.stamp),
            path: self.path,
            existing,
            standing,
        })
    }

    fn standing(&self, existing: Option<&str>) -> Standing {
        let Some(existing) = existing else {
            return Standing::Absent;
        };
        let masked = |text: &str| reference::mask(&self.path, text).text;
        let own = masked(&self.body);
        let (stamp, body) = match read(&self.path, existing) {
            None if masked(existing) == own => return Standing::Current,
            None => return Standing::Foreign,
            Some((_, _, true)) => return Standing::Edited,
            Some((stamp, body, false)) => (stamp, body),
        };
        let same = masked(&body) == own && stamp.settings == self.stamp.settings;
        if same && stamp.kind == self.stamp.kind {
            Standing::Current
        } else {
            Standing::Outdated
        }
    }
}

/// Who made a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Somebody else, as far as it tells.
    Foreign,
    /// This program.
    Ours {
        /// What it was made from.
        stamp: Stamp,
        /// Whether a person changed it since, in more than its pins.
        is_edited: bool,
    },
}

/// Who made the file `path`, by its `text`.
pub fn origin(path: &Path, text: &str) -> Origin {
    // Git may check out lines that end otherwise.
    match read(path, &text.replace("\r\n", "\n")) {
        None => Origin::Foreign,
        Some((stamp, _, is_edited)) => Origin::Ours { stamp, is_edited },
    }
}

/// The header of `text`, the rest, and whether a person changed that.
fn read<'t>(path: &Path, text: &'t str) -> Option<(Stamp, Cow<'t, str>, bool)> {
    let (stamp, body) = header::read(path, text)?;
    let is_edited = header::hash(path, &body) != stamp.text;
    Some((stamp, body, is_edited))
}
