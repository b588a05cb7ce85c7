//! Whatever goes wrong at whatever call, the next start ends where an undisturbed one ends.

use super::{
    super::{End, RollOptions},
    world::{World, direct},
};
use crate::{
    fleet::testing::Fault,
    forge::{Reason, RequestState},
};

/// What counts in the end.
fn end_state(world: &World) -> (Vec<String>, Vec<String>, usize, Vec<usize>) {
    let merged = world.members.iter().map(|name| {
        let requests = world.forge.requests(name);
        let merged = requests
            .iter()
            .filter(|it| it.state == RequestState::Merged);
        merged.count()
    });
    (
        world.versions(),
        world.rings(),
        world.open(),
        merged.collect(),
    )
}

async fn undisturbed(make: fn() -> World, options: &RollOptions) -> (World, usize) {
    let world = make();
    world.upgrade(options).await.unwrap();
    let calls = world.forge.calls().len();
    (world, calls)
}

/// The upgrade with a fault at every call in turn, each time until it came to its end.
async fn with_faults(make: fn() -> World, options: &RollOptions, fault: fn(usize) -> Fault) {
    let (smooth, calls) = undisturbed(make, options).await;
    let wanted = end_state(&smooth);
    assert!(calls > 30, "{calls}");
    for call in 0..calls {
        let world = make();
        world.forge.fail(call, fault(call));
        let mut ends = Vec::new();
        for _ in 0..4 {
            let rolled = world.upgrade_or_die(options).await;
            let is_over = matches!(
                &rolled,
                Some(Ok(rolled)) if !matches!(rolled.end, End::Waiting { .. } | End::Interrupted)
            );
            ends.push(rolled.map(|it| it.map(|it| it.end).map_err(|it| it.to_string())));
            if is_over {
                break;
            }
        }
        let state = end_state(&world);
        let failed = &world.forge.calls()[call];
        assert_eq!(
            state, wanted,
            "call {call} {failed:?}: {ends:#?} {:?}",
            world.notes
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_death_before_any_call_of_an_upgrade() {
    with_faults(World::small, &direct(), |_| Fault::DeadBefore).await;
}

#[tokio::test(start_paused = true)]
async fn a_death_after_any_call_of_an_upgrade() {
    with_faults(World::small, &direct(), |_| Fault::DeadAfter).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_at_any_call_of_an_upgrade() {
    with_faults(World::small, &direct(), |_| Fault::Lost).await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_at_any_call_of_an_upgrade() {
    let refused = |_| Fault::Refused(|| Reason::RateLimited { until: None });
    with_faults(World::small, &direct(), refused).await;
}

#[tokio::test(start_paused = true)]
async fn faults_of_an_upgrade_that_goes_back() {
    let options = RollOptions {
        auto_rollback: true,
        ..direct()
    };
    // Whoever starts again after a rollback has begun goes on with that.
    let make = || World::small().dying(5);
    let (smooth, calls) = undisturbed(make, &options).await;
    let wanted = end_state(&smooth);
    for call in 0..calls {
        for fault in [Fault::DeadBefore, Fault::DeadAfter, Fault::Lost] {
            let world = make();
            world.forge.fail(call, fault);
            let first = world.upgrade_or_die(&options).await;
            for _ in 0..3 {
                let _ = world.upgrade_or_die(&options).await;
                let _ = world.rollback_or_die().await;
            }
            let state = end_state(&world);
            assert_eq!(
                state.0, wanted.0,
                "{call} {fault:?} {first:?} {:?}",
                world.notes
            );
            assert_eq!(state.1, wanted.1, "{call} {fault:?} {first:?}");
            assert_eq!(state.2, 0, "{call} {fault:?} {first:?}");
        }
    }
}
