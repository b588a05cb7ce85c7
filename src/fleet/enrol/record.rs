//! What was written to a repository, so that the same can be removed.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    document::{
        insert::Made,
        json::{self, StrictError},
        yaml::{Kind, Node},
    },
    model::digest::Digest,
    reference,
};

/// The most values of a record; one of a repository has some twenty.
const MOST: usize = 10_000;

/// What of a repository is ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// 1.
    pub schema_version: u32,
    /// The forge's own name for the repository, which survives a rename.
    pub repository: String,
    /// Files that are ours as a whole, each with the hash of its text without pins.
    pub files: BTreeMap<String, String>,
    /// Entries in files of people.
    pub entries: Vec<Entry>,
}

/// An entry in somebody's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The file.
    pub file: String,
    /// The list that holds it: `include`, `updates[0].ignore`.
    pub what: String,
    /// The entry, without pins.
    pub value: Value,
    /// What was done to make room for it.
    pub made: Made,
}

/// A record that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not the JSON of one.
    #[error("what was written there cannot be read: {0}")]
    Unreadable(#[from] StrictError),
    /// Written by a newer version.
    #[error("what was written there is kept in format {0}, which a newer version knows")]
    Unknown(u32),
}

impl Record {
    /// Where the record of the repository `name` is, on the branch of the fleet's state.
    ///
    /// A name below a subgroup has a folder; whatever a file's name cannot have is escaped.
    pub fn path(name: &str) -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let part = |part: &str| match part {
            "" | "." | ".." => part.replace('.', "%2E"),
            part => part
                .bytes()
                .map(|byte| match byte {
                    byte if plain(byte) => char::from(byte).to_string(),
                    byte => format!("%{byte:02X}"),
                })
                .collect(),
        };
        let parts: Vec<String> = name.split('/').map(part).collect();
        format!("enrolled/{}.json", parts.join("/"))
    }

    /// Reads a record.
    pub fn read(bytes: &[u8]) -> Result<Self, RecordError> {
        let record: Self = json::parse_bounded(bytes, MOST)?;
        match record.schema_version {
            1 => Ok(record),
            other => Err(RecordError::Unknown(other)),
        }
    }

    /// The whole file.
    pub fn text(&self) -> String {
        // What consists of texts and numbers always has a JSON.
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        text + "\n"
    }
}

/// The hash of a file's text, its pins aside.
pub(super) fn hash(path: &str, text: &str) -> String {
    // Git may check out lines that end otherwise.
    let masked = reference::mask(Path::new(path), &text.replace("\r\n", "\n")).text;
    Digest::of(masked.as_bytes()).hex().to_owned()
}

/// What an entry says, its pins aside.
pub(super) fn masked(node: &Node<'_>) -> Value {
    match node.kind() {
        Kind::Mapping => {
            let entries = node.own_entries();
            let entries = entries.map(|(key, value)| {
                let key = key.text().unwrap_or_default();
                let value = match (key, value.text()) {
                    ("component" | "image" | "tools-image", Some(text)) => without_pin(text).into(),
                    _ => masked(&value),
                };
                (key.to_owned(), value)
            });
            entries.collect()
        }
        Kind::Sequence => node.items().map(|item| masked(&item)).collect(),
        Kind::Null => Value::Null,
        _ => node.text().into(),
    }
}

/// A component or an image without its version.
pub(super) fn without_pin(text: &str) -> &str {
    let name = text.split('@').next().unwrap_or_default();
    match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    }
}
