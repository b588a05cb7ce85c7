//! The files of the configuration repository that follow from its fleet.yaml.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::FLEET_FILE;
use crate::{
    config::{Denied, DeniedSubject, DenyList, Fleet},
    forge::Change,
    generate::{GenerateError, Pins, Standing, renovate, settle},
    report,
};

/// The deny list as `fullsend exec --deny` reads it.
pub const DENY_FILE: &str = "deny.json";

/// The files of a commit to the configuration repository.
#[derive(Debug, Default)]
pub struct Files {
    /// Those that differ from what lies there.
    pub changes: Vec<Change>,
    /// Those that should differ, and that a person has made their own: they stay.
    pub kept: Vec<String>,
    /// What [`DENY_FILE`] is to say, also where it is kept.
    pub denied: String,
}

/// The paths of the files that follow from `fleet`, and its own.
pub fn paths(fleet: &Fleet) -> Result<Vec<String>, GenerateError> {
    let presets = renovate::presets(fleet)?.into_iter();
    let presets = presets.map(|draft| shown(draft.path()));
    let own = [FLEET_FILE, DENY_FILE].map(str::to_owned);
    Ok(own.into_iter().chain(presets).collect())
}

/// What has to be written so that fleet.yaml is `text`, which means `fleet`, and what follows from
/// it is there: the rings' presets, the way back, and the deny list.
pub fn files(
    text: &str,
    fleet: &Fleet,
    existing: &BTreeMap<String, String>,
) -> Result<Files, GenerateError> {
    let mut files = Files::default();
    files.write(FLEET_FILE, text.to_owned(), existing);
    let there = existing.get(DENY_FILE);
    let there = there.map(|text| DenyList::parse(text.as_bytes(), DENY_FILE));
    if let Some(Err(_)) = there {
        files.denied = deny_list(fleet, &DenyList::default());
        files.kept.push(DENY_FILE.to_owned());
    } else {
        let there = there.and_then(Result::ok).unwrap_or_default();
        files.denied = deny_list(fleet, &there);
        files.write(DENY_FILE, files.denied.clone(), existing);
    }
    let lying = existing.iter();
    let lying: BTreeMap<PathBuf, &String> = lying.map(|(path, text)| (path.into(), text)).collect();
    for file in settle(renovate::presets(fleet)?, &lying, Pins::Kept)? {
        let path = shown(&file.path);
        match file.standing {
            Standing::Current => {}
            Standing::Absent | Standing::Outdated => files.write(&path, file.text, existing),
            Standing::Edited | Standing::Foreign => files.kept.push(path),
        }
    }
    Ok(files)
}

impl Files {
    fn write(&mut self, path: &str, text: String, existing: &BTreeMap<String, String>) {
        if existing.get(path) != Some(&text) {
            self.changes.push(Change {
                path: path.to_owned(),
                content: Some(text.into_bytes()),
            });
        }
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// An entry of the list.
#[derive(Serialize)]
struct Entry<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<String>,
}

impl<'a> Entry<'a> {
    fn of(denied: &'a Denied) -> Self {
        let (version, digest) = match &denied.subject {
            DeniedSubject::Version(version) => (Some(version.tag()), None),
            DeniedSubject::Digest(digest) => (None, Some(digest.to_string())),
        };
        let replacement = denied.replacement.as_ref();
        Self {
            version,
            digest,
            reason: &denied.reason,
            replacement: replacement.map(|it| format!("{}@{}", it.tag(), it.digest())),
        }
    }
}

/// The deny list of `fleet`; what the list that lies there has besides stays denied.
fn deny_list(fleet: &Fleet, there: &DenyList) -> String {
    let ours = fleet.deny.entries();
    let known = |it: &&Denied| ours.iter().any(|own| own.subject == it.subject);
    let theirs = there.entries().iter().filter(|it| !known(it));
    let entries: Vec<Entry<'_>> = ours.iter().chain(theirs).map(Entry::of).collect();
    report::json::text(&entries).unwrap_or_default()
}
