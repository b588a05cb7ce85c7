//! An action and an image that were tested together.

use std::{collections::BTreeSet, fmt, ops::Range, str::FromStr};

use semver::Version;

use super::{Fleet, Ring};
use crate::{
    config::{
        agent::image,
        checker::Checker,
        deny::{Denied, DeniedSubject},
        diagnostic::Diagnostic,
        forge::is_path_part,
        value::{ValueError, excerpt},
        yaml::{Field, Located},
    },
    model::{
        image::ImageReference,
        skew::{self, Skew},
    },
};

/// An action and an image that were tested together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The action that starts the image.
    pub action: ActionPin,
    image: ImageReference,
    version: Version,
}

/// An action at a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionPin {
    /// `OWNER/NAME`.
    pub repository: String,
    /// 40 hexadecimal digits.
    pub commit: String,
    /// The release that the commit is said to be of.
    pub version: Version,
}

/// The versions that a ring may be on, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Of the action.
    pub actions: BTreeSet<Version>,
    /// Of the image.
    pub images: BTreeSet<Version>,
}

impl Release {
    /// The pair of `action` and `image`; refuses an image without a digest, or whose tag is no
    /// version.
    pub fn new(action: ActionPin, image: ImageReference) -> Result<Self, ValueError> {
        let version = version_of(&image)?;
        Ok(Self {
            action,
            image,
            version,
        })
    }

    /// The image, with tag and digest.
    pub fn image(&self) -> &ImageReference {
        &self.image
    }

    /// The image's version, which stands for the release.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Reads the pair of `action` and `image`; what is missing is reported `at` the place of both.
    pub(super) fn check(
        action: &Field<String>,
        image: &Field<String>,
        at: &Range<usize>,
        text: &str,
        checker: &mut Checker,
    ) -> Option<Self> {
        for (key, field, mend) in [
            (
                "action",
                action,
                "add `action: OWNER/NAME@<40 hexadecimal digits> # v1.4.0`",
            ),
            ("image", image, "add `image: registry/path:1.4.2@sha256:…`"),
        ] {
            if field.get().is_none() {
                checker.missing(at, key, mend);
            }
        }
        let action = action
            .get()
            .and_then(|it| ActionPin::check(it, text, checker));
        let (image, version) = checker.field(image, whole_image)?;
        Some(Self {
            action: action?,
            image,
            version,
        })
    }
}

impl ActionPin {
    fn check(written: &Located<String>, text: &str, checker: &mut Checker) -> Option<Self> {
        let (repository, commit) = checker.value(written, pin)?;
        let Some(version) = version_behind(text, written.at.end) else {
            checker.report(Diagnostic::of_value(&written.at, &no_version()));
            return None;
        };
        Some(Self {
            repository,
            commit,
            version,
        })
    }
}

impl FromStr for ActionPin {
    type Err = ValueError;

    /// Reads it as fleet.yaml has it: `OWNER/NAME@<40 hex> # v1.4.0`.
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let written = text.split_once(char::is_whitespace);
        let (written, _) = written.unwrap_or((text, ""));
        let (repository, commit) = pin(written)?;
        let version = version_behind(text, written.len()).ok_or_else(no_version)?;
        Ok(Self {
            repository,
            commit,
            version,
        })
    }
}

impl fmt::Display for ActionPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            repository,
            commit,
            version,
        } = self;
        write!(f, "{repository}@{commit} # v{version}")
    }
}

impl Fleet {
    /// Every release that the file knows: the one to reach, then those that are approved.
    pub fn releases(&self) -> impl Iterator<Item = &Release> {
        [&self.release].into_iter().chain(&self.approved)
    }

    /// The releases whose action and image do not go together, and why.
    pub fn skews(&self) -> impl Iterator<Item = (&Release, Skew)> {
        self.releases().filter_map(|release| {
            let versions = (&release.action.version, &release.version);
            let skew = skew::action_and_image(versions.0, versions.1).err()?;
            Some((release, skew))
        })
    }

