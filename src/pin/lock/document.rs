//! The document itself.

use std::{collections::HashMap, fmt, str::FromStr};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    document::json::{self, StrictError},
    model::{commit::CommitId, digest::Digest, image::is_tag, pinning::ReferenceKind},
};

/// Longer names are of no repository, and longer paths of no file.
const MAX_TEXT: usize = 4096;

/// The document: what was resolved, when, and from where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockFile {
    /// 1.
    pub schema_version: u8,
    /// In the order of files, kinds and names; of one name in the order of its uses.
    pub entries: Vec<Entry>,
}

/// The same, to look things up in.
#[derive(Clone, Debug, Default)]
pub struct Lock {
    entries: Vec<Entry>,
    by_name: HashMap<Called, Recorded>,
    by_thing: HashMap<Thing, Vec<usize>>,
}

/// What one file calls one thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Called {
    pub(super) file: String,
    pub(super) thing: Thing,
    pub(super) name: String,
}

/// The entries of one name.
#[derive(Clone, Debug)]
struct Recorded {
    numbers: Vec<usize>,
    /// Whether all say the same.
    agree: bool,
}

/// One of the uses of a thing by a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Nth {
    /// How many there are before it.
    pub(super) before: usize,
    /// How many there are in all.
    pub(super) uses: usize,
}

/// Which use of a thing by a file one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) all: Nth,
    /// Among those that have a digest or a release. A use that could not be resolved has no entry and
    /// stays without, so the others are told apart by these alone.
    pub(super) fixed: Nth,
    /// Whether it is one of them.
    pub(super) is_fixed: bool,
}

/// What entries of different files can have in common.
pub(super) type Thing = (ReferenceKind, String);

/// What one name of a file was resolved to.
///
/// It stands for every use of the name in the file. Where these differ there is one for each, in
/// their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The file, relative to the repository's root.
    pub file: String,
    /// What is referred to.
    pub kind: ReferenceKind,
    /// The name without version: `actions/checkout`, `docker.io/library/alpine`.
    pub name: String,
    /// The tag, for people; null where none is known.
    pub version: Option<String>,
    /// What runs: `sha256:` and 64 digits, or the 40 or 64 digits of a commit.
    pub digest: RecordedDigest,
    /// When the version was first found to be at this digest, in UTC.
    pub resolved_at: String,
    /// Who was asked: a registry, or the address of a repository or file.
    pub source: String,
}

/// The digest of an image or a file of the web, or a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum RecordedDigest {
    /// Of an image, or of a file of the web.
    Sha256(Digest),
    /// Of an action, or of what a pipeline includes of a project.
    Commit(CommitId),
}

