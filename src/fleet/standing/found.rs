//! Which action and image a repository names, and how they stand to its ring's release.

use std::path::Path;

use semver::Version;

use super::{Finding, own::is_component};
use crate::{
    config::{Config, Fleet, FleetForge, Release, Ring},
    model::{
        commit::CommitId,
        image::ImageReference,
        skew::{self, action_and_image},
        text::with_hint,
    },
    reference::{self, ImageName, Reference, Target},
    report::fleet::State,
};

/// The action and the image that a repository names; of several, the one that stands worst.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// With its version as a comment.
    pub(super) action: Option<String>,
    /// Without its digest.
    pub(super) image: Option<String>,
    pub(super) digest: Option<String>,
    action_version: Option<Version>,
    image_version: Option<Version>,
}

impl Found {
    pub(super) fn image_version(&self) -> Option<Version> {
        self.image_version.clone()
    }

    /// What of it does not go together.
    pub(super) fn skew(&self) -> Option<String> {
        let versions = self
            .action_version
            .as_ref()
            .zip(self.image_version.as_ref());
        let skew = versions.and_then(|(action, image)| action_and_image(action, image).err());
        skew.map(|skew| with_hint(&skew, Some(skew.hint())))
    }
}

/// What `files` name of ours, and what is to be said of it.
pub(super) fn found(
    files: &[(&str, &str)],
    config: &Config,
    fleet: &Fleet,
    ring: &Ring,
) -> (Found, Finding) {
    let references = files.iter().flat_map(|(path, text)| {
        // What cannot be read is told elsewhere.
        reference::references(Path::new(path), text.as_bytes()).unwrap_or_default()
    });
    let references: Vec<Reference> = references.collect();
    let mut found = Found::default();
    let action = action(&references, fleet, ring, &mut found);
    let image = image(&references, config, fleet, ring, &mut found);
    let none = Finding::fine;
    let worst = action
        .unwrap_or_else(none)
        .worse(image.unwrap_or_else(none));
    (found, worst)
}

fn action(
    references: &[Reference],
    fleet: &Fleet,
    ring: &Ring,
    found: &mut Found,
) -> Option<Finding> {
    let source = match &fleet.forge {
        FleetForge::GitHub { .. } => None,
        FleetForge::GitLab {
            component_source, ..
        } => component_source.as_deref(),
    };
    let mut worst: Option<(Finding, &Reference, Option<Version>)> = None;
    for reference in references {
        let (finding, version) = match &reference.target {
            Target::Action {
                repository,
                reference: at,
                ..
            } if is_ours(repository, fleet) => of_action(at, reference.version(), fleet, ring),
            Target::Component { reference: at, .. } if is_component(reference, source) => {
                of_component(at, fleet, ring)
            }
            _ => continue,
        };
        let is_worse = |it: &(Finding, _, _)| finding.rank() > it.0.rank();
        if worst.as_ref().is_none_or(is_worse) {
            worst = Some((finding, reference, version));
        }
    }
    let (finding, reference, version) = worst?;
    let told = reference.version().map(|version| format!(" # {version}"));
    found.action = Some(format!("{}{}", reference.written, told.unwrap_or_default()));
    found.action_version = version;
    Some(finding)
}

fn is_ours(repository: &str, fleet: &Fleet) -> bool {
    let mut releases = fleet.releases();
    releases.any(|it| it.action.repository.eq_ignore_ascii_case(repository))
}

fn of_action(
    at: &str,
    told: Option<&str>,
    fleet: &Fleet,
    ring: &Ring,
) -> (Finding, Option<Version>) {
    let mut releases = fleet.releases();
    let known = releases.find(|it| it.action.commit == at);
    let known = known.map(|it| it.action.version.clone());
    let version = known.or_else(|| skew::of_tag(told.unwrap_or(at)));
    let wanted = &ring.release.action;
    let finding = if wanted.commit == at {
        Finding::fine()
    } else if at.parse::<CommitId>().is_err() {
        Finding::new(
            State::Outdated,
            format!("its action is at `{at}`, which can be moved"),
        )
    } else {
        match &version {
            Some(version) if *version == wanted.version => Finding::new(
                State::Edited,
                format!("its action says v{version}, and is at another commit than fleet.yaml's"),
            ),
            Some(version) => of_version("action", version, &wanted.version, fleet, action_of),
            None => Finding::new(
                State::PinsMoved,
                "its action is at a commit of which nothing tells the version",
            ),
        }
    };
    (finding, version)
}

