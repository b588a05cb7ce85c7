//! Runs that are started where none came by itself.

use std::sync::atomic::Ordering;

use super::{
    super::{End, RollOptions},
    world::{World, direct, own_file, release},
};
use crate::{
    fleet::{
        Write,
        rollout::{Rollout, Smoke, SmokeState},
        testing::{Fault, change},
    },
    forge::Reason,
};

fn smoky() -> RollOptions {
    RollOptions {
        smoke: true,
        ..direct()
    }
}

/// An organisation in which nothing runs by itself.
fn quiet(world: World) -> World {
    world.runs.store(false, Ordering::Relaxed);
    world
}

fn waits_for(end: &End) -> &str {
    match end {
        End::Waiting { what, .. } => what,
        end => panic!("{end:?}"),
    }
}

fn begun(world: &World) -> Vec<usize> {
    let members = world.members.iter();
    members.map(|it| world.forge.begun(it).len()).collect()
}

#[tokio::test(start_paused = true)]
async fn one_run_is_started_in_each_repository_and_waited_for() {
    let mut world = quiet(World::new());
    world.watched = false;
    let rolled = world.upgrade(&smoky()).await.unwrap();
    let what = waits_for(&rolled.end);
    assert!(
        what.starts_with("0 of the 4 runs that are needed have ended, in 0 of 2 repositories"),
        "{what}"
    );
    assert!(
        what.ends_with("; 2 smoke runs were started; wait for more to run"),
        "{what}"
    );
    assert_eq!(begun(&world), [1, 1, 0, 0, 0]);
    let intents = world.written.lock().unwrap().clone();
    let intents = intents.iter().filter(|(_, write)| *write == Write::Start);
    assert_eq!(intents.count(), 2);
    // Once, whoever goes on.
    for options in [smoky(), direct()] {
        let rolled = world.upgrade(&options).await.unwrap();
        let what = waits_for(&rolled.end);
        assert!(what.contains("; 2 smoke runs were started"), "{what}");
    }
    assert_eq!(begun(&world), [1, 1, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_started_run_counts_as_any_other() {
    let world = quiet(World::small());
    let rolled = world.upgrade(&smoky()).await.unwrap();
    assert_eq!(rolled.end, End::Finished, "{:?}", world.notes);
    assert_eq!(begun(&world), [1, 1]);
    let world = quiet(World::small().dying(5));
    let rolled = world.upgrade(&smoky()).await.unwrap();
    assert!(
        matches!(rolled.end, End::Stopped { is_bad: true, .. }),
        "{:?}",
        rolled.end
    );
    assert_eq!(begun(&world), [1, 0]);
}

#[tokio::test(start_paused = true)]
async fn traffic_needs_no_started_runs() {
    let world = World::new();
    world.upgrade(&direct()).await.unwrap();
    let mut world = quiet(World::new());
    world.watched = false;
    world.upgrade(&direct()).await.unwrap();
    world.run_all();
    world.run_all();
    // The canaries have shown enough, the next ring nothing yet.
    world.upgrade(&smoky()).await.unwrap();
    assert_eq!(begun(&world), [0, 0, 1, 0, 0], "{:?}", world.notes);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_started_says_so() {
    let mut world = quiet(World::new());
    world.watched = false;
    let fixed = "on: push\njobs: {}\n".to_owned();
    let name = ".github/workflows/fullsend-triage.yml";
    world.write(
        "can-b",
        &[(name, fixed), ("fullsend.yaml", own_file(&release(4), ""))],
    );
    let refused = "on: push # no workflow_dispatch\njobs: {}\n".to_owned();
    world.write("can-a", &[(name, refused)]);
    let rolled = world.upgrade(&smoky()).await.unwrap();
    let what = waits_for(&rolled.end);
    let wanted = "; none can be started in can-a (it says no: Workflow does not have \
                  'workflow_dispatch' trigger), can-b (its workflow cannot be started by hand)";
    assert!(what.contains(wanted), "{what}");
    assert_eq!(begun(&world), [0; 5]);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_faster_starts_it() {
    let mut world = quiet(World::new());
    world.watched = false;
    *world.meanwhile.lock().unwrap() = Some(|world| {
        let current = world
            .forge
            .file("fleet", Some("fullsend/state"), "rollouts/current.json");
        let current = current.unwrap();
        let id = current.split('"').nth(5).unwrap();
        let path = format!("rollouts/{id}.json");
        let mut theirs: Rollout = world.stored(id);
        theirs.waves[0].repositories[0].smoke = Some(Smoke {
            state: SmokeState::Started,
            ..Smoke::intended(world.clock())
        });
        let text = String::from_utf8(theirs.written().unwrap()).unwrap();
        world.forge.push(
            "fleet",
            Some("fullsend/state"),
            &[change(&path, Some(&text))],
        );
    });
    let rolled = world.upgrade(&smoky()).await.unwrap();
    let what = waits_for(&rolled.end);
    assert!(what.contains("; 2 smoke runs were started"), "{what}");
    assert_eq!(begun(&world), [0, 1, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn whatever_goes_wrong_none_is_started_twice() {
    let world = quiet(World::small());
    world.upgrade(&smoky()).await.unwrap();
    let calls = world.forge.calls();
    let of = |name: &str| calls.iter().position(|it| it.name == name).unwrap();
    let refused = Fault::Refused(|| Reason::RateLimited { until: None });
    // From where it is written down until what came of it is.
    for call in of("begun") - 3..of("start") + 4 {
        for fault in [Fault::DeadBefore, Fault::DeadAfter, Fault::Lost, refused] {
            let world = quiet(World::small());
            world.forge.fail(call, fault);
            let mut ends = Vec::new();
            for _ in 0..4 {
                ends.push(world.upgrade_or_die(&smoky()).await);
                if matches!(ends.last(), Some(Some(Ok(it))) if it.end == End::Finished) {
                    break;
                }
            }
            assert_eq!(
                begun(&world),
                [1, 1],
                "{call} {fault:?} {ends:#?} {:?}",
                world.notes
            );
            assert_eq!(world.versions(), ["1.5.0"; 2], "{call} {fault:?}");
        }
    }
}
