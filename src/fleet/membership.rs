//! Which repositories belong to the fleet, and in which ring each is. Pure.
//!
//! `select` of fleet.yaml decides who belongs to the fleet at all, also about a repository that a
//! ring names. Of those, these are left out:
//!
//! - the configuration repository, which moves the others and is moved by nobody;
//! - what nothing can be written to: archived, disabled, a mirror, or without a commit;
//! - a fork, unless a ring names it: most are somebody's copy for a request to another project.
//!
//! A ring of names has those, whatever their letters' case: forges do not tell it apart. A ring of
//! a share has the repositories whose place in a hundred is in its part; the place is a hash of the
//! forge's own name for the repository, so that it stays when others come and go, and when the
//! repository is renamed.

use std::collections::{HashMap, HashSet};

use crate::{
    config::{Fleet, Members, Ring, Selection, Visibility},
    forge::{Repository, Seen},
    model::digest::Digest,
};

/// The fleet's repositories, ring by ring.
#[derive(Debug)]
pub struct Membership<'a> {
    /// In the order of rings, and of names within one.
    pub members: Vec<Member<'a>>,
    /// Those that are selected, or that a ring names, and are not in it all the same; in the order
    /// of names.
    pub left_out: Vec<LeftOut<'a>>,
    /// Names in a ring that no repository has, as fleet.yaml writes them.
    pub unknown: Vec<&'a str>,
}

/// A repository of the fleet.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// What is known of it.
    pub seen: &'a Seen,
    /// Its ring.
    pub ring: &'a Ring,
}

/// A repository that is not in the fleet.
#[derive(Clone, Copy, Debug)]
pub struct LeftOut<'a> {
    /// What is known of it.
    pub seen: &'a Seen,
    /// Why, as a fragment: "it is archived".
    pub reason: &'static str,
}

/// Sorts `seen` into the rings of `fleet`.
///
/// `configuration` is the full name of the repository that holds fleet.yaml, where that is on the
/// same forge. What is seen twice, as a listing that changes while it is read may have it, counts
/// once.
pub fn membership<'a>(
    fleet: &'a Fleet,
    seen: &'a [Seen],
    configuration: Option<&str>,
) -> Membership<'a> {
    let mut named = named(fleet);
    let shares = Shares::of(fleet);
    let mut ids = HashSet::new();
    let mut members = Vec::new();
    let mut left_out = Vec::new();
    for seen in seen {
        if !ids.insert(seen.repository.id.as_str()) {
            continue;
        }
        let named = named.get_mut(&key(&seen.repository.name)).map(|it| {
            it.is_there = true;
            it.ring
        });
        let is_selected = why_not_selected(&fleet.select, &seen.repository);
        let reason = match (is_selected, named) {
            (Some(_), None) => continue,
            (Some(reason), Some(_)) => Some(reason),
            (None, _) => why_not(seen, named.is_some(), configuration),
        };
        match (reason, named.or_else(|| shares.ring(&seen.repository.id))) {
            (Some(reason), _) => left_out.push(LeftOut { seen, reason }),
            (None, Some(ring)) => members.push((ring, seen)),
            (None, None) => {}
        }
    }
    members.sort_by_cached_key(|(ring, seen)| (*ring, key(&seen.repository.name)));
    left_out.sort_by_cached_key(|it| key(&it.seen.repository.name));
    Membership {
        members: members
            .into_iter()
            .map(|(ring, seen)| Member {
                seen,
                ring: &fleet.rings[ring],
            })
            .collect(),
        left_out,
        unknown: unknown(fleet, &named),
    }
}

/// A name as forges compare it.
fn key(name: &str) -> String {
    name.to_lowercase()
}

/// A repository that a ring names.
struct Named {
    /// The ring's index.
    ring: usize,
    /// The forge has it.
    is_there: bool,
}

/// The rings of names, by the [`key`] of each.
fn named(fleet: &Fleet) -> HashMap<String, Named> {
    let mut named = HashMap::new();
    for (ring, it) in fleet.rings.iter().enumerate() {
        if let Members::Named(names) = &it.members {
            for name in names {
                let is_there = false;
                named.entry(key(name)).or_insert(Named { ring, is_there });
            }
        }
    }
    named
}

/// The names that no repository has, in the order of fleet.yaml.
fn unknown<'a>(fleet: &'a Fleet, named: &HashMap<String, Named>) -> Vec<&'a str> {
    let rings = fleet.rings.iter();
    let names = rings.filter_map(|ring| match &ring.members {
        Members::Named(names) => Some(names),
        Members::Percent(_) | Members::Rest => None,
    });
    let names = names.flatten().map(String::as_str);
    names
        .filter(|name| named.get(&key(name)).is_some_and(|it| !it.is_there))
        .collect()
}

/// The rings that have no names.
struct Shares {
    /// Those of a share: where its part of a hundred ends, and the ring's index.
    ends: Vec<(u32, usize)>,
    /// The one that takes the rest.
    rest: Option<usize>,
}

impl Shares {
    fn of(fleet: &Fleet) -> Self {
        let mut shares = Self {
            ends: Vec::new(),
            rest: None,
        };
        let mut end = 0;
        for (ring, it) in fleet.rings.iter().enumerate() {
            match it.members {
                Members::Named(_) => {}
                Members::Percent(percent) => {
                    end += percent;
                    shares.ends.push((end, ring));
                }
                Members::Rest => shares.rest = Some(ring),
            }
        }
        shares
    }

    fn ring(&self, id: &str) -> Option<usize> {
        let place = place(id);
        let share = self.ends.iter().find(|(end, _)| place < *end);
        share.map(|(_, ring)| *ring).or(self.rest)
    }
}

/// The place of a repository, 0 to 99.
///
/// It must never change: a repository would move to another ring, and with it to another release.
fn place(id: &str) -> u32 {
    let [first, second, third, fourth, ..] = Digest::of(id.as_bytes()).sha256();
    let hash = u32::from_be_bytes([first, second, third, fourth]);
    // The top of a product, since the remainder of a division would prefer the first places.
    let place = (u64::from(hash) * 100) >> 32;
    u32::try_from(place).unwrap_or(99)
}

/// Why `select` does not take a repository.
fn why_not_selected(select: &Selection, repository: &Repository) -> Option<&'static str> {
    let has = |topic: &String| {
        let mut topics = repository.topics.iter();
        topics.any(|it| it.eq_ignore_ascii_case(topic))
    };
    if !select.takes_name(&repository.name) {
        Some("`select` of fleet.yaml does not take its name")
    } else if !select.topics.is_empty() && !select.topics.iter().any(has) {
        Some("it has none of the topics that fleet.yaml selects")
    } else if select.visibility != Visibility::Any && select.visibility != repository.visibility {
        Some("its visibility is not the one that fleet.yaml selects")
    } else {
        None
    }
}

/// Why a selected repository is left out.
fn why_not(seen: &Seen, is_named: bool, configuration: Option<&str>) -> Option<&'static str> {
    let it = &seen.repository;
    if configuration.is_some_and(|name| key(name) == key(&it.full_name)) {
        Some("it holds the fleet's configuration")
    } else if it.is_archived {
        Some("it is archived")
    } else if it.is_disabled {
        Some("it is disabled")
    } else if it.is_mirror {
        Some("it is a mirror")
    } else if seen.head.is_none() || it.default_branch.is_none() {
        Some("it is empty")
    } else if it.is_fork && !is_named {
        Some("it is a fork; a ring that names it takes it in")
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
