//! The presets of a fleet: what each ring may be on, and the way back from what is denied.
//!
//! Renovate takes the last `allowedVersions` that matches a package and forgets the others, so a
//! ring has one for each, which names every version that is allowed and nothing else. The way back
//! uses other keys, so that the order of the two in `extends` does not matter.

use std::collections::BTreeSet;

use semver::Version;

use super::{NO_VERSION, names};
use crate::{
    config::{Denied, DeniedSubject, Fleet, FleetForge, Ring},
    generate::{Draft, GenerateError},
    model::skew,
    template::renovate::{Allow, Components, Deny, Ring as RingContext, Rollback},
};

/// What the headers of the presets call their kind: the words behind `fullsend generate`.
pub const FLEET: &str = "renovate --fleet";

/// The presets of `fleet`: `renovate/ring-<name>.json` for each ring, and `renovate/deny.json`.
///
/// Refuses a release whose action and image do not go together.
pub fn presets(fleet: &Fleet) -> Result<Vec<Draft>, GenerateError> {
    if let Some((_, skew)) = fleet.skews().next() {
        return Err(GenerateError::Config {
            message: skew.to_string(),
            hint: skew.hint(),
        });
    }
    let packages = Packages::of(fleet);
    let mut drafts = Vec::new();
    for ring in &fleet.rings {
        let path = format!("renovate/ring-{}.json", ring.name);
        drafts.push(Draft::new(path, &of_ring(fleet, ring, &packages))?);
    }
    drafts.push(Draft::new("renovate/deny.json", &deny(fleet, &packages))?);
    let named = drafts.into_iter();
    Ok(named.map(|draft| draft.of(FLEET, Vec::new())).collect())
}

/// A package under all of its names, and where its versions come from.
struct Package {
    what: &'static str,
    datasources: &'static [&'static str],
    versioning: &'static str,
    /// What the names are compared with: a component's is not the address that is asked.
    matcher: &'static str,
    names: Vec<String>,
}

struct Packages {
    image: Package,
    /// The action, and the components where there are any: released under the same versions.
    actions: Vec<Package>,
    components: Option<Components>,
}

impl Package {
    fn datasources(&self) -> Vec<String> {
        let datasources = self.datasources.iter();
        datasources.map(|it| (*it).to_owned()).collect()
    }
}

impl Packages {
    fn of(fleet: &Fleet) -> Self {
        let images: BTreeSet<String> = fleet
            .releases()
            .flat_map(|release| names(release.image().repository()))
            .collect();
        let actions: BTreeSet<String> = fleet
            .releases()
            .map(|release| release.action.repository.clone())
            .collect();
        let mut packages = vec![Package {
            what: "the action",
            datasources: &["github-tags"],
            versioning: "semver",
            matcher: "matchPackageNames",
            names: actions.into_iter().collect(),
        }];
        let components = components(&fleet.forge);
        packages.extend(components.as_ref().map(|components| Package {
            what: "the components",
            datasources: &["git-tags", "gitlab-tags"],
            versioning: "semver",
            matcher: "matchDepNames",
            names: vec![components.name.clone()],
        }));
        Self {
            image: Package {
                what: "the image",
                datasources: &["docker"],
                versioning: "docker",
                matcher: "matchPackageNames",
                names: images.into_iter().collect(),
            },
            actions: packages,
            components,
        }
    }
}

fn components(forge: &FleetForge) -> Option<Components> {
    let FleetForge::GitLab {
        url,
        component_source: Some(source),
        ..
    } = forge
    else {
        return None;
    };
    Some(Components {
        name: source.clone(),
        registry: url.clone(),
        git: format!("{url}/{source}.git"),
    })
}

fn of_ring(fleet: &Fleet, ring: &Ring, packages: &Packages) -> RingContext {
    let allowed = fleet.allowed(ring);
    let rule = |package: &Package, versions: &BTreeSet<Version>| Allow {
        about: format!("What is approved of {}.", package.what),
        datasources: package.datasources(),
        matcher: package.matcher,
        packages: package.names.clone(),
        allowed: pattern(versions),
    };
    let mut rules = vec![rule(&packages.image, &allowed.images)];
    let actions = packages.actions.iter();
    rules.extend(actions.map(|package| rule(package, &allowed.actions)));
    let release = ring.release.version();
    RingContext {
        about: format!(
            "Ring {}: versions up to {release}, action and image together. Another \
             `allowedVersions` for these packages would take the place of these.",
            ring.name
        ),
        rules,
        components: packages.components.clone(),
    }
}

