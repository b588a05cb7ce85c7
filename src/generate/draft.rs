//! A text that was made from a template, and how it stands to the file that exists.

use std::path::{Path, PathBuf};

use super::{
    GenerateError, Wanted,
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

    /// The file with the pins of `pinned`, and how `existing` stands to it; the two are the same
    /// text, unless the pins are to be new.
    pub fn settle(
        self,
        existing: Option<&str>,
        pinned: Option<&str>,
    ) -> Result<GeneratedFile, GenerateError> {
        // Git may check out lines that end otherwise.
        let plain = |text: Option<&str>| text.map(|text| text.replace("\r\n", "\n"));
        let standing = self.standing(plain(existing).as_deref());
        let pinned = plain(pinned);
        let body = pins::fill(&self.path, &self.body, pinned.as_deref(), &self.wanted)?;
        Ok(GeneratedFile {
            text: header::stamped(&self.path, &body, &self.stamp),
            path: self.path,
            standing,
        })
    }

    fn standing(&self, existing: Option<&str>) -> Standing {
        let Some(existing) = existing else {
            return Standing::Absent;
        };
        let masked = |text: &str| reference::mask(&self.path, text).text;
        let own = masked(&self.body);
        let Some((stamp, body)) = header::read(&self.path, existing) else {
            return if masked(existing) == own {
                Standing::Current
            } else {
                Standing::Foreign
            };
        };
        if header::hash(&self.path, &body) != stamp.text {
            return Standing::Edited;
        }
        let same = masked(&body) == own && stamp.settings == self.stamp.settings;
        if same && stamp.kind == self.stamp.kind {
            Standing::Current
        } else {
            Standing::Outdated
        }
    }
}
