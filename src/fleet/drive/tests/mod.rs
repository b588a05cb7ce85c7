//! Rollouts on a forge in memory, from end to end.

mod between;
mod faults;
mod forged;
mod sequences;
mod smoke;
mod world;

use std::sync::atomic::Ordering;

use world::{OWN_FILE, World, direct, own_file, release, states};

use super::{DriveError, End, RollOptions};
use crate::{
    fleet::{
        TRAILER, Write,
        rollout::{EntryState, State, Via},
    },
    forge::{Change, Ended, IdentityKind, RequestState},
};

#[tokio::test(start_paused = true)]
async fn a_good_release_goes_through_wave_by_wave() {
    let world = World::new();
    let rolled = world.upgrade(&direct()).await.unwrap();
    assert_eq!(rolled.end, End::Finished, "{:?}", world.notes);
    assert_eq!(world.versions(), ["1.5.0"; 5]);
    assert_eq!(
        world.rings(),
        ["canary 1.5.0", "early 1.5.0", "stable 1.5.0"]
    );
    assert_eq!(world.open(), 0);
    let stored = world.stored(rolled.rollout.id.as_str());
    assert_eq!(stored, rolled.rollout);
    assert!(
        states(&stored)
            .values()
            .all(|it| *it == EntryState::Verified)
    );
    assert!(stored.waves.iter().all(|it| it.gate.is_some()));
    // What is done is written down before.
    let written = world.written.lock().unwrap().clone();
    for name in world::MEMBERS {
        let merges = (name.to_owned(), Write::Merge);
        assert!(written.contains(&merges), "{name}: {written:?}");
    }
    assert!(written.contains(&("fleet".to_owned(), Write::Configure)));
    // One request each, and the bytes that are nobody's business stayed.
    for name in world::MEMBERS {
        assert_eq!(world.forge.requests(name).len(), 1);
        let branches = world.forge.branches(name);
        assert_eq!(branches, ["main"], "{name}");
    }
    let fleet = world.forge.file("fleet", None, "fleet.yaml").unwrap();
    assert!(fleet.starts_with("version: 1 # ours\n"));
    assert!(fleet.ends_with("stable: {} # the rest\napproved:\n  - action: fullsend-ai/sandbox@4444444444444444444444444444444444444444 # v1.4.0\n    image: ghcr.io/fullsend-ai/agent-sandbox:1.4.0@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"), "{fleet}");
    let ring = world
        .forge
        .file("fleet", None, "renovate/ring-stable.json")
        .unwrap();
    assert!(ring.contains(r"1\\.5\\.0"), "{ring}");
    assert_eq!(
        world.forge.file("fleet", None, "deny.json").as_deref(),
        Some("[]\n")
    );
}

#[tokio::test(start_paused = true)]
async fn a_dying_canary_stops_it_and_it_goes_back_by_itself() {
    let world = World::new().dying(5);
    let options = RollOptions {
        auto_rollback: true,
        ..direct()
    };
    let rolled = world.upgrade(&options).await.unwrap();
    let End::RolledBack { reason, rollback } = &rolled.end else {
        panic!("{:?} {:?}", rolled.end, world.notes);
    };
    assert!(
        reason.contains("the wave `canary` shows that it is bad"),
        "{reason}"
    );
    assert_eq!(rollback.end, End::Finished, "{:?}", world.notes);
    assert_eq!(world.versions(), ["1.4.0"; 5]);
    assert_eq!(
        world.rings(),
        ["canary 1.4.0", "early 1.4.0", "stable 1.4.0"]
    );
    assert_eq!(world.open(), 0);
    let fleet = world.fleet();
    assert!(fleet.denial(&release(5)).is_some());
    let deny = world.forge.file("fleet", None, "deny.json").unwrap();
    assert!(deny.contains("\"version\": \"1.5.0\""), "{deny}");
    let stored = world.stored(rolled.rollout.id.as_str());
    assert_eq!(stored.state, State::RolledBack);
    let back = [
        ("can-a", EntryState::RolledBack),
        ("can-b", EntryState::RolledBack),
    ];
    assert_eq!(states(&stored), back.into());
    // Nobody else was ever asked.
    for name in ["early", "web", "api"] {
        assert!(world.forge.requests(name).is_empty(), "{name}");
    }
    let again = world.upgrade(&options).await.unwrap_err();
    assert!(again.to_string().starts_with("1.5.0 is denied"), "{again}");
}

