//! Which versions of our own action and image may be moved to.
//!
//! A release is a pair: what is said of an image's version goes for the action that it was tested
//! with, whatever the version of that is. Only a fleet knows pairs.

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    config::{Config, Denied, DeniedSubject, DenyList, Fleet, Hold, Release, Ring},
    model::{
        image::{ImageReference, Repository},
        skew::{self, OWN_ACTION},
    },
};

/// The sandbox image, where neither fullsend.yaml nor a fleet names another.
const IMAGE: &str = "ghcr.io/fullsend-ai/agent-sandbox";

/// What an organisation and a repository say of the versions of our action and image.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// The repository of the sandbox image.
    pub(super) image: Option<Repository>,
    /// The action that runs it, as `owner/name`.
    pub(super) action: String,
    /// Images that must not run.
    deny: DenyList,
    /// The image's version that this repository stays on.
    hold: Option<Hold>,
    fleet: Option<Releases>,
}

/// The releases of a fleet.
#[derive(Clone, Debug)]
struct Releases {
    /// Those that are known.
    known: Vec<Release>,
    /// The newest that the ring may be on.
    ceiling: semver::Version,
}

impl Bounds {
    /// What a repository says by itself.
    pub fn of(config: &Config) -> Self {
        Self {
            image: match &config.image {
                Some(image) => Some(image.repository().clone()),
                None => IMAGE.parse().ok(),
            },
            action: OWN_ACTION.to_owned(),
            hold: config.hold.clone(),
            ..Self::default()
        }
    }

    /// What holds for a repository in `ring`, which may hold itself back.
    pub fn of_fleet(fleet: &Fleet, ring: &Ring, hold: Option<&Hold>) -> Self {
        Self {
            image: Some(fleet.release.image().repository().clone()),
            action: fleet.release.action.repository.clone(),
            deny: fleet.deny.clone(),
            hold: hold.cloned(),
            fleet: Some(Releases {
                known: fleet.releases().cloned().collect(),
                ceiling: ring.release.version().clone(),
            }),
        }
    }

    /// The same, with what `list` denies besides.
    #[must_use]
    pub fn denying(mut self, list: DenyList) -> Self {
        self.deny.extend(list);
        self
    }

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
        if let Some(denied) = self.denied(image) {
            return Some(of_denied(image.tag().unwrap_or_default(), denied));
        }
        let tag = image.tag()?;
        if self.image.as_ref() != Some(image.repository()) {
            return None;
        }
        // A hold goes before the ring.
        if let Some(hold) = self.hold_on(now) {
            return (!hold.version.is(tag)).then(|| of_hold(hold));
        }
        let fleet = self.fleet.as_ref()?;
        let version = skew::of_tag(tag);
        let mut allowed = fleet.allowed();
        (!allowed.any(|it| Some(it.version()) == version.as_ref())).then(|| not_yet(tag))
    }

    /// Why version `tag` of the action `name` may not be moved to.
    pub(super) fn refuse_action(&self, name: &str, tag: &str, now: Timestamp) -> Option<String> {
        if !name.eq_ignore_ascii_case(&self.action) {
            return None;
        }
        let hold = self.hold_on(now);
        let Some(fleet) = &self.fleet else {
            // Which action goes with the held image nobody knows.
            return hold.map(of_hold);
        };
        let version = skew::of_tag(tag);
        let is_of = |release: &&Release| Some(&release.action.version) == version.as_ref();
        if let Some(denied) = self.denied_with(fleet.known.iter().filter(is_of)) {
            return Some(of_denied(tag, denied));
        }
        if let Some(hold) = hold {
            let held = |it: &&Release| hold.version.is(&it.version().to_string());
            let mut with = fleet.known.iter().filter(is_of);
            return (!with.any(|it| held(&it))).then(|| of_hold(hold));
        }
        let mut allowed = fleet.allowed().filter(is_of);
        let is_good = |release: &Release| self.denied(release.image()).is_none();
        (!allowed.any(is_good)).then(|| not_yet(tag))
    }

    /// What denies every one of `releases`; nothing where one is good, or there is none.
    fn denied_with<'a>(&self, mut releases: impl Iterator<Item = &'a Release>) -> Option<&Denied> {
        let first = self.denied(releases.next()?.image())?;
        let are_all = releases.all(|release| self.denied(release.image()).is_some());
        are_all.then_some(first)
    }

    fn hold_on(&self, now: Timestamp) -> Option<&Hold> {
        let today = now.to_zoned(TimeZone::UTC).date();
        self.hold.as_ref().filter(|hold| hold.is_in_force(today))
    }
}

impl Releases {
    /// Those that the ring may be on, unless they are denied.
    fn allowed(&self) -> impl Iterator<Item = &Release> {
        let known = self.known.iter();
        known.filter(|release| *release.version() <= self.ceiling)
    }
}

fn of_denied(tag: &str, denied: &Denied) -> String {
    format!("{tag} is denied: {}", denied.reason)
}

fn of_hold(hold: &Hold) -> String {
    let (version, until) = (hold.version.tag(), hold.until);
    format!(
        "this repository is held on {version} until {until}: {}",
        hold.reason
    )
}

fn not_yet(tag: &str) -> String {
    format!("the fleet does not allow {tag} yet")
}

#[cfg(test)]
mod tests;