/// A lock that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// No JSON, or of another shape.
    #[error(transparent)]
    Malformed(#[from] StrictError),
    /// Written by another version of this program.
    #[error("its `schema_version` is {0}, and only 1 is known")]
    Schema(u8),
    /// An entry that none of ours would be.
    #[error("`entries`, number {number}: {problem}")]
    Entry {
        /// From 1.
        number: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// Why a use has no entry, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotThere {
    /// Nothing is recorded of it.
    Nothing(&'static str),
    /// It was recorded, and which entry is meant cannot be told.
    Several(&'static str),
}

impl Lock {
    /// Longer files are not read; one of ten thousand references has a third.
    pub const MAX_BYTES: u64 = 8 << 20;

    pub(super) fn new(entries: Vec<Entry>) -> Self {
        let mut lock = Self::default();
        for (number, entry) in entries.iter().enumerate() {
            let of_name = lock.by_name.entry(entry.called()).or_insert(Recorded {
                numbers: Vec::new(),
                agree: true,
            });
            let first = of_name.numbers.first().and_then(|it| entries.get(*it));
            of_name.agree &=
                first.is_none_or(|first| first.says(entry.version.as_deref(), &entry.digest));
            of_name.numbers.push(number);
            let of_thing = lock.by_thing.entry(entry.thing()).or_default();
            of_thing.push(number);
        }
        lock.entries = entries;
        lock
    }

    /// Reads a lock; the caller bounds the number of bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, LockError> {
        let file: LockFile = json::parse(bytes)?;
        if file.schema_version != 1 {
            return Err(LockError::Schema(file.schema_version));
        }
        for (number, entry) in (1..).zip(&file.entries) {
            if let Some(problem) = entry.problem() {
                return Err(LockError::Entry { number, problem });
            }
        }
        Ok(Self::new(file.entries))
    }

    /// The document.
    pub fn into_file(self) -> LockFile {
        LockFile {
            schema_version: 1,
            entries: self.entries,
        }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn of_name(&self, name: &Called) -> impl Iterator<Item = &Entry> {
        let recorded = self.by_name.get(name);
        self.numbered(recorded.map(|recorded| &recorded.numbers))
    }

    /// The entry for the use of `name` at `place`.
    pub(super) fn entry_of(&self, name: &Called, place: Place) -> Result<&Entry, NotThere> {
        let Some(recorded) = self.by_name.get(name) else {
            return Err(NotThere::Nothing(
                "left alone: nothing is recorded of it in this file",
            ));
        };
        let entries = recorded.numbers.len();
        let number = if recorded.agree {
            recorded.numbers.first()
        } else if entries == place.all.uses {
            recorded.numbers.get(place.all.before)
        } else if entries != place.fixed.uses {
            None
        } else if place.is_fixed {
            recorded.numbers.get(place.fixed.before)
        } else {
            return Err(NotThere::Nothing(
                "left alone: of the uses in this file it is none of those that were recorded",
            ));
        };
        let entry = number.and_then(|number| self.entries.get(*number));
        entry.ok_or(NotThere::Several(
            "left alone: it was recorded at several versions, and the file does not use it as \
             often as then",
        ))
    }

    /// Who was asked about what is called `name`; nothing where `thing` itself is known.
    pub(super) fn other_source(&self, thing: &Thing, name: &str) -> Option<&str> {
        if self.by_thing.contains_key(thing) {
            return None;
        }
        let mut same = self.entries.iter().filter(|entry| entry.name == name);
        let other = same.find(|entry| entry.kind == thing.0);
        other.map(|entry| entry.source.as_str())
    }

    pub(super) fn of_thing(&self, thing: &Thing) -> impl Iterator<Item = &Entry> {
        self.numbered(self.by_thing.get(thing))
    }

    fn numbered<'l>(&'l self, numbers: Option<&'l Vec<usize>>) -> impl Iterator<Item = &'l Entry> {
        let numbers = numbers.into_iter().flatten();
        numbers.filter_map(|number| self.entries.get(*number))
    }
}

/// What an image or a repository is to all files: of actions the repository, whichever its part.
pub(super) fn thing(kind: ReferenceKind, name: &str, source: &str) -> Thing {
    match kind {
        ReferenceKind::Image => (kind, name.to_owned()),
        ReferenceKind::Action | ReferenceKind::Component => (kind, source.to_ascii_lowercase()),
    }
}

impl Entry {
    /// Why it is none: its texts are written into files, except the name of one, which may hold
    /// anything.
    fn problem(&self) -> Option<&'static str> {
        let is_image = self.kind == ReferenceKind::Image;
        let texts = [&self.name, &self.source];
        let plain = |text: &String| text.len() <= MAX_TEXT && !text.contains(char::is_control);
        if self.file.len() > MAX_TEXT || !texts.into_iter().all(plain) {
            return Some("a text is too long, or holds control characters");
        }
        match &self.version {
            Some(tag) if is_image && !is_tag(tag) => return Some("its `version` is no tag"),
            Some(version) if !is_version(version) => return Some("its `version` is no tag"),
            _ => {}
        }
        match (&self.digest, self.kind) {
            (RecordedDigest::Commit(_), ReferenceKind::Image) => {
                return Some("its `digest` is that of no image");
            }
            (RecordedDigest::Sha256(_), ReferenceKind::Action) => {
                return Some("its `digest` is no commit");
            }
            _ => {}
        }
        let time: Result<Timestamp, _> = self.resolved_at.parse();
        time.is_err()
            .then_some("its `resolved_at` is no time, such as `2026-11-30T08:00:00Z`")
    }

    pub(super) fn thing(&self) -> Thing {
        thing(self.kind, &self.name, &self.source)
    }

    pub(super) fn called(&self) -> Called {
        Called {
            file: self.file.clone(),
            thing: self.thing(),
            name: self.name.clone(),
        }
    }

    /// Whether this is what it was resolved to.
    pub(super) fn says(&self, version: Option<&str>, digest: &RecordedDigest) -> bool {
        self.version.as_deref() == version && self.digest == *digest
    }
}

/// Whether `text` could be the name of a tag or branch that fits into a comment.
pub(super) fn is_version(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_graphic() && !b"#'\"`".contains(&byte);
    (1..=250).contains(&text.len()) && text.bytes().all(fits)
}

impl FromStr for RecordedDigest {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text.parse(), text.parse()) {
            (Ok(digest), _) => Ok(Self::Sha256(digest)),
            (_, Ok(commit)) => Ok(Self::Commit(commit)),
            _ => Err("a digest is `sha256:` and 64 hexadecimal digits, a commit has 40 or 64"),
        }
    }
}

impl TryFrom<String> for RecordedDigest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RecordedDigest> for String {
    fn from(digest: RecordedDigest) -> Self {
        digest.to_string()
    }
}

impl fmt::Display for RecordedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(digest) => digest.fmt(f),
            Self::Commit(commit) => commit.fmt(f),
        }
    }
}