#[tokio::test(start_paused = true)]
async fn no_traffic_is_no_pass() {
    let mut world = World::new();
    world.watched = false;
    world.runs.store(false, Ordering::Relaxed);
    let rolled = world.upgrade(&direct()).await.unwrap();
    let End::Waiting { what, .. } = &rolled.end else {
        panic!("{:?}", rolled.end);
    };
    assert!(
        what.contains("0 of the 4 runs that are needed have ended"),
        "{what}"
    );
    assert!(what.contains("start the workflow there by hand"), "{what}");
    let started = world::MEMBERS.iter().flat_map(|it| world.forge.begun(it));
    assert_eq!(started.count(), 0);
    assert_eq!(
        world.versions(),
        ["1.5.0", "1.5.0", "1.4.0", "1.4.0", "1.4.0"]
    );
    assert_eq!(
        world.rings(),
        ["canary 1.5.0", "early 1.4.0", "stable 1.4.0"]
    );
    // The next start goes on from there.
    world.run_all();
    world.run_all();
    let rolled = world.upgrade(&direct()).await.unwrap();
    assert_eq!(world.version("early"), "1.5.0", "{:?}", rolled.end);
}

#[tokio::test(start_paused = true)]
async fn a_workflow_that_cannot_start_stops_it_at_once() {
    let world = World::new();
    *world.ended.lock().unwrap() = Some(Ended::NotStarted);
    let rolled = world.upgrade(&direct()).await.unwrap();
    let End::Stopped { reason, is_bad } = &rolled.end else {
        panic!("{:?}", rolled.end);
    };
    assert!(
        *is_bad && reason.contains("could not even start"),
        "{reason}"
    );
    assert_eq!(
        world.stored(rolled.rollout.id.as_str()).state,
        State::Stopped
    );
    assert_eq!(world.version("early"), "1.4.0");
}

#[tokio::test(start_paused = true)]
async fn held_and_denied_are_honoured() {
    let world = World::new();
    let held = "hold: {version: 1.4.0, reason: a fair, until: 2099-01-01}\n";
    world.write("web", &[(OWN_FILE, own_file(&release(4), held))]);
    let rolled = world.upgrade(&direct()).await.unwrap();
    assert_eq!(rolled.end, End::Finished, "{:?}", world.notes);
    assert_eq!(world.version("web"), "1.4.0");
    let web = rolled
        .rollout
        .entries()
        .find(|it| it.name == "web")
        .unwrap();
    assert_eq!(web.state, EntryState::Skipped);
    assert_eq!(
        web.reason.as_deref(),
        Some("it is held on 1.4.0 until 2099-01-01: a fair")
    );
    // No hold keeps what is denied: neither on it, nor on another version, nor one that is none.
    for (name, bad) in [
        (
            "api",
            "hold: {version: 1.5.0, reason: a fair, until: 2099-01-01}\n",
        ),
        (
            "early",
            "hold: {version: stay, reason: a fair, until: 2099-01-01}\n",
        ),
        ("can-a", "hold: what\n"),
    ] {
        world.write(name, &[(OWN_FILE, own_file(&release(5), bad))]);
    }
    let rolled = world.rollback(&RollOptions::default()).await.unwrap();
    assert_eq!(rolled.end, End::Finished, "{:?}", world.notes);
    assert_eq!(world.versions(), ["1.4.0"; 5]);
}

#[tokio::test(start_paused = true)]
async fn a_person_on_our_branch_is_never_overwritten() {
    let world = World::new();
    let branch = {
        let mut quiet = World::new();
        quiet.watched = false;
        quiet.upgrade(&direct()).await.unwrap().rollout.id.branch()
    };
    let theirs = Change {
        path: "notes.md".to_owned(),
        content: Some(b"mine".to_vec()),
    };
    world.forge.push("can-b", Some(&branch), &[theirs]);
    let rolled = world.upgrade(&direct()).await.unwrap();
    assert_eq!(rolled.end, End::Finished, "{:?}", world.notes);
    let entry = rolled
        .rollout
        .entries()
        .find(|it| it.name == "can-b")
        .unwrap();
    assert_eq!(entry.state, EntryState::Blocked);
    assert!(
        entry
            .reason
            .as_deref()
            .unwrap()
            .starts_with("grace committed ")
    );
    assert_eq!(world.version("can-b"), "1.4.0");
    let text = world.forge.file("can-b", Some(&branch), "notes.md");
    assert_eq!(text.as_deref(), Some("mine"));
}

