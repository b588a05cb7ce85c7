//! The files of one repository as they are and as they are to be.

use std::collections::BTreeMap;

use super::{Enrolment, Entry, Obstacle, Record, record::hash};
use crate::{
    document::{
        insert::{self, Made, Notation, Step, Value},
        yaml::Yaml,
    },
    fleet::Texts,
    forge::{Change, EntryMode, MAX_FILE_BYTES, Seen},
};

/// The files of one repository as they are and as they are to be.
pub(super) struct Sheet<'a> {
    seen: &'a Seen,
    texts: &'a Texts,
    /// What an earlier enrolment wrote.
    before: Option<&'a Record>,
    changed: BTreeMap<String, String>,
    record: Record,
    notes: Vec<String>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(seen: &'a Seen, texts: &'a Texts, before: Option<&'a Record>) -> Self {
        Self {
            seen,
            texts,
            before,
            changed: BTreeMap::new(),
            record: Record {
                schema_version: 1,
                repository: seen.repository.id.clone(),
                ..Record::default()
            },
            notes: Vec::new(),
        }
    }

    pub(super) fn into_enrolment(self) -> Enrolment {
        let changes = self.changed.into_iter().map(|(path, text)| Change {
            path,
            content: Some(text.into_bytes()),
        });
        Enrolment {
            changes: changes.collect(),
            record: self.record,
            notes: self.notes,
        }
    }

    pub(super) fn seen(&self) -> &'a Seen {
        self.seen
    }

    /// Whether anything lies at `path`.
    pub(super) fn has(&self, path: &str) -> bool {
        self.seen.files.contains_key(path)
    }

    /// The text of `path` as it is to be so far; nothing where there is none.
    pub(super) fn text(&self, path: &str) -> Result<Option<String>, Obstacle> {
        if let Some(text) = self.changed.get(path) {
            return Ok(Some(text.clone()));
        }
        Ok(text(self.seen, self.texts, path)?.map(str::to_owned))
    }

    /// Says something to whoever reads the plan.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// `path` is ours, and is to be `text`.
    pub(super) fn own(&mut self, path: &str, text: String) {
        self.owned(path, &text);
        self.changed.insert(path.to_owned(), text);
    }

    /// `path` is ours, and has `text` already.
    pub(super) fn owned(&mut self, path: &str, text: &str) {
        self.record.files.insert(path.to_owned(), hash(path, text));
    }

    /// `path` is ours if it was ours before.
    pub(super) fn still_own(&mut self, path: &str) {
        let before = self.before.and_then(|it| it.files.get(path));
        let before = before.map(|hash| (path.to_owned(), hash.clone()));
        self.record.files.extend(before);
    }

    /// Adds `item` to the list `at` in the file `path`, which may have to be made; `entry` is how it
    /// is recorded.
    pub(super) fn push(
        &mut self,
        path: &str,
        notation: Notation,
        at: &[Step<'_>],
        item: &Value,
        entry: (&str, serde_json::Value),
    ) -> Result<(), insert::NoRoom> {
        let is_new = !self.has(path) && !self.changed.contains_key(path);
        // Whoever pushes has read the file.
        let text = self.text(path).ok().flatten().unwrap_or_default();
        let (text, made) = insert::push(&text, notation, at, item)?;
        let (what, value) = entry;
        self.entry(path, what, value, made);
        if is_new || self.record.files.contains_key(path) {
            self.own(path, text);
        } else {
            self.changed.insert(path.to_owned(), text);
        }
        Ok(())
    }

    /// Puts `text` in the place of a file of people.
    pub(super) fn edit(&mut self, path: &str, text: String) {
        self.changed.insert(path.to_owned(), text);
    }

    /// A file that is ours in part becomes `text`: it is recorded as it was.
    pub(super) fn rewrite(&mut self, path: &str, text: String) {
        if self.record.files.contains_key(path) {
            self.own(path, text);
        } else {
            self.edit(path, text);
        }
    }

    /// The entry `old` of `extends` has become `new`, in the room that was made for it.
    pub(super) fn moved(&mut self, file: &str, old: &str, new: &str) {
        let made = self
            .made(file, "extends", &old.into())
            .unwrap_or(Made::Item);
        self.entry(file, "extends", new.into(), made);
    }

    /// The entry is there already: it is ours if it was ours before.
    pub(super) fn keep(&mut self, file: &str, what: &str, value: serde_json::Value) {
        if let Some(made) = self.made(file, what, &value) {
            self.entry(file, what, value, made);
        }
    }

    /// The entry is there already, and the fleet's whoever wrote it.
    pub(super) fn claim(&mut self, file: &str, what: &str, value: serde_json::Value) {
        let made = self.made(file, what, &value).unwrap_or(Made::Item);
        self.entry(file, what, value, made);
    }

    /// What an earlier enrolment made room by.
    fn made(&self, file: &str, what: &str, value: &serde_json::Value) -> Option<Made> {
        let mut before = self.before.into_iter().flat_map(|it| &it.entries);
        let found = before.find(|it| it.file == file && it.what == what && it.value == *value);
        found.map(|it| it.made)
    }

    /// Records an entry.
    pub(super) fn entry(&mut self, file: &str, what: &str, value: serde_json::Value, made: Made) {
        self.record.entries.push(Entry {
            file: file.to_owned(),
            what: what.to_owned(),
            value,
            made,
        });
    }

    /// The files of ours so far.
    pub(super) fn files(&self) -> Vec<String> {
        self.record.files.keys().cloned().collect()
    }
}

/// The text of `path`, as it is on the default branch; nothing where there is none.
pub(super) fn text<'a>(
    seen: &Seen,
    texts: &'a Texts,
    path: &str,
) -> Result<Option<&'a str>, Obstacle> {
    let Some(entry) = seen.files.get(path) else {
        return Ok(None);
    };
    match entry.mode {
        EntryMode::File | EntryMode::Executable => {}
        EntryMode::Link => return Err(Obstacle::Link(path.to_owned())),
        EntryMode::Other => return Err(Obstacle::Folder(path.to_owned())),
    }
    if entry.size.is_some_and(|size| size > MAX_FILE_BYTES) {
        return Err(Obstacle::TooLarge(path.to_owned()));
    }
    let bytes = texts
        .get(path)
        .ok_or_else(|| Obstacle::unreadable(path, "the forge did not show it"))?;
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(Obstacle::unreadable(path, "the file is not UTF-8")),
    }
}

/// The tree of a file's text.
pub(super) fn read(path: &str, text: &str, notation: Notation) -> Result<Yaml, Obstacle> {
    let read = notation.read(text);
    read.map_err(|error| Obstacle::no_room(path, &error.into()))
}
