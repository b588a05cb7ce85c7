//! What is to be pinned, how far versions may move, and which are out of bounds.

use std::collections::BTreeSet;

use globset::GlobSet;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use semver::Version;
use url::Url;

use crate::{
    config::{Allowed, Denied, DeniedSubject, DenyList, Hold},
    model::{
        image::{ImageReference, Repository},
        pinning::ReferenceKind,
        skew,
        version::Step,
    },
};

/// What decisions are made by.
#[derive(Clone, Debug)]
pub struct Options {
    /// Other kinds are left alone.
    pub only: Option<Only>,
    /// Names of references that are left alone.
    pub exclude: GlobSet,
    /// How far versions may move.
    pub step: Step,
    /// A version younger than this is not moved to.
    pub min_age: Option<SignedDuration>,
    /// The present.
    pub now: Timestamp,
    /// Where actions come from: `https://github.com`.
    pub github: Url,
    /// Where GitLab's projects come from, if that is known.
    pub gitlab: Option<Url>,
    /// Whether something moves a component's commit and version together: Renovate with our preset.
    pub components_by_commit: bool,
    /// Whether an image is pinned only to a digest that the policy accepts.
    pub verify: bool,
    /// Which versions of our own action and image are out of bounds.
    pub bounds: Bounds,
}

/// One of two kinds of reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// Actions, reusable workflows and components.
    Actions,
    /// Container images.
    Images,
}

impl Only {
    pub(super) fn has(self, kind: ReferenceKind) -> bool {
        (kind == ReferenceKind::Image) == (self == Self::Images)
    }
}

/// What an organisation and a repository say of the versions of our action and image.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// The repository of the sandbox image.
    pub image: Option<Repository>,
    /// The action that runs it, as `owner/name`.
    pub action: String,
    /// Versions that must not run.
    pub deny: DenyList,
    /// The version that this repository stays on.
    pub hold: Option<Hold>,
    /// The only versions that the fleet allows, where there is a fleet.
    pub allowed: Option<Allowed>,
}

impl Bounds {
    /// Why `image` must not run.
    pub(super) fn denies(&self, image: &ImageReference) -> Option<String> {
        let denied = self.denied(image)?;
        Some(of_denied(image.tag().unwrap_or_default(), denied))
    }

    /// What is to run instead of `image`, which is denied.
    pub(super) fn replacement(&self, image: &ImageReference) -> Option<ImageReference> {
        self.deny.replacement(image, self.denied(image)?)
    }

    /// A denied version is one of our own; a denied digest is one of anything.
    fn denied(&self, image: &ImageReference) -> Option<&Denied> {
        let is_ours = self.image.as_ref() == Some(image.repository());
        let denied = self.deny.find(image, image.digest());
        denied.filter(|it| is_ours || matches!(it.subject, DeniedSubject::Digest(_)))
    }

    /// Why `image` may not be moved to.
    pub(super) fn refuse_image(&self, image: &ImageReference, now: Timestamp) -> Option<String> {
        let is_ours = self.image.as_ref() == Some(image.repository());
        let denied = self.denied(image);
        match image.tag() {
            Some(tag) if is_ours => {
                let allowed = self.allowed.as_ref().map(|allowed| &allowed.images);
                self.refuse(tag, denied, allowed, now)
            }
            tag => denied.map(|denied| of_denied(tag.unwrap_or_default(), denied)),
        }
    }

    /// Why version `tag` of the action `name` may not be moved to.
    pub(super) fn refuse_action(&self, name: &str, tag: &str, now: Timestamp) -> Option<String> {
        if !name.eq_ignore_ascii_case(&self.action) {
            return None;
        }
        // A denied version is that of the pair.
        let image = self.image.as_ref().and_then(|image| image.tagged(tag));
        let denied = image.and_then(|image| self.deny.find(&image, None));
        let allowed = self.allowed.as_ref().map(|allowed| &allowed.actions);
        self.refuse(tag, denied, allowed, now)
    }

    fn refuse(
        &self,
        tag: &str,
        denied: Option<&Denied>,
        allowed: Option<&BTreeSet<Version>>,
        now: Timestamp,
    ) -> Option<String> {
        if let Some(denied) = denied {
            return Some(of_denied(tag, denied));
        }
        let today = now.to_zoned(TimeZone::UTC).date();
        let hold = self.hold.as_ref().filter(|hold| hold.is_in_force(today));
        if let Some(hold) = hold.filter(|hold| !hold.version.is(tag)) {
            let version = hold.version.tag();
            let until = hold.until;
            return Some(format!(
                "this repository is held on {version} until {until}: {}",
                hold.reason
            ));
        }
        let version = skew::of_tag(tag);
        let is_allowed =
            |allowed: &BTreeSet<Version>| version.is_some_and(|it| allowed.contains(&it));
        (!allowed.is_none_or(is_allowed)).then(|| format!("the fleet does not allow {tag} yet"))
    }
}

fn of_denied(tag: &str, denied: &Denied) -> String {
    format!("{tag} is denied: {}", denied.reason)
}