/// Exactly these versions, with or without a leading `v`; of none, what no version is.
fn pattern(versions: &BTreeSet<Version>) -> String {
    let versions: Vec<String> = versions.iter().map(escaped).collect();
    if versions.is_empty() {
        return NO_VERSION.to_owned();
    }
    format!("/^v?({})$/", versions.join("|"))
}

/// A version as part of a pattern; a `-` means nothing there.
fn escaped(version: &Version) -> String {
    let text = version.to_string();
    text.replace('.', "\\.").replace('+', "\\+")
}

fn deny(fleet: &Fleet, packages: &Packages) -> Deny {
    let mut about = vec![
        "The way back from versions that are denied. Such a version is made to see one other \
         alone, which is offered as a rollback: Renovate's `replacementVersion` does nothing \
         where a file names a package twice."
            .to_owned(),
    ];
    let mut rules: Vec<Rollback> = Vec::new();
    for entry in fleet.deny.entries() {
        match rollbacks(fleet, entry, packages) {
            Ok((more, left)) => {
                about.extend(left);
                for rule in more {
                    let same = |it: &Rollback| {
                        it.current == rule.current && it.datasources == rule.datasources
                    };
                    if !rules.iter().any(same) {
                        rules.push(rule);
                    }
                }
            }
            Err(reason) => about.push(reason),
        }
    }
    Deny { about, rules }
}

/// The rules for one entry and what they leave where it is, or why there are none.
fn rollbacks(
    fleet: &Fleet,
    entry: &Denied,
    packages: &Packages,
) -> Result<(Vec<Rollback>, Option<String>), String> {
    let Some(denied) = fleet.denied_version(entry) else {
        return Err(match &entry.subject {
            DeniedSubject::Version(version) => {
                format!("{version} is denied, but is no version that Renovate compares.")
            }
            DeniedSubject::Digest(digest) => {
                format!("{digest} is denied, but of no release that fleet.yaml names.")
            }
        });
    };
    let image = fleet.release.image();
    let target = entry
        .replacement_of(image)
        .filter(|it| fleet.deny.find(it, it.digest()).is_none());
    let target = target.as_ref().and_then(|it| skew::of_tag(it.tag()?));
    let Some(target) = target else {
        return Err(format!(
            "{denied} is denied without a version to go back to: rings do not offer it."
        ));
    };
    if target > denied {
        return Err(format!(
            "{denied} is denied for the sake of {target}, which is newer: rings offer that."
        ));
    }
    let reason = &entry.reason;
    let stop = if reason.ends_with('.') { "" } else { "." };
    let rule = |package: &Package, from: &Version, to: &Version| Rollback {
        about: format!(
            "From {from} of {} back to {to}: {reason}{stop}",
            package.what
        ),
        datasources: package.datasources(),
        matcher: package.matcher,
        packages: package.names.clone(),
        current: format!("/^v?{}$/", escaped(from)),
        versioning: package.versioning,
        only: format!("^(?<version>v?{})$", escaped(to)),
    };
    let mut rules = vec![rule(&packages.image, &denied, &target)];
    let from = fleet.release_of(&denied.to_string());
    let to = fleet.release_of(&target.to_string());
    let (Some(from), Some(to)) = (from, to) else {
        let unnamed = if from.is_none() { &denied } else { &target };
        let left = format!(
            "{denied} is denied, and of it the image alone goes back to {target}: fleet.yaml does \
             not name the release {unnamed}, nor so its action, which stays where it is. Add the \
             release to `approved`."
        );
        return Ok((rules, Some(left)));
    };
    let (from, to) = (&from.action.version, &to.action.version);
    if to < from && fleet.denies_action(from) {
        let actions = packages.actions.iter();
        rules.extend(actions.map(|package| rule(package, from, to)));
    }
    Ok((rules, None))
}