    /// The versions that `ring` may be on: those of every known release up to the ring's own,
    /// without those that are denied.
    ///
    /// An action is denied with its image, unless another release that is not denied has it too.
    pub fn allowed(&self, ring: &Ring) -> Allowed {
        let good = self.releases().filter(|release| {
            release.version <= ring.release.version && self.denial(release).is_none()
        });
        let mut allowed = Allowed::default();
        for release in good {
            allowed.images.insert(release.version.clone());
            allowed.actions.insert(release.action.version.clone());
        }
        allowed
    }

    /// The entry that denies `release`, by its image.
    pub fn denial(&self, release: &Release) -> Option<&Denied> {
        self.deny.find(&release.image, release.image.digest())
    }

    /// The release whose image has the tag `tag`, with or without a leading `v`.
    pub fn release_of(&self, tag: &str) -> Option<&Release> {
        let version = skew::of_tag(tag)?;
        self.releases().find(|release| release.version == version)
    }

    /// The version of the image that `entry` denies, where that is known.
    pub fn denied_version(&self, entry: &Denied) -> Option<Version> {
        match &entry.subject {
            DeniedSubject::Version(version) => skew::of_tag(version.tag()),
            DeniedSubject::Digest(digest) => {
                let mut releases = self.releases();
                let denied = releases.find(|it| it.image.digest() == Some(digest));
                denied.map(|release| release.version.clone())
            }
        }
    }

    /// Whether every known release with this version of the action is denied.
    pub fn denies_action(&self, version: &Version) -> bool {
        let mut with = self
            .releases()
            .filter(|release| release.action.version == *version);
        with.all(|release| self.denial(release).is_some())
    }
}

fn no_version() -> ValueError {
    ValueError::new("nothing says which version of the action it is")
        .mend("write it as a comment behind the commit: `# v1.4.0`")
}

/// The version in the comment of the line that goes on at `end`.
fn version_behind(text: &str, end: usize) -> Option<Version> {
    let rest = text.get(end..)?.lines().next()?;
    // The value may stand in quotes.
    let rest = rest.trim_start_matches(['"', '\'']);
    let comment = rest.trim_start().strip_prefix('#')?.trim_start();
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    skew::of_tag(comment.split(|c| !is_part(c)).next()?)
}

fn pin(text: &str) -> Result<(String, String), ValueError> {
    let refuse = |problem: &str| {
        Err(ValueError::new(format!("`{}` {problem}", excerpt(text)))
            .mend("write `OWNER/NAME@<40 hexadecimal digits>`: a tag could be moved"))
    };
    let Some((name, commit)) = text.split_once('@') else {
        return refuse("names no commit");
    };
    if name.split('/').count() < 2 || !name.split('/').all(is_path_part) {
        return refuse("is not an action");
    }
    let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if commit.len() != 40 || !commit.bytes().all(is_hex) {
        return refuse("names no whole commit");
    }
    Ok((name.to_owned(), commit.to_owned()))
}

/// An image with a version and a digest.
fn whole_image(text: &str) -> Result<(ImageReference, Version), ValueError> {
    let image = image(text)?;
    let version = version_of(&image)?;
    Ok((image, version))
}

/// The version of an image that has a digest too.
fn version_of(image: &ImageReference) -> Result<Version, ValueError> {
    let refuse = |problem: &str| {
        ValueError::new(problem)
            .mend("write `registry/path:1.4.2@sha256:…`; `fullsend pin` adds the digest")
    };
    if image.digest().is_none() {
        return Err(refuse("the image has no digest"));
    }
    let tag = image.tag().ok_or_else(|| refuse("the image has no tag"))?;
    skew::of_tag(tag).ok_or_else(|| refuse(&format!("the tag `{}` is not a version", excerpt(tag))))
}