#[tokio::test(start_paused = true)]
async fn what_is_disguised_as_ours_is_not_merged() {
    let world = World::new();
    let branch = {
        let mut quiet = World::new();
        quiet.watched = false;
        quiet.upgrade(&direct()).await.unwrap().rollout.id.branch()
    };
    let theirs = Change {
        path: ".github/workflows/steal.yml".to_owned(),
        content: Some(b"on: push".to_vec()),
    };
    let says = format!("chore: a fix\n\n{TRAILER}: {branch}");
    let forge = &world.forge;
    forge.push_saying("can-b", Some(&branch), &[theirs], &says);
    let rolled = world.upgrade(&direct()).await.unwrap();
    let entry = rolled.rollout.entries().find(|it| it.name == "can-b");
    assert_eq!(
        entry.unwrap().reason.as_deref(),
        Some("it changes 3 files where we changed 2: somebody has to look at it"),
        "{:?}",
        world.notes
    );
    assert_eq!(world.version("can-b"), "1.4.0");
    assert_eq!(world.version("can-a"), "1.5.0");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_goes_elsewhere_is_not_merged() {
    let world = World::new();
    world.forge.retarget("can-b", "production");
    let rolled = world.upgrade(&direct()).await.unwrap();
    let entry = rolled.rollout.entries().find(|it| it.name == "can-b");
    assert_eq!(
        entry.unwrap().reason.as_deref(),
        Some("somebody made it go to the branch `production`")
    );
    assert_eq!(world.versions()[..2], ["1.5.0", "1.4.0"]);
}

#[tokio::test(start_paused = true)]
async fn a_protected_configuration_repository_is_asked() {
    let mut world = World::new().dying(5);
    world.watched = false;
    world.upgrade(&direct()).await.unwrap();
    world.forge.set("fleet", |it| it.rules.may_push = false);
    let rolled = world.rollback(&RollOptions::default()).await.unwrap();
    let End::Waiting { what, .. } = &rolled.end else {
        panic!("{:?}", rolled.end);
    };
    assert!(
        what.starts_with("fleet.yaml can only be changed by a request: https://"),
        "{what}"
    );
    // What can be done meanwhile was done.
    assert_eq!(world.versions(), ["1.4.0"; 5]);
    let asked = world.forge.requests("fleet");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].title, "fix(fleet): deny 1.5.0");
    assert!(world.fleet().denial(&release(5)).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_second_operator_is_told_or_joins() {
    let mut world = World::new();
    world.watched = false;
    world.runs.store(false, Ordering::Relaxed);
    world.upgrade(&direct()).await.unwrap();
    let requests = |world: &World| world.forge.requests("can-a").len();
    let before = requests(&world);
    world.upgrade(&direct()).await.unwrap();
    assert_eq!(requests(&world), before);
    let other = world.upgrade_to(&release(6), &direct()).await.unwrap_err();
    let DriveError::Busy(busy) = &other else {
        panic!("{other}");
    };
    assert_eq!(busy.by, "fleet-bot");
    assert!(other.hint().unwrap().contains("fullsend upgrade 1.5.0"));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_changes_no_verdict() {
    for hours in [-48, 48] {
        let world = World::small().skewed(hours * 3600);
        let rolled = world.upgrade(&direct()).await.unwrap();
        assert_eq!(rolled.end, End::Finished, "{hours} {:?}", world.notes);
        let world = World::small().skewed(hours * 3600).dying(5);
        let rolled = world.upgrade(&direct()).await.unwrap();
        let is_stopped = matches!(rolled.end, End::Stopped { is_bad: true, .. });
        assert!(is_stopped, "{hours} {:?}", rolled.end);
    }
}

#[tokio::test(start_paused = true)]
async fn a_preview_writes_nothing() {
    let world = World::new();
    let preview = world.preview(&direct()).await.unwrap();
    assert!(world.forge.writes().is_empty());
    let waves = preview.rollout.waves.iter();
    let waves = waves.map(|it| (it.ring.as_str(), it.repositories.len()));
    assert_eq!(
        waves.collect::<Vec<_>>(),
        [("canary", 2), ("early", 1), ("stable", 2)]
    );
    assert_eq!(preview.plan.writes(), 5);
    let paths: Vec<&str> = preview
        .configuration
        .iter()
        .map(|it| it.path.as_str())
        .collect();
    assert!(
        paths.contains(&"fleet.yaml") && paths.contains(&"deny.json"),
        "{paths:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn some_repositories_and_parts_of_rings_move_alone() {
    let world = World::new();
    let options = RollOptions {
        only: vec!["WEB".to_owned()],
        ..RollOptions::default()
    };
    let rolled = world.upgrade(&options).await.unwrap();
    assert_eq!(rolled.end, End::Finished, "{:?}", world.notes);
    assert_eq!(
        world.versions(),
        ["1.4.0", "1.4.0", "1.4.0", "1.5.0", "1.4.0"]
    );
    assert_eq!(
        world.rings(),
        ["canary 1.4.0", "early 1.4.0", "stable 1.4.0"]
    );
    let world = World::new();
    let options = RollOptions {
        shares: vec![50],
        ..direct()
    };
    let rolled = world.upgrade(&options).await.unwrap();
    assert_eq!(rolled.end, End::Finished, "{:?}", world.notes);
    let waves = rolled.rollout.waves.iter();
    let waves = waves.map(|it| (it.ring.as_str(), it.share, it.repositories.len()));
    let wanted = [
        ("canary", 50, 1),
        ("canary", 100, 1),
        ("early", 50, 1),
        ("early", 100, 0),
        ("stable", 50, 1),
        ("stable", 100, 1),
    ];
    assert_eq!(waves.collect::<Vec<_>>(), wanted);
    assert_eq!(
        world.rings(),
        ["canary 1.5.0", "early 1.5.0", "stable 1.5.0"]
    );
}

#[tokio::test(start_paused = true)]
async fn names_that_nobody_has_are_refused() {
    let world = World::new();
    for name in ["nobody", "we*", "fleet/../web"] {
        let options = RollOptions {
            only: vec!["web".to_owned(), name.to_owned()],
            ..RollOptions::default()
        };
        let error = world.upgrade(&options).await.unwrap_err();
        assert!(
            error.to_string().contains("no repository of the fleet"),
            "{error}"
        );
        assert!(world.preview(&options).await.is_err());
    }
    assert!(world.forge.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_proven_is_not_begun() {
    let world = World::new();
    world.unsigned.lock().unwrap().push("1.5.0".to_owned());
    let error = world.upgrade(&direct()).await.unwrap_err();
    assert_eq!(error.exit_code(), crate::model::exit_code::UNSIGNED);
    assert!(world.forge.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn renovate_does_the_work_where_it_is_to() {
    let mut world = World::new();
    world.watched = false;
    let options = RollOptions::default();
    let rolled = world.upgrade(&options).await.unwrap();
    let End::Waiting { what, until } = &rolled.end else {
        panic!("{:?}", rolled.end);
    };
    assert_eq!(
        what,
        "2 repositories have no request of Renovate yet: can-a, can-b"
    );
    assert!(until.is_some());
    assert_eq!(rolled.rollout.via, Via::Renovate);
    assert_eq!(
        world.rings(),
        ["canary 1.5.0", "early 1.4.0", "stable 1.4.0"]
    );
    assert!(world.forge.requests("can-a").is_empty());
    // It merges one, and the other only long after.
    world.bring("can-a", &release(5));
    world.pass(7 * 3600);
    let rolled = world.upgrade(&options).await.unwrap();
    let End::Waiting { what, until } = &rolled.end else {
        panic!("{:?}", rolled.end);
    };
    assert_eq!(
        what,
        "1 repository has no request of Renovate after 6 hours: can-b; `--via direct` makes them"
    );
    assert_eq!(*until, None);
    let rolled = world.upgrade(&direct()).await.unwrap();
    assert_eq!(world.version("can-b"), "1.5.0", "{:?}", rolled.end);
    assert_eq!(world.forge.requests("can-b")[0].state, RequestState::Merged);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_may_be_left_to_renovate() {
    let world = World::new();
    world.upgrade(&direct()).await.unwrap();
    let options = RollOptions {
        via: Some(Via::Renovate),
        ..RollOptions::default()
    };
    let mut quiet = world;
    quiet.watched = false;
    let rolled = quiet.rollback(&options).await.unwrap();
    let End::Waiting { what, .. } = &rolled.end else {
        panic!("{:?}", rolled.end);
    };
    assert!(what.contains("no request of Renovate yet"), "{what}");
    assert_eq!(quiet.version("can-a"), "1.5.0");
    assert_eq!(
        quiet.rings()[0],
        "canary 1.4.0",
        "the rings went back at once"
    );
    // Whoever has waited enough goes on without it.
    let rolled = quiet.rollback(&direct()).await.unwrap();
    assert_eq!(quiet.version("can-a"), "1.4.0", "{:?}", rolled.end);
}

#[tokio::test(start_paused = true)]
async fn whether_a_commit_is_signed_is_for_the_forge_to_say() {
    let mut world = World::small();
    world.identity.kind = IdentityKind::User;
    world.forge.set("can-a", |it| it.rules.signed = true);
    let rolled = world.upgrade(&direct()).await.unwrap();
    assert_eq!(rolled.end, End::Finished, "{:?}", world.notes);
    assert_eq!(world.version("can-a"), "1.5.0");
}
