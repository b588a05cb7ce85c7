//! From what a repository names to a release of a fleet: decided from fleet.yaml alone.

use std::path::Path;

use url::Url;

use super::{
    actions_lock::Locked,
    decide::OWN_HOST,
    decision::{Decision, Pin},
    governed::standing,
    plan::Site,
};
use crate::{
    config::{FLEET_FILE, Fleet, FleetForge, Release},
    model::{commit::CommitId, pinning::Status, skew},
    reference::{ImageName, Reference, Target},
    seam::http::authority,
};

/// What becomes of `sites` to have our action, our image and our components at `release`.
///
/// What is ours is what any release of `fleet` names. Everything else is left alone, fleet.yaml
/// itself too, and so is what
/// `release` has no pin for: a component at a commit, an entry of GitHub's lock of actions that
/// moves only with others. Nobody is asked.
pub fn to_release(sites: &[Site<'_>], fleet: &Fleet, release: &Release) -> Vec<Decision> {
    let target = Goal { fleet, release };
    sites.iter().map(|site| target.decide(*site)).collect()
}

/// A release, and the fleet that knows what is ours.
struct Goal<'a> {
    fleet: &'a Fleet,
    release: &'a Release,
}

impl Goal<'_> {
    fn decide(&self, site: Site<'_>) -> Decision {
        if site.reference.file == Path::new(FLEET_FILE) {
            return Decision::new(Status::Ignored).because("it says what the releases are");
        }
        match &site.reference.target {
            Target::Action {
                repository,
                reference,
                ..
            } if self.is_action(repository) => self.action(site, repository, reference),
            Target::Image(image) if self.is_image(image) => self.image(image),
            Target::Component {
                host,
                project,
                reference,
                ..
            } if self.is_source(Some(host), project) => self.component(reference),
            Target::Project {
                project,
                reference: Some(reference),
            } if self.is_source(None, project) => self.component(reference),
            _ => Decision::new(Status::Ignored).because("no part of a release"),
        }
    }

    fn is_action(&self, repository: &str) -> bool {
        let mut releases = self.fleet.releases().chain([self.release]);
        releases.any(|it| it.action.repository.eq_ignore_ascii_case(repository))
    }

    fn is_image(&self, image: &ImageName) -> bool {
        let mut releases = self.fleet.releases().chain([self.release]);
        releases.any(|it| *it.image().repository() == image.repository)
    }

    /// Whether `project` of `host`, or of the pipeline's own GitLab, is where our components are.
    fn is_source(&self, host: Option<&str>, project: &str) -> bool {
        let FleetForge::GitLab {
            url,
            component_source: Some(source),
            ..
        } = &self.fleet.forge
        else {
            return false;
        };
        let own = url.parse::<Url>().map(|url| authority(&url));
        let is_own = |host: &str| OWN_HOST.contains(&host) || own.is_ok_and(|own| own == host);
        host.is_none_or(is_own) && source.eq_ignore_ascii_case(project)
    }

    fn action(&self, site: Site<'_>, repository: &str, reference: &str) -> Decision {
        let action = &self.release.action;
        let version = format!("v{}", action.version);
        if !action.repository.eq_ignore_ascii_case(repository) {
            return unlike(&action.repository);
        }
        let Ok(commit) = action.commit.parse::<CommitId>() else {
            return Decision::new(Status::Unknown).because("fleet.yaml names no commit of it");
        };
        let is_there = |reference: &Reference| {
            let told = reference.version().and_then(skew::of_tag);
            told.as_ref() == Some(&action.version)
        };
        match site.locked {
            None if reference == action.commit && is_there(site.reference) => there(),
            None => self.towards(Pin::Commit {
                commit,
                version: Some(version),
            }),
            Some(Locked::At { commit: own, .. }) if *own == commit => there(),
            Some(Locked::At { fixed: None, .. } | Locked::Behind { fixed: None, .. }) => {
                let is_commit = reference.parse::<CommitId>().is_ok();
                self.towards(Pin::Locked {
                    reference: if is_commit {
                        action.commit.clone()
                    } else {
                        version.clone()
                    },
                    version,
                    commit,
                })
            }
            Some(
                Locked::At {
                    fixed: Some(why), ..
                }
                | Locked::Behind {
                    fixed: Some(why), ..
                },
            ) => Decision::new(Status::Unknown)
                .because(format!("{why}: run `gh actions-lock` after it")),
            Some(locked) => standing(locked),
        }
    }

    fn image(&self, image: &ImageName) -> Decision {
        let to = self.release.image();
        let (Some(tag), Some(digest)) = (to.tag(), to.digest()) else {
            return Decision::new(Status::Unknown).because("fleet.yaml names no digest of it");
        };
        if *to.repository() != image.repository {
            return unlike(&to.repository().to_string());
        }
        if image.tag.as_deref() == Some(tag) && image.digest.as_ref() == Some(digest) {
            return there();
        }
        self.towards(Pin::Image {
            tag: tag.to_owned(),
            digest: digest.clone(),
        })
    }

    /// A component, which is released under the action's versions.
    fn component(&self, reference: &str) -> Decision {
        let version = &self.release.action.version;
        if reference.parse::<CommitId>().is_ok() {
            return Decision::new(Status::Unknown).because(format!(
                "it is at a commit, and fleet.yaml does not tell that of {version}"
            ));
        }
        if skew::of_tag(reference).as_ref() == Some(version) {
            return there();
        }
        let has_letter = reference.strip_prefix('v').is_some_and(|rest| {
            let mut digits = rest.bytes();
            digits.next().is_some_and(|byte| byte.is_ascii_digit())
        });
        let letter = if has_letter { "v" } else { "" };
        self.towards(Pin::Tag(format!("{letter}{version}")))
    }

    fn towards(&self, pin: Pin) -> Decision {
        let release = self.release.version();
        Decision::new(Status::Stale)
            .to(pin)
            .because(format!("the fleet goes to {release}"))
    }
}

fn there() -> Decision {
    Decision::new(Status::Pinned)
}

/// The release has it under another name, which no pin can change.
fn unlike(name: &str) -> Decision {
    Decision::new(Status::Unknown).because(format!("the release has {name} in its place"))
}

#[cfg(test)]
mod tests;
