//! Rings of all kinds, at ten repositories and at ten thousand.

use std::{collections::BTreeMap, time::Instant};

use proptest::prelude::*;

use super::*;
use crate::fleet::testing::{fleet, seen};

const RINGS: &str = "rings: {canary: {repositories: [Sandbox-A, team/b]}, early: {percent: 5}, \
                     half: {percent: 45}, stable: {}}";

/// Repositories of these names.
fn all(names: &[&str]) -> Vec<Seen> {
    names.iter().map(|name| seen(name)).collect()
}

/// As many repositories, with the identifiers of a forge.
fn many(count: u32) -> Vec<Seen> {
    let one = |number: u32| {
        let mut it = seen(&format!("service-{number}"));
        it.repository.id = format!("R_kgDOA{number:05}");
        it
    };
    (0..count).map(one).collect()
}

/// Each member's ring.
fn rings<'a>(of: &Membership<'a>) -> BTreeMap<&'a str, &'a str> {
    let members = of.members.iter();
    let pair = |it: &Member<'a>| (it.seen.repository.id.as_str(), it.ring.name.as_str());
    members.map(pair).collect()
}

/// Each that is left out, with the reason.
fn left_out<'a>(of: &Membership<'a>) -> Vec<(&'a str, &'static str)> {
    let left_out = of.left_out.iter();
    left_out
        .map(|it| (it.seen.repository.name.as_str(), it.reason))
        .collect()
}

#[test]
fn named_ones_come_first_whatever_their_case_and_unknown_names_are_told() {
    let fleet = fleet("rings: {canary: {repositories: [B, Sandbox-A, gone]}, stable: {}}");
    let seen = all(&["z", "C", "b", "sandbox-a", "a"]);
    let membership = membership(&fleet, &seen, None);
    let order = membership.members.iter();
    let order: Vec<_> = order
        .map(|it| (it.ring.name.as_str(), it.seen.repository.name.as_str()))
        .collect();
    assert_eq!(
        order,
        [
            ("canary", "b"),
            ("canary", "sandbox-a"),
            ("stable", "a"),
            ("stable", "C"),
            ("stable", "z"),
        ]
    );
    assert_eq!(membership.unknown, ["gone"]);
    assert_eq!(left_out(&membership), []);
}

#[test]
fn what_cannot_be_a_member_is_left_out_with_the_reason() {
    let fleet = fleet(
        "rings: {canary: {repositories: [fork-named, old, off, skip-me]}, stable: {}}\n\
         select: {exclude: ['SKIP-*'], topics: [agents], visibility: private}",
    );
    let mut seen = all(&[
        "archived",
        "config",
        "empty",
        "fork",
        "fork-named",
        "mirror",
        "off",
        "old",
        "public",
        "skip-me",
        "skip-too",
        "without",
        "fine",
    ]);
    for it in &mut seen {
        let it_is = |name: &str| it.repository.name == name;
        let (is_archived, is_off) = (it_is("archived") || it_is("old"), it_is("off"));
        let is_fork = it_is("fork") || it_is("fork-named");
        let (is_mirror, is_empty, is_public) = (it_is("mirror"), it_is("empty"), it_is("public"));
        let topic = if it_is("without") { "other" } else { "Agents" };
        let repository = &mut it.repository;
        repository.is_archived = is_archived;
        repository.is_disabled = is_off;
        repository.is_fork = is_fork;
        repository.is_mirror = is_mirror;
        repository.topics = vec![topic.to_owned()];
        if is_public {
            repository.visibility = Visibility::Public;
        }
        if is_empty {
            it.head = None;
        }
    }
    let membership = membership(&fleet, &seen, Some("Acme/Config"));
    assert_eq!(
        left_out(&membership),
        [
            ("archived", "it is archived"),
            ("config", "it holds the fleet's configuration"),
            ("empty", "it is empty"),
            ("fork", "it is a fork; a ring that names it takes it in"),
            ("mirror", "it is a mirror"),
            ("off", "it is disabled"),
            ("old", "it is archived"),
            ("skip-me", "`select` of fleet.yaml does not take its name"),
        ]
    );
    let members = BTreeMap::from([("R_fine", "stable"), ("R_fork-named", "canary")]);
    assert_eq!(rings(&membership), members);
    assert!(membership.unknown.is_empty());
}

#[test]
fn topics_and_visibility_are_told_of_those_that_a_ring_names() {
    let fleet = fleet(
        "rings: {canary: {repositories: [a, b]}, stable: {}}\n\
         select: {topics: [agents], visibility: internal}",
    );
    let mut seen = all(&["a", "b"]);
    seen[0].repository.topics = vec!["agents".to_owned()];
    assert_eq!(
        left_out(&membership(&fleet, &seen, None)),
        [
            ("a", "its visibility is not the one that fleet.yaml selects"),
            ("b", "it has none of the topics that fleet.yaml selects"),
        ]
    );
}

#[test]
fn what_is_listed_twice_counts_once() {
    let fleet = fleet(RINGS);
    let mut seen = all(&["a", "b", "a"]);
    seen[2].repository.is_archived = true;
    let membership = membership(&fleet, &seen, None);
    assert_eq!(
        (membership.members.len(), membership.left_out.len()),
        (2, 0)
    );
}

#[test]
fn a_place_never_changes() {
    // Frozen: another value moves repositories to other rings everywhere.
    let ids = ["R_kgDOA00001", "R_kgDOA00002", "1", "278964", ""];
    assert_eq!(ids.map(place), [79, 73, 42, 65, 88]);
}

#[test]
fn ten_thousand_are_sorted_in_time_into_rings_of_the_right_size() {
    let (fleet, seen) = (fleet(RINGS), many(10_000));
    let start = Instant::now();
    let membership = membership(&fleet, &seen, None);
    let took = start.elapsed();
    let mut sizes = BTreeMap::new();
    for ring in rings(&membership).into_values() {
        *sizes.entry(ring).or_insert(0_u32) += 1;
    }
    for (ring, share) in [("early", 500), ("half", 4500), ("stable", 5000)] {
        let off = sizes[ring].abs_diff(share);
        // Four standard deviations of a fair draw at the most.
        assert!(off <= 200, "{ring}: {}", sizes[ring]);
    }
    // 50 ms without the checks of a debug build.
    assert!(took.as_millis() < 1000, "{took:?}");
}

proptest! {
    /// A repository that comes, goes or is renamed moves no other.
    #[test]
    fn others_never_move(
        count in 2_u32..60,
        gone in any::<prop::sample::Index>(),
        new in "[a-z]{1,12}",
    ) {
        let (fleet, mut seen) = (fleet(RINGS), many(count));
        let before = seen.clone();
        let before = rings(&membership(&fleet, &before, None))
            .into_iter()
            .map(|(id, ring)| (id.to_owned(), ring.to_owned()))
            .collect::<BTreeMap<_, _>>();
        let gone = seen.swap_remove(gone.index(seen.len()));
        seen[0].repository.name = format!("renamed-{new}");
        seen.push(all(&[&new]).remove(0));
        let membership = membership(&fleet, &seen, None);
        for (id, ring) in rings(&membership) {
            let same = before.get(id).is_none_or(|it| it == ring);
            prop_assert!(same, "{id} moved to {ring}");
        }
        prop_assert!(!rings(&membership).contains_key(gone.repository.id.as_str()));
        prop_assert_eq!(membership.members.len(), seen.len());
    }
}
