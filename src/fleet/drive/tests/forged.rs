//! The branch that rollouts are written down on is open to many: what a stranger writes there.

use std::sync::atomic::Ordering;

use super::world::{World, direct, own_file, release};
use crate::{
    config::Release,
    fleet::{
        drive::{DriveError, RollOptions},
        rollout::{Entry, EntryState, Kind, Rollout, RolloutId, State, Wave},
    },
};

/// A release that nobody approved, of a version that is approved.
fn evil(minor: u64) -> Release {
    let action = format!("fullsend-ai/sandbox@{} # v1.{minor}.0", "e".repeat(40));
    let image = format!(
        "ghcr.io/fullsend-ai/agent-sandbox:1.{minor}.0@sha256:{}",
        "e".repeat(64)
    );
    Release::new(action.parse().unwrap(), image.parse().unwrap()).unwrap()
}

/// A rollback that is under way, as somebody else wrote it down.
fn rollback_to(to: Release, world: &World) -> Rollout {
    let id: RolloutId = "rollback-1.5.0-20261122-1".parse().unwrap();
    let now = world.clock();
    let mut rollout = Rollout::begin(id, Kind::Rollback, release(5), to, now);
    rollout.waves = vec![Wave::new("stable", 100)];
    rollout
}

#[tokio::test(start_paused = true)]
async fn a_rollback_to_what_nobody_approved_is_not_gone_on_with() {
    for options in [
        RollOptions::default(),
        RollOptions {
            force: Some("1.4.0".parse().unwrap()),
            ..RollOptions::default()
        },
    ] {
        let world = World::new();
        world.upgrade(&direct()).await.unwrap();
        world.store(&rollback_to(evil(4), &world));
        let before = world.forge.writes().len();
        let error = world.rollback(&options).await.unwrap_err();
        assert!(
            error
                .to_string()
                .contains("no release 1.4.0 of this action"),
            "{error}"
        );
        let automatic = RollOptions {
            auto_rollback: true,
            ..direct()
        };
        let error = world.upgrade(&automatic).await.unwrap_err();
        assert!(matches!(error, DriveError::Target { .. }), "{error}");
        assert_eq!(world.forge.writes().len(), before);
        assert_eq!(world.versions(), ["1.5.0"; 5]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollback_to_what_is_not_proven_is_not_gone_on_with() {
    let world = World::new();
    world.upgrade(&direct()).await.unwrap();
    world.unsigned.lock().unwrap().push("1.4.0".to_owned());
    world.store(&rollback_to(release(4), &world));
    let error = world.rollback(&RollOptions::default()).await.unwrap_err();
    assert!(
        matches!(error, DriveError::UnprovenTarget { .. }),
        "{error}"
    );
    assert_eq!(world.versions(), ["1.5.0"; 5]);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_goes_to_a_release_of_fleet_yaml_whatever_was_left() {
    let mut world = World::new();
    world.watched = false;
    world.runs.store(false, Ordering::Relaxed);
    let mut running = world.upgrade(&direct()).await.unwrap().rollout;
    running.from = evil(4);
    world.store(&running);
    world.watched = true;
    let rolled = world.rollback(&RollOptions::default()).await.unwrap();
    assert_eq!(rolled.rollout.to, release(4), "{:?}", rolled.end);
    assert_eq!(world.versions(), ["1.4.0"; 5]);
}

#[tokio::test(start_paused = true)]
async fn releases_that_are_swapped_while_it_is_watched_stop_it() {
    let world = World::new();
    *world.at_wait.lock().unwrap() = Some(|world| {
        let mut running = world.stored("upgrade-1.5.0-20261118-1");
        running.to = evil(5);
        world.store(&running);
    });
    let error = world.upgrade(&direct()).await.unwrap_err();
    assert!(
        error.to_string().contains("somebody changed what upgrade-"),
        "{error}"
    );
    let stranger = "e".repeat(40);
    for name in world.members {
        let text = world
            .forge
            .file(name, None, ".github/workflows/fullsend-triage.yml");
        assert!(!text.unwrap().contains(&stranger), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_belong_to_the_fleet_is_left_alone() {
    let mut world = World::new();
    world.watched = false;
    world.runs.store(false, Ordering::Relaxed);
    world.write("fleet", &[("fullsend.yaml", own_file(&release(4), ""))]);
    let before = world.forge.file("fleet", None, "fleet.yaml").unwrap();
    let excluded = before.replacen("gates:", "select: {exclude: [web]}\ngates:", 1);
    world.write("fleet", &[("fleet.yaml", excluded)]);
    let mut running = world.upgrade(&direct()).await.unwrap().rollout;
    for name in ["web", "fleet", "../can-a"] {
        running.waves[0].repositories.push(Entry::new(name));
    }
    world.store(&running);
    let rolled = world.upgrade(&direct()).await.unwrap();
    let state = |name: &str| {
        let mut all = rolled.rollout.entries();
        let found = all.find(|it| it.name == name).unwrap();
        (found.state, found.reason.clone().unwrap_or_default())
    };
    let outside = "it does not belong to the fleet".to_owned();
    assert_eq!(state("web"), (EntryState::Skipped, outside.clone()));
    assert_eq!(state("fleet"), (EntryState::Skipped, outside));
    assert_eq!(state("../can-a").0, EntryState::Skipped);
    assert_eq!(world.version("web"), "1.4.0");
    assert!(world.forge.requests("web").is_empty());
    assert!(world.forge.requests("fleet").is_empty());
    assert_eq!(rolled.rollout.state, State::Running);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_to_be_taken_back_is_looked_at() {
    let world = World::new();
    world.upgrade(&direct()).await.unwrap();
    let mut forged = rollback_to(release(4), &world);
    let wave = &mut forged.waves[0];
    (wave.started_at, wave.ended_at) = (Some(world.clock()), Some(world.clock()));
    for name in world.members {
        let mut entry = Entry::new(name);
        entry.state = EntryState::Verified;
        wave.repositories.push(entry);
    }
    world.store(&forged);
    let rolled = world.rollback(&RollOptions::default()).await.unwrap();
    assert_eq!(world.versions(), ["1.4.0"; 5], "{:?}", rolled.end);
}
