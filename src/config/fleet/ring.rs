//! Repositories that move together.

use std::collections::{BTreeMap, HashSet};

use super::{Fleet, Release, gates::number, raw};
use crate::{
    config::{
        agent::AgentName,
        checker::Checker,
        diagnostic::Diagnostic,
        forge::is_path_part,
        value::{ValueError, excerpt},
        yaml::{Field, Located},
    },
    model::skew,
};

/// More are refused.
pub(super) const MAX_RINGS: usize = 20;

/// Repositories that move together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ring {
    /// Its name, which is fit for a file's.
    pub name: String,
    /// Which repositories it has.
    pub members: Members,
    /// What it stands on: the release to reach, unless it stays behind.
    pub release: Release,
}

/// Which repositories a ring has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Members {
    /// These, below the owner or group.
    Named(Vec<String>),
    /// So many in a hundred of the selected repositories; the shares of several rings add up.
    Percent(u32),
    /// All that no other ring has.
    Rest,
}

/// A name that no ring has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the fleet has no ring {name}")]
pub struct UnknownRing {
    name: String,
    known: Vec<String>,
}

impl UnknownRing {
    /// The names that there are.
    pub fn hint(&self) -> String {
        format!("its rings are {}", self.known.join(", "))
    }
}

impl Fleet {
    /// The ring `name`; without a name the last, which takes whoever is in no other.
    pub fn ring(&self, name: Option<&str>) -> Result<&Ring, UnknownRing> {
        let found = match name {
            Some(name) => self.rings.iter().find(|ring| ring.name == name),
            None => self.rings.last(),
        };
        found.ok_or_else(|| UnknownRing {
            name: name.unwrap_or_default().to_owned(),
            known: self.rings.iter().map(|ring| ring.name.clone()).collect(),
        })
    }
}

type Written<'a> = (&'a Located<String>, &'a Located<raw::Ring>);

/// Reads the rings in the order in which they are written.
pub(super) fn check(
    written: &Field<BTreeMap<Located<String>, Located<raw::Ring>>>,
    release: Option<&Release>,
    approved: &[Release],
    checker: &mut Checker,
) -> Vec<Ring> {
    let Some(map) = written.get() else {
        return Vec::new();
    };
    let mut written: Vec<Written<'_>> = map.value.iter().collect();
    written.sort_by_key(|(name, _)| name.at.start);
    if written.is_empty() || written.len() > MAX_RINGS {
        let message = format!("a fleet has 1 to {MAX_RINGS} rings");
        checker.report(Diagnostic::about(&map.at, message).help("write for example `all: {}`"));
    }
    let members: Vec<_> = written
        .iter()
        .map(|(_, ring)| members(ring, checker))
        .collect();
    whole(&written, &members, checker);
    let mut rings = Vec::new();
    for ((name, ring), members) in written.into_iter().zip(members) {
        let name = checker.value(name, ring_name);
        let stands_on = checker.field(&ring.value.version, |text| {
            known(text, release, approved).cloned()
        });
        let release = match ring.value.version.get() {
            Some(_) => stands_on,
            None => release.cloned(),
        };
        if let (Some(name), Some(members), Some(release)) = (name, members, release) {
            rings.push(Ring {
                name,
                members,
                release,
            });
        }
    }
    rings
}

fn members(ring: &Located<raw::Ring>, checker: &mut Checker) -> Option<Members> {
    let raw = &ring.value;
    match (raw.repositories.get(), raw.percent.get()) {
        (Some(_), Some(_)) => {
            let message = "a ring has either `repositories` or a `percent`";
            checker.report(Diagnostic::about(&ring.at, message).help("make two rings of it"));
            None
        }
        (Some(list), None) => {
            if list.value.is_empty() {
                let message = "a ring without repositories never shows anything";
                let mend = "name a repository, or leave out the key for all that are left";
                checker.report(Diagnostic::about(&list.at, message).help(mend));
            }
            let names = list.value.iter();
            Some(Members::Named(
                names
                    .filter_map(|name| checker.value(name, repository))
                    .collect(),
            ))
        }
        (None, Some(_)) => {
            let percent = checker.field(&raw.percent, |text| number(text, 1, 99));
            percent.map(Members::Percent)
        }
        (None, None) => Some(Members::Rest),
    }
}

/// Reports what only all rings together show.
fn whole(written: &[Written<'_>], members: &[Option<Members>], checker: &mut Checker) {
    let mut percent = 0;
    let mut seen = HashSet::new();
    let last = written.len().saturating_sub(1);
    for (index, ((name, ring), members)) in written.iter().zip(members).enumerate() {
        match members {
            Some(Members::Rest) if index < last => {
                let message = "this ring takes all that are left, so that no other has any";
                let mend = "put it last, or give it `repositories` or a `percent`";
                checker.report(Diagnostic::about(&name.at, message).help(mend));
            }
            Some(Members::Named(_) | Members::Percent(_)) if index == last => {
                let message = "no ring takes the repositories that are left";
                let mend = "add a last ring without keys: `stable: {}`";
                checker.report(Diagnostic::about(&name.at, message).help(mend));
            }
            _ => {}
        }
        if let Some(Members::Percent(share)) = members {
            percent += share;
            if percent >= 100 {
                let message = "the shares leave nothing to the last ring";
                checker.report(Diagnostic::about(&ring.at, message).help("lower one of them"));
            }
        }
        let names = ring.value.repositories.get();
        for name in names.map_or(&[][..], |list| &list.value) {
            if !seen.insert(name.value.as_str()) {
                let message = format!("`{}` is in a ring already", excerpt(&name.value));
                checker.report(Diagnostic::about(&name.at, message).help("keep it in one"));
            }
        }
    }
}

/// The release with this version of the image.
fn known<'r>(
    text: &str,
    release: Option<&'r Release>,
    approved: &'r [Release],
) -> Result<&'r Release, ValueError> {
    let version = skew::of_tag(text).ok_or_else(|| {
        ValueError::new(format!("`{}` is not a version", excerpt(text)))
            .mend("write for example `1.4.2`")
    })?;
    let mut releases = release.into_iter().chain(approved);
    let found = releases.find(|release| *release.version() == version);
    found.ok_or_else(|| {
        let message = format!("no release of version {version} is known");
        ValueError::new(message).mend("add its action and image under `approved`")
    })
}

fn ring_name(text: &str) -> Result<String, ValueError> {
    let name = text.parse::<AgentName>();
    name.map(|name| name.as_str().to_owned()).map_err(|_| {
        ValueError::new(format!("`{}` cannot be the name of a ring", excerpt(text)))
            .mend("up to 63 lower-case letters, digits, `-` and `_`, a letter or digit first")
    })
}

fn repository(text: &str) -> Result<String, ValueError> {
    if text.split('/').all(is_path_part) {
        return Ok(text.to_owned());
    }
    let error = ValueError::new(format!("`{}` is not a repository", excerpt(text)));
    Err(error.mend("write its name below the owner or group"))
}