fn of_component(at: &str, fleet: &Fleet, ring: &Ring) -> (Finding, Option<Version>) {
    let wanted = &ring.release.action.version;
    let Some(version) = skew::of_tag(at) else {
        let finding = match at.parse::<CommitId>() {
            Ok(_) => Finding::new(
                State::PinsMoved,
                "its component is at a commit, of which fleet.yaml does not tell the version",
            ),
            Err(_) => Finding::new(
                State::Outdated,
                format!("its component is at `{at}`, which can be moved"),
            ),
        };
        return (finding, None);
    };
    let finding = of_version("component", &version, wanted, fleet, action_of);
    (finding, Some(version))
}

fn action_of(release: &Release) -> &Version {
    &release.action.version
}

/// What is to be said of `version` where `wanted` is the ring's.
fn of_version(
    what: &str,
    version: &Version,
    wanted: &Version,
    fleet: &Fleet,
    of: fn(&Release) -> &Version,
) -> Finding {
    let mut known = fleet.releases().filter(|it| of(it) == version).peekable();
    let is_known = known.peek().is_some();
    if is_known && known.all(|it| fleet.denial(it).is_some()) {
        let reason = format!("its {what} is {version}, which is denied");
        return Finding {
            is_denied: true,
            ..Finding::new(State::Outdated, reason)
        };
    }
    if version == wanted {
        return Finding::fine();
    }
    let reason = format!("its {what} is {version}, and its ring is on {wanted}");
    if version < wanted || is_known {
        return Finding::new(State::Outdated, reason);
    }
    Finding::new(
        State::PinsMoved,
        format!("its {what} is {version}, which fleet.yaml does not know"),
    )
}

fn image(
    references: &[Reference],
    config: &Config,
    fleet: &Fleet,
    ring: &Ring,
    found: &mut Found,
) -> Option<Finding> {
    let wanted = ring.release.image();
    let named = references.iter().filter_map(|it| match &it.target {
        Target::Image(name) if name.repository == *wanted.repository() => Some(name),
        _ => None,
    });
    let judged = named.map(|name| (of_image(name, fleet, ring), name));
    let worst = judged.reduce(|worst, other| {
        if other.0.rank() > worst.0.rank() {
            other
        } else {
            worst
        }
    });
    let Some((finding, name)) = worst else {
        found.of_image(config.image.as_ref()?);
        return None;
    };
    found.of_image(&name.reference().ok()?);
    Some(finding)
}

impl Found {
    fn of_image(&mut self, image: &ImageReference) {
        let tag = image.tag().map(|tag| format!(":{tag}"));
        self.image = Some(format!("{}{}", image.repository(), tag.unwrap_or_default()));
        self.digest = image.digest().map(|digest| digest.as_str().to_owned());
        self.image_version = image.tag().and_then(skew::of_tag);
    }
}

fn of_image(name: &ImageName, fleet: &Fleet, ring: &Ring) -> Finding {
    let wanted = ring.release.image();
    let image = name.reference().ok();
    let denied = image.and_then(|it| fleet.deny.find(&it, name.digest.as_ref()));
    let tag = name.tag.as_deref().unwrap_or("latest");
    if let Some(denied) = denied {
        let reason = format!("its image is {tag}, which is denied: {}", denied.reason);
        return Finding {
            is_denied: true,
            ..Finding::new(State::Outdated, reason)
        };
    }
    let Some(digest) = &name.digest else {
        let reason = format!("its image is {tag} without a digest, and so can be replaced");
        return Finding::new(State::Outdated, reason);
    };
    let Some(version) = skew::of_tag(tag) else {
        let reason = format!("its image is {tag}, which is no version");
        return Finding::new(State::Outdated, reason);
    };
    let mut releases = fleet.releases();
    let known = releases.find(|it| *it.version() == version);
    if known.is_some_and(|it| it.image().digest() != Some(digest)) {
        let reason = format!("its image says {tag}, and has another digest than fleet.yaml's");
        return Finding::new(State::Edited, reason);
    }
    if wanted.digest() == Some(digest) {
        return Finding::fine();
    }
    of_version(
        "image",
        &version,
        ring.release.version(),
        fleet,
        Release::version,
    )
}
