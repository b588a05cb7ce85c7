//! One rollout after the other: what the one leaves behind does not stop the next.

use super::{
    super::{DriveError, End, RollOptions},
    world::{OWN_FILE, World, direct, own_file, release},
};
use crate::fleet::rollout::State;

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

/// fleet.yaml approves 1.3.0, and has 1.4.0 to be reached.
fn approve_oldest(world: &World) {
    let old = release(3);
    let text = world.forge.file("fleet", None, "fleet.yaml").unwrap();
    let (action, image) = (&old.action, old.image());
    let text = format!("{text}approved:\n  - action: {action}\n    image: {image}\n");
    world.write("fleet", &[("fleet.yaml", text)]);
}

#[tokio::test(start_paused = true)]
async fn what_a_rollback_went_to_is_taken_back_in_turn() {
    let world = World::new();
    approve_oldest(&world);
    world.upgrade(&direct()).await.unwrap();
    let options = RollOptions::default();
    let first = world.rollback_to(Some(4), &options).await.unwrap();
    assert_eq!(world.versions(), ["1.4.0"; 5], "{:?}", first.end);
    // The same once more finds nothing to do.
    let again = world.rollback(&options).await.unwrap();
    assert_eq!(again.rollout.id, first.rollout.id);
    let second = world.rollback_to(Some(3), &options).await.unwrap();
    assert_eq!(second.end, End::Finished, "{:?}", world.notes);
    assert_eq!(second.rollout.from, release(4));
    assert_eq!(world.versions(), ["1.3.0"; 5]);
    let stand = ["canary 1.3.0", "early 1.3.0", "stable 1.3.0"];
    assert_eq!(world.rings(), stand);
    assert!(world.fleet().denial(&release(4)).is_some());
    assert!(world.fleet().denial(&release(5)).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_waits_gives_way_to_an_older_target() {
    let mut world = World::new();
    approve_oldest(&world);
    world.upgrade(&direct()).await.unwrap();
    world.watched = false;
    world.forge.set("web", |it| it.methods.queue = true);
    let options = RollOptions::default();
    let first = world.rollback(&options).await.unwrap();
    assert!(matches!(first.end, End::Waiting { .. }), "{:?}", first.end);
    let newer = world.rollback_to(Some(5), &options).await.unwrap_err();
    assert!(matches!(newer, DriveError::Busy(_)), "{newer}");
    assert!(newer.hint().unwrap().contains("`fullsend rollback`"));
    world.forge.set("web", |it| it.methods.queue = false);
    world.watched = true;
    let second = world.rollback_to(Some(3), &options).await.unwrap();
    assert_eq!(second.end, End::Finished, "{:?}", world.notes);
    assert_eq!(world.versions(), ["1.3.0"; 5]);
    assert_eq!(world.open(), 0);
    assert_eq!(
        world.stored(first.rollout.id.as_str()).state,
        State::RolledBack
    );
}

#[tokio::test(start_paused = true)]
async fn a_rollback_whose_denial_waits_is_not_replaced() {
    let mut world = World::new();
    approve_oldest(&world);
    world.upgrade(&direct()).await.unwrap();
    world.watched = false;
    world.forge.set("fleet", |it| it.rules.may_push = false);
    let options = RollOptions::default();
    world.rollback(&options).await.unwrap();
    let error = world.rollback_to(Some(3), &options).await.unwrap_err();
    assert!(matches!(error, DriveError::Busy(_)), "{error}");
    assert_eq!(world.versions(), ["1.4.0"; 5]);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_of_some_repositories_is_refused() {
    let world = World::new();
    let only = |name: &str| RollOptions {
        only: vec![name.to_owned()],
        ..RollOptions::default()
    };
    world.upgrade(&only("web")).await.unwrap();
    let before = world.forge.writes().len();
    let error = world.rollback(&only("web")).await.unwrap_err();
    assert!(matches!(error, DriveError::Target { .. }), "{error}");
    assert_eq!(world.forge.writes().len(), before);
    // What an upgrade of one repository brought goes back as a whole.
    world.rollback(&RollOptions::default()).await.unwrap();
    assert_eq!(world.versions(), ["1.4.0"; 5]);
}

#[tokio::test(start_paused = true)]
async fn what_stopped_as_bad_is_not_begun_anew() {
    let world = World::new().dying(5);
    let first = world.upgrade(&direct()).await.unwrap();
    assert!(world.stored(first.rollout.id.as_str()).is_bad);
    let again = world.upgrade(&direct()).await.unwrap();
    assert_eq!(again.rollout.id, first.rollout.id);
    assert!(matches!(again.end, End::Stopped { is_bad: true, .. }));
    assert_eq!(world.versions()[2..], ["1.4.0"; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_fails_hides_no_reason() {
    let world = World::new().dying(5);
    world.unsigned.lock().unwrap().push("1.4.0".to_owned());
    let options = RollOptions {
        auto_rollback: true,
        ..direct()
    };
    for _ in 0..2 {
        let error = world.upgrade(&options).await.unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("the wave `canary` shows that it is bad"),
            "{text}"
        );
        assert!(text.contains("1.4.0 has no signature"), "{text}");
        assert!(
            error
                .hint()
                .unwrap()
                .contains("rollback 1.4.0 --force 1.4.0")
        );
        assert_eq!(error.exit_code(), crate::model::exit_code::UNSIGNED);
    }
    let notes = world.notes.lock().unwrap().clone();
    assert!(
        notes
            .iter()
            .any(|it| it.contains(": stopped: the wave `canary`")),
        "{notes:?}"
    );
    // It was not begun anew, and goes back as soon as it can.
    world.unsigned.lock().unwrap().clear();
    let rolled = world.upgrade(&options).await.unwrap();
    assert!(matches!(rolled.end, End::RolledBack { .. }));
    assert_eq!(rolled.rollout.id.as_str().rsplit('-').next(), Some("1"));
    assert_eq!(world.versions(), ["1.4.0"; 5]);
}

#[tokio::test(start_paused = true)]
async fn workflows_of_agents_of_ones_own_go_with_the_others() {
    const DEPLOY: &str = ".github/workflows/fullsend-deploy.yml";
    let world = World::new();
    let own = own_file(&release(4), "agents: {deploy: {memory: 4GiB}}\n");
    let usual = ".github/workflows/fullsend-triage.yml";
    let flow = world.forge.file("web", None, usual).unwrap();
    world.write("web", &[(OWN_FILE, own), (DEPLOY, flow)]);
    let has = |commit: &str| {
        let text = world.forge.file("web", None, DEPLOY).unwrap();
        text.contains(&commit.repeat(40))
    };
    world.upgrade(&direct()).await.unwrap();
    assert!(has("5"), "{:?}", world.notes);
    world.rollback(&RollOptions::default()).await.unwrap();
    assert!(has("4"), "{:?}", world.notes);
}
