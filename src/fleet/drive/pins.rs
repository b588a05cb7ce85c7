//! What a repository's files name of the fleet's packages, and the same at another release.

use std::{collections::BTreeSet, path::Path};

use semver::Version;

use crate::{
    config::Release,
    document::edit,
    fleet::Texts,
    forge::Change,
    model::skew,
    reference::{self, Pinned, Reference, Target},
};

/// The names of the fleet's packages.
pub(super) struct Packages {
    images: BTreeSet<String>,
    actions: BTreeSet<String>,
}

impl Packages {
    pub(super) fn of<'r>(releases: impl Iterator<Item = &'r Release>) -> Self {
        let mut packages = Self {
            images: BTreeSet::new(),
            actions: BTreeSet::new(),
        };
        for release in releases {
            let image = release.image().repository().to_string();
            packages.images.insert(image);
            packages.actions.insert(release.action.repository.clone());
        }
        packages
    }

    /// What `to` has for a reference, where it is one of the fleet's.
    fn pin<'r>(&self, found: &Reference, to: &'r Release) -> Option<Pinned<'r>> {
        match &found.target {
            Target::Image(image) if self.images.contains(&image.repository.to_string()) => {
                Some(Pinned::Image {
                    tag: to.image().tag()?,
                    digest: to.image().digest()?,
                })
            }
            Target::Action { repository, .. } if self.actions.contains(repository) => {
                Some(Pinned::Commit {
                    commit: &to.action.commit,
                    version: None,
                })
            }
            _ => None,
        }
    }
}

/// The fleet's packages in a repository's files.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The versions of images; the ones that count are the digests.
    pub(super) images: BTreeSet<Version>,
    /// How many references there are.
    pub(super) count: usize,
    /// Whether one of them is at the release that was asked about.
    pub(super) has: bool,
}

impl Packages {
    /// What `texts` name of the fleet's packages, and whether any of it is of `release`.
    pub(super) fn find(&self, texts: &Texts, release: &Release) -> Found {
        let mut all = Found::default();
        for (path, text) in texts {
            let found = reference::references(Path::new(path), text).unwrap_or_default();
            for found in found.iter().filter(|it| self.pin(it, release).is_some()) {
                all.count += 1;
                all.has |= is_of(found, release);
                if let Target::Image(image) = &found.target {
                    all.images
                        .extend(image.tag.as_deref().and_then(skew::of_tag));
                }
            }
        }
        all
    }

    /// The files that change where all of the fleet's packages go to `to`.
    pub(super) fn moved(&self, texts: &Texts, to: &Release) -> Result<Vec<Change>, String> {
        let version = format!("v{}", to.action.version);
        let mut changes = Vec::new();
        for (path, bytes) in texts {
            let found = reference::references(Path::new(path), bytes);
            let found = found.map_err(|error| error.to_string())?;
            let mut edits = Vec::new();
            for found in &found {
                let Some(pin) = self.pin(found, to) else {
                    continue;
                };
                let pin = match pin {
                    Pinned::Commit { commit, .. } => Pinned::Commit {
                        commit,
                        version: Some(&version),
                    },
                    pin => pin,
                };
                let more = found.edits(&pin);
                edits.extend(more.map_err(|error| format!("{path}: {}: {error}", found.written))?);
            }
            if !edits.is_empty() {
                let text = String::from_utf8_lossy(bytes);
                let text = edit::apply(&text, &edits).map_err(|error| error.to_string())?;
                changes.push(Change {
                    path: path.clone(),
                    content: Some(text.into_bytes()),
                });
            }
        }
        Ok(changes)
    }
}

fn is_of(found: &Reference, release: &Release) -> bool {
    match &found.target {
        Target::Image(image) => {
            image.digest.as_ref() == release.image().digest()
                || image.tag.as_deref().and_then(skew::of_tag).as_ref() == Some(release.version())
        }
        Target::Action { reference, .. } => *reference == release.action.commit,
        _ => false,
    }
}
