//! One rollout after the other: what the one leaves behind does not stop the next.

use super::{
    super::{End, RollOptions},
    world::{World, direct, release},
};

#[tokio::test(start_paused = true)]
async fn a_newer_release_mends_what_was_taken_back() {
    let world = World::new().dying(5);
    let options = RollOptions {
        auto_rollback: true,
        ..direct()
    };
    world.upgrade(&options).await.unwrap();
    assert_eq!(world.versions(), ["1.4.0"; 5]);
    let rolled = world.upgrade_to(&release(6), &options).await.unwrap();
    assert_eq!(rolled.end, End::Finished, "{:?}", world.notes);
    assert_eq!(rolled.rollout.from, release(4));
    assert_eq!(world.versions(), ["1.6.0"; 5]);
    assert_eq!(world.fleet().release, release(6));
    let followed = ["canary 1.6.0", "early 1.6.0", "stable 1.6.0"];
    assert_eq!(world.rings(), followed);
}

#[tokio::test(start_paused = true)]
async fn a_newer_release_mends_what_stopped() {
    let world = World::new().dying(5);
    let rolled = world.upgrade(&direct()).await.unwrap();
    assert!(matches!(rolled.end, End::Stopped { is_bad: true, .. }));
    assert_eq!(world.versions()[..3], ["1.5.0", "1.5.0", "1.4.0"]);
    let rolled = world.upgrade_to(&release(6), &direct()).await.unwrap();
    assert_eq!(rolled.end, End::Finished, "{:?}", world.notes);
    assert_eq!(world.versions(), ["1.6.0"; 5]);
    let followed = ["canary 1.6.0", "early 1.6.0", "stable 1.6.0"];
    assert_eq!(world.rings(), followed);
}
