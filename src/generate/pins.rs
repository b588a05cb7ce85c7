//! Which version each reference of a new text gets.

use std::{collections::HashMap, path::Path};

use super::{GenerateError, actions};
use crate::{
    model::{
        commit::CommitId,
        version::{Flavor, TagVersion},
    },
    reference::{self, Pin, PinKind, SpotPart},
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

/// The pins that a file has, by what they pin and in their order.
struct Existing(HashMap<(PinKind, String), Vec<Pin>>);

impl Existing {
    fn of(path: &Path, text: Option<&str>) -> Self {
        let mut pins: HashMap<_, Vec<Pin>> = HashMap::new();
        for pin in text
            .map(|text| reference::mask(path, text).pins)
            .into_iter()
            .flatten()
        {
            pins.entry((pin.kind, pin.name.clone()))
                .or_default()
                .push(pin);
        }
        Self(pins)
    }

    /// The pin of the `number`th use of `key`; of the last, where the file has fewer.
    fn at(&self, key: &(PinKind, String), number: usize) -> Option<&Pin> {
        let pins = self.0.get(key)?;
        pins.get(number).or(pins.last())
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
    let mut numbers: HashMap<_, usize> = HashMap::new();
    let mut edits = Vec::new();
    for pin in reference::mask(path, body).pins {
        let key = (pin.kind, pin.name.clone());
        let number = numbers.entry(key.clone()).or_default();
        let found = existing.at(&key, *number);
        *number += 1;
        let texts = match wanted.iter().find(|wanted| wanted.name == pin.name) {
            Some(wanted) => of_wanted(wanted),
            None => found.map(of_existing),
        };
        let open = pin.spots.iter().any(|spot| spot.text == OPEN);
        let texts = match texts {
            None if open => of_table(&pin.name)?,
            texts => texts.unwrap_or_default(),
        };
        edits.extend(pin.spots.into_iter().filter_map(|spot| {
            let text = texts.get(&spot.part)?;
            Some((spot.at, text.clone()))
        }));
    }
    Ok(reference::splice(body, edits))
}

type Texts = HashMap<SpotPart, String>;

fn of_existing(pin: &Pin) -> Texts {
    let spots = pin.spots.iter();
    spots.map(|spot| (spot.part, spot.text.clone())).collect()
}

/// Nothing for an image, whose text is as wanted.
fn of_wanted(wanted: &Wanted) -> Option<Texts> {
    let commit = wanted.commit.as_ref()?;
    Some(of_action(commit, wanted.version.as_deref()))
}

fn of_table(name: &str) -> Result<Texts, GenerateError> {
    let known = actions::version_of(name);
    let known = known.ok_or_else(|| GenerateError::NoPin {
        name: name.to_owned(),
    })?;
    Ok(of_action(known.commit, Some(known.version)))
}

fn of_action(commit: &str, version: Option<&str>) -> Texts {
    let comment = version.map(|version| format!(" # {version}"));
    HashMap::from([
        (SpotPart::Reference, format!("@{commit}")),
        (SpotPart::Comment, comment.unwrap_or_default()),
    ])
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
