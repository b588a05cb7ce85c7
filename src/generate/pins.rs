//! Which version each reference of a new text gets.

use std::{collections::HashMap, path::Path};

use super::{GenerateError, actions};
use crate::{
    document::edit::{self, Edit},
    model::{
        commit::CommitId,
        version::{Flavor, TagVersion},
    },
    reference::{self, Kind, Pinned, Reference},
};

/// What a template writes behind the `@` of an action, to be filled from here.
const OPEN: &str = "@pin";

/// A version that was asked for by name, and so goes before what the file has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// `fullsend-ai/sandbox`, or an image's repository.
    pub name: String,
    /// The commit, for an action; an image's pin stands in the text already.
    pub commit: Option<String>,
    /// The release that the commit is of.
    pub version: Option<String>,
}

/// What a reference is called, whatever its version.
type Key = (Kind, Option<String>);

/// The references that a file has, by what they name and in their order.
struct Existing(HashMap<Key, Vec<Reference>>);

impl Existing {
    fn of(path: &Path, text: Option<&str>) -> Self {
        let masked = text.map(|text| reference::mask(path, text).references);
        let mut pinned: HashMap<_, Vec<Reference>> = HashMap::new();
        for reference in masked.into_iter().flatten() {
            let key = (reference.kind(), reference.name());
            pinned.entry(key).or_default().push(reference);
        }
        Self(pinned)
    }

    /// The `number`th use of `key`; the last, where the file has fewer.
    fn at(&self, key: &Key, number: usize) -> Option<&Reference> {
        let references = self.0.get(key)?;
        references.get(number).or(references.last())
    }
}

/// `body` with the pins that are `wanted`, else those of `existing`, else our own.
pub(super) fn fill(
    path: &Path,
    body: &str,
    existing: Option<&str>,
    wanted: &[Wanted],
) -> Result<String, GenerateError> {
    let existing = Existing::of(path, existing);
    let mut numbers: HashMap<Key, usize> = HashMap::new();
    let mut edits = Vec::new();
    for reference in reference::mask(path, body).references {
        let key = (reference.kind(), reference.name());
        let number = numbers.entry(key.clone()).or_default();
        let found = existing.at(&key, *number);
        *number += 1;
        let name = key.1.unwrap_or_default();
        let is_open = reference.spots().iter().any(|spot| spot.text == OPEN);
        edits.extend(match (wanted.iter().find(|it| it.name == name), found) {
            (Some(wanted), _) => of_wanted(&reference, &name, wanted)?,
            (None, Some(found)) => reference.edits_as(found),
            (None, None) if is_open => of_table(&reference, &name)?,
            (None, None) => Vec::new(),
        });
    }
    edit::apply(body, &edits).map_err(|_| GenerateError::NoPin {
        name: path.display().to_string(),
    })
}

/// Nothing for an image, whose text is as wanted.
fn of_wanted(
    reference: &Reference,
    name: &str,
    wanted: &Wanted,
) -> Result<Vec<Edit>, GenerateError> {
    match &wanted.commit {
        Some(commit) => of_action(reference, name, commit, wanted.version.as_deref()),
        None => Ok(Vec::new()),
    }
}

fn of_table(reference: &Reference, name: &str) -> Result<Vec<Edit>, GenerateError> {
    let known = actions::version_of(name).ok_or_else(|| no_pin(name))?;
    of_action(reference, name, known.commit, Some(known.version))
}

fn of_action(
    reference: &Reference,
    name: &str,
    commit: &str,
    version: Option<&str>,
) -> Result<Vec<Edit>, GenerateError> {
    let to = Pinned::Commit { commit, version };
    reference.edits(&to).map_err(|_| no_pin(name))
}

fn no_pin(name: &str) -> GenerateError {
    GenerateError::NoPin {
        name: name.to_owned(),
    }
}

impl Wanted {
    /// Reads `OWNER/NAME@COMMIT`, with or without ` # VERSION`.
    pub(super) fn action(text: &str) -> Result<Self, &'static str> {
        let (reference, version) = match text.split_once('#') {
            Some((reference, version)) => (reference.trim(), Some(version.trim())),
            None => (text.trim(), None),
        };
        let (name, commit) = reference.split_once('@').ok_or("names no commit")?;
        let is_part = |part: &str| {
            let good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            !part.is_empty() && !part.starts_with('.') && part.chars().all(good)
        };
        if name.split('/').count() < 2 || !name.split('/').all(is_part) {
            return Err("is not `OWNER/NAME@COMMIT`");
        }
        if commit.len() != 40 || commit.parse::<CommitId>().is_err() {
            return Err("names no whole commit: a tag or a branch can be moved");
        }
        if version.is_some_and(|version| !is_version(version)) {
            return Err("has no version behind its `#`");
        }
        Ok(Self {
            name: name.to_owned(),
            commit: Some(commit.to_owned()),
            version: version.map(str::to_owned),
        })
    }
}

/// `v1.2.3`, with or without its `v`.
fn is_version(text: &str) -> bool {
    TagVersion::parse(text, Flavor::Git).is_some_and(|version| {
        version.prefix().is_empty() && version.is_exact() && version.semver().is_some()
    })
}
