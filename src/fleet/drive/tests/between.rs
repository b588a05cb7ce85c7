//! Runs of commits that were pushed between two looks.

use std::sync::atomic::Ordering;

use super::{
    super::End,
    world::{World, direct, release},
};
use crate::forge::{Ended, Run};

const CANARIES: [&str; 2] = ["can-a", "can-b"];

/// An organisation whose canaries have the release, and in which nothing has run since.
async fn begun() -> World {
    let mut world = World::new();
    world.watched = false;
    world.runs.store(false, Ordering::Relaxed);
    world.upgrade(&direct()).await.unwrap();
    assert_eq!(world.version("can-a"), "1.5.0");
    world
}

async fn goes_on(world: &World) -> String {
    match world.upgrade(&direct()).await.unwrap().end {
        End::Waiting { what, .. } => what,
        end => panic!("{end:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_counts_whose_commit_nobody_saw_as_a_head() {
    let world = begun().await;
    for name in CANARIES {
        for text in ["one", "two", "three"] {
            world.write(name, &[("notes.md", text.to_owned())]);
            world.run(name);
        }
        world.write(name, &[("notes.md", "unrun".to_owned())]);
    }
    goes_on(&world).await;
    assert_eq!(
        world.version("early"),
        "1.5.0",
        "six runs of four were enough"
    );
    let asked = world.forge.calls();
    assert_eq!(asked.iter().filter(|it| it.name == "files").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_with_the_old_release_never_counts() {
    let world = begun().await;
    for name in CANARIES {
        world.bring(name, &release(4));
        world.run(name);
        world.run(name);
        world.bring(name, &release(5));
    }
    let what = goes_on(&world).await;
    let wanted = "0 of the 4 runs that are needed have ended, in 0 of 2 repositories; 4 more ran \
                  commits that are not known to have the release";
    assert!(what.starts_with(wanted), "{what}");
}

#[tokio::test(start_paused = true)]
async fn a_run_for_a_request_is_of_no_head() {
    let world = begun().await;
    for name in CANARIES {
        world.write(name, &[("notes.md", "one".to_owned())]);
        let commit = Some(world.forge.head(name));
        world.write(name, &[("notes.md", "two".to_owned())]);
        for branch in [None, Some("theirs".to_owned())] {
            let run = Run {
                url: String::new(),
                commit: commit.clone(),
                branch,
                at: world.clock(),
                ended: Ended::Passed,
                sandbox: None,
            };
            world.forge.ran(name, run.clone());
            world.forge.ran(name, run);
        }
    }
    let what = goes_on(&world).await;
    assert!(
        what.starts_with("0 of the 4 runs that are needed have ended"),
        "{what}"
    );
}
