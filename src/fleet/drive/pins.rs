//! What a repository's files name of the fleet's packages, and the same at another release.

use std::path::PathBuf;

use semver::Version;

use crate::{
    config::{Fleet, Release},
    fleet::Texts,
    forge::Change,
    model::{
        pinning::{ReferenceKind, Status},
        skew,
    },
    pin::{Repository, to_release},
    reference::Target,
};

/// The fleet's packages in a repository's files.
pub(super) struct Pins {
    repository: Repository,
    /// Why a file cannot be told.
    unread: Option<String>,
}

impl Pins {
    pub(super) fn read(texts: &Texts) -> Self {
        let files = texts.iter();
        let files = files.map(|(path, text)| (PathBuf::from(path), text.to_vec()));
        let (repository, unread) = Repository::read(files);
        let unread = unread.into_iter().find(|it| it.status != Status::Ignored);
        Self {
            repository,
            unread: unread.map(|it| format!("{}: {}", it.path.display(), it.reason)),
        }
    }

    /// Whether any of them is there.
    pub(super) fn any(&self, fleet: &Fleet) -> bool {
        let decisions = to_release(&self.repository.sites(), fleet, &fleet.release);
        let mut decisions = decisions.iter();
        decisions.any(|it| it.status != Status::Ignored)
    }

    /// The newest version of their images.
    pub(super) fn newest(&self, fleet: &Fleet) -> Option<Version> {
        let sites = self.repository.sites();
        let decisions = to_release(&sites, fleet, &fleet.release);
        let ours = sites.iter().zip(&decisions);
        let ours = ours.filter(|(_, it)| it.status != Status::Ignored);
        let versions = ours.filter_map(|(site, _)| match &site.reference.target {
            Target::Image(image) => skew::of_tag(image.tag.as_deref()?),
            _ => None,
        });
        versions.max()
    }

    /// Whether any of them is at `from`; what `from` shares with `to` does not tell.
    pub(super) fn has(&self, fleet: &Fleet, from: &Release, to: &Release) -> bool {
        let sites = self.repository.sites();
        let decisions = to_release(&sites, fleet, from);
        let mut all = sites.iter().zip(&decisions);
        all.any(|(site, decision)| {
            let tells = match site.reference.kind() {
                ReferenceKind::Image => from.image() != to.image(),
                ReferenceKind::Action => from.action != to.action,
                ReferenceKind::Component => from.action.version != to.action.version,
            };
            tells && decision.status == Status::Pinned
        })
    }

    /// The files that change where all of them go to `to`.
    pub(super) fn moved(&self, fleet: &Fleet, to: &Release) -> Result<Vec<Change>, String> {
        if let Some(unread) = &self.unread {
            return Err(unread.clone());
        }
        let decisions = to_release(&self.repository.sites(), fleet, to);
        let settlement = self.repository.settle(decisions);
        if let Some((_, why)) = settlement.stuck().next() {
            return Err(why.to_owned());
        }
        let files = settlement.files.into_iter();
        let changes = files.map(|file| Change {
            path: file.path.to_string_lossy().into_owned(),
            content: Some(file.new.into_bytes()),
        });
        Ok(changes.collect())
    }
}
