//! The repositories that files are of, each with options of its own.

use std::path::Path;

use url::Url;

use super::{files::Read, public, renovate};
use crate::{
    model::remote::{ForgeKind, Remote},
    pin::{self, Decision, Facts, Options, Site, World},
    seam::git,
};

/// The options of every repository.
pub(super) struct Roots<'a> {
    common: &'a Options,
    own: Vec<(&'a Path, Options)>,
}

impl<'a> Roots<'a> {
    /// The `common` options, with what the repositories of `files` say themselves.
    pub(super) fn of(files: &'a [Read<'_>], common: &'a Options) -> Self {
        let mut own: Vec<(&Path, Options)> = Vec::new();
        for root in files.iter().map(|read| &*read.file.root) {
            if own.iter().all(|(known, _)| *known != root) {
                let options = Options {
                    gitlab: common.gitlab.clone().or_else(|| gitlab(root)),
                    components_by_commit: renovate::extends_our_preset(root),
                    ..common.clone()
                };
                own.push((root, options));
            }
        }
        Self { common, own }
    }

    /// The options of the repository that `file` is of.
    pub(super) fn options(&self, file: &Read<'_>) -> &Options {
        let mut own = self.own.iter();
        let found = own.find(|(root, _)| *root == &*file.file.root);
        found.map_or(self.common, |(_, options)| options)
    }

    /// Decides about every reference of `files`, in their order, a repository at a time; what one
    /// has asked no other asks again.
    pub(super) async fn plan(
        &self,
        files: &[Read<'_>],
        facts: &mut Facts,
        world: &World<'_>,
    ) -> Vec<Decision> {
        let mut decided: Vec<Vec<Decision>> = files.iter().map(|_| Vec::new()).collect();
        for (root, options) in &self.own {
            let is_own = |file: &Read<'_>| *file.file.root == **root;
            let own = files.iter().filter(|file| is_own(file));
            let sites: Vec<Site<'_>> = own.flat_map(Read::sites).collect();
            let mut decisions = pin::plan(&sites, facts, world, options).await.into_iter();
            for (file, decided) in files.iter().zip(&mut decided) {
                if is_own(file) {
                    decided.extend(decisions.by_ref().take(file.references.len()));
                }
            }
        }
        decided.into_iter().flatten().collect()
    }
}

/// The GitLab that the repository at `root` was cloned from.
fn gitlab(root: &Path) -> Option<Url> {
    let repository = git::Repository::around(root, true).ok()??;
    let remote = Remote::of(&repository.origin().ok()??, None)?;
    let is_gitlab = remote.kind == ForgeKind::GitLab;
    is_gitlab.then(|| public(&remote.host).ok()).flatten()
}
