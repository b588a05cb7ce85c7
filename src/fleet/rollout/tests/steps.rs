//! What is next in a rollout.

use std::collections::BTreeMap;

use super::*;
use crate::{
    config::{Fleet, parse_fleet},
    fleet::{Refusal, RefusalKind, testing::commit},
    forge::{Checks, Mergeable, Request, RequestState},
};

/// fleet.yaml at 1.`minor`.0, with 1.4.0 approved.
fn fleet(minor: u64, rings: &str) -> Fleet {
    let (new, old) = (release(minor), release(4));
    let approved = if minor == 4 {
        String::new()
    } else {
        format!(
            "approved:\n  - action: {}\n    image: {}\n",
            old.action,
            old.image()
        )
    };
    let text = format!(
        "version: 1\nforge: {{kind: github, owner: acme}}\naction: {}\nimage: {}\n{approved}rings: {rings}\n",
        new.action,
        new.image()
    );
    parse_fleet(text.as_bytes(), "fleet.yaml").unwrap()
}

fn request(number: u64) -> Request {
    Request {
        id: number.to_string(),
        number,
        url: format!("https://x.y/{number}"),
        title: "t".to_owned(),
        branch: "b".to_owned(),
        head: Some(commit('7')),
        state: RequestState::Open,
        author: "us".to_owned(),
        is_draft: false,
        checks: Checks::None,
        mergeable: Mergeable::Clean,
        is_on_its_way: false,
    }
}

/// The step of a rollout whose first wave has the repositories `stands`.
fn step(fleet: &Fleet, stands: &[(&str, Stands)], change: impl FnOnce(&mut Rollout)) -> Step {
    let mut rollout = rollout();
    rollout.waves[0].started_at = Some(now());
    let entries = stands.iter().map(|(name, _)| Entry::new(name));
    rollout.waves[0].repositories = entries.collect();
    change(&mut rollout);
    let members = stands.iter();
    let members = members.map(|(name, stands)| ((*name).to_owned(), stands.clone()));
    let facts = Facts {
        fleet,
        fleet_waits: None,
        members: &members.collect(),
        unwanted: &[],
        waiting: &BTreeMap::new(),
        runs: None,
        also: &BTreeMap::new(),
        smoke: false,
        now: now(),
    };
    next_step(&observed(&rollout, &facts), &facts)
}

const BEFORE: &str = "{a: {percent: 5}, b: {}}";
const BEGUN: &str = "{a: {percent: 5}, b: {version: 1.4.0}}";

fn refused(kind: RefusalKind) -> Stands {
    Stands::Refused(Refusal::new(kind, "so it is"))
}

#[test]
fn fleet_yaml_comes_first() {
    let ready = [("x", Stands::Ready { committed: false })];
    let reach = Step::Configure(Desire::Reach {
        staying: vec!["b".to_owned()],
    });
    assert_eq!(step(&fleet(4, BEFORE), &ready, |_| {}), reach);
    let behind = "{a: {percent: 5, version: 1.4.0}, b: {version: 1.4.0}}";
    let advance = Step::Configure(Desire::Advance {
        rings: vec!["a".to_owned()],
    });
    assert_eq!(step(&fleet(5, behind), &ready, |_| {}), advance);
    let propose = Step::Propose(vec!["x".to_owned()]);
    assert_eq!(step(&fleet(5, BEGUN), &ready, |_| {}), propose);
    // A part of a ring does not take the ring along.
    let part = |rollout: &mut Rollout| rollout.waves[0].share = 25;
    assert_eq!(step(&fleet(5, behind), &ready, part), propose);
    let Step::Stop { reason, is_bad } = step(&fleet(6, BEGUN), &ready, |_| {}) else {
        panic!();
    };
    assert_eq!(reason, "fleet.yaml was set to 1.6.0 by somebody meanwhile");
    assert!(!is_bad);
}

#[test]
fn requests_are_made_merged_and_waited_for() {
    let fleet = fleet(5, BEGUN);
    let open = Stands::Open(request(1));
    let merge = Step::Merge(vec![("x".to_owned(), request(1))]);
    assert_eq!(step(&fleet, &[("x", open.clone())], |_| {}), merge);
    // Whoever is on its way is left alone, and Renovate's are never merged by us.
    let on_its_way = Request {
        is_on_its_way: true,
        ..request(1)
    };
    for (stands, wanted) in [
        (Stands::Open(on_its_way), "1 request has to be merged: x"),
        (
            Stands::Theirs(request(2)),
            "1 request has to be merged: x (it is Renovate's)",
        ),
        (
            Stands::Failed("it is slow".to_owned()),
            "1 repository is not ready: x (it is slow)",
        ),
    ] {
        let Step::Wait { what, .. } = step(&fleet, &[("x", stands)], |_| {}) else {
            panic!("{wanted}");
        };
        assert_eq!(what, wanted);
    }
    // By Renovate, nothing is made.
    let ready = [("x", Stands::Ready { committed: false })];
    let renovate = |rollout: &mut Rollout| rollout.via = Via::Renovate;
    assert!(matches!(
        step(&fleet, &ready, renovate),
        Step::Wait { until: Some(_), .. }
    ));
}

#[test]
fn a_wave_that_cannot_move_proves_nothing() {
    let fleet = fleet(5, BEGUN);
    for kind in [RefusalKind::Held, RefusalKind::Blocked] {
        let stopped = step(&fleet, &[("x", refused(kind))], |_| {});
        assert!(
            matches!(stopped, Step::Stop { is_bad: false, .. }),
            "{stopped:?}"
        );
    }
    assert_eq!(step(&fleet, &[], |_| {}), Step::EndWave(0, None));
    let last = |rollout: &mut Rollout| rollout.waves.truncate(1);
    let held = [("x", refused(RefusalKind::Held))];
    assert_eq!(step(&fleet, &held, last), Step::EndWave(0, None));
}

#[test]
fn a_repository_that_was_taken_back_by_hand_is_left() {
    let fleet = fleet(5, BEGUN);
    let ready = [
        ("x", Stands::Ready { committed: false }),
        ("y", Stands::There(commit('5'))),
    ];
    let was_there = |rollout: &mut Rollout| {
        rollout.waves[0].repositories[0].state = EntryState::Merged;
    };
    assert_eq!(step(&fleet, &ready, was_there), Step::ReadRuns(0));
}
