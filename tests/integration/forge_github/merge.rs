//! Merging by the first way that is open, and never past a rule.

use fullsend::forge::{Merging, Reason, RequestState as State};
use fullsend_testkit::forge::{Actor, Checks, Edit, Repository, Rules, Told};

use super::{Stage, commit_id, first, refused, watch};

/// Has a first request merged in a repository with these rules, by an administrator.
async fn merge(rules: Rules, checks: Checks) -> (Merging, State, Vec<String>) {
    let stage = Stage::of(Actor::admin("fullsend"), Told::Scopes);
    let mut repository = Repository::new("api");
    repository.rules = rules;
    let id = stage.server.add(repository, &[Edit::file("a", "b")]);
    let (repository, base) = stage.repository("api").await;
    stage.propose(&repository, &base, &first()).await.unwrap();
    stage.server.with(|store| {
        let requests = &mut store.repository_mut(id).unwrap().requests;
        requests.values_mut().next().unwrap().checks = checks;
    });
    let seen = stage.look("api", &watch()).await;
    let request = seen.request.unwrap();
    stage.operations();
    let head = request.head.clone().unwrap();
    let merging = stage
        .forge
        .merge(&seen.repository, &request, &head)
        .await
        .unwrap();
    let operations = stage.operations();
    let state = stage.look("api", &watch()).await.request.unwrap().state;
    (merging, state, operations)
}

#[tokio::test]
async fn by_the_first_way_that_is_open() {
    let plain = Rules::default();
    let auto = Rules {
        auto_merge: true,
        ..plain.clone()
    };
    let gated = Rules {
        checks: true,
        ..auto.clone()
    };
    let queue = Rules {
        queue: true,
        ..plain.clone()
    };
    let (merging, state, _) = merge(plain, Checks::None).await;
    assert_eq!((merging, state), (Merging::Merged, State::Merged));
    let (merging, state, _) = merge(auto, Checks::Passed).await;
    assert_eq!((merging, state), (Merging::Merged, State::Merged));
    let (merging, state, _) = merge(gated, Checks::Pending).await;
    assert_eq!((merging, state), (Merging::Automatic, State::Open));
    let (merging, _, _) = merge(queue, Checks::Passed).await;
    assert_eq!(merging, Merging::Queued);
}

/// Rules do not hold for administrators, and are kept all the same.
#[tokio::test]
async fn nothing_is_merged_past_a_rule() {
    let approvals = Rules {
        approvals: 1,
        protected: true,
        ..Rules::default()
    };
    for (rules, checks) in [
        (approvals, Checks::Passed),
        (Rules::default(), Checks::Failed),
        (Rules::default(), Checks::Pending),
    ] {
        let (merging, state, operations) = merge(rules, checks).await;
        assert!(matches!(merging, Merging::Waiting(_)), "{merging:?}");
        assert_eq!(state, State::Open);
        assert!(
            !operations.iter().any(|it| it == "mergePullRequest"),
            "{operations:?}"
        );
    }
}

#[tokio::test]
async fn a_head_that_somebody_moved_is_not_merged() {
    let stage = Stage::new();
    let id = stage.add("api");
    stage.enrol(id, "fullsend");
    let seen = stage.look("api", &watch()).await;
    let request = seen.request.unwrap();
    let head = request.head.clone().unwrap();
    let theirs = stage.server.with(|store| {
        let edits = [Edit::file("b", "theirs")];
        let any = fullsend_testkit::forge::Expected::FastForward;
        let by = Actor::user("mallory");
        store
            .commit(id, &by, super::BRANCH, any, &edits, "Mine")
            .unwrap()
    });
    let error = refused(stage.forge.merge(&seen.repository, &request, &head).await);
    assert!(matches!(error.reason(), Reason::Moved), "{error}");
    let now = stage.look("api", &watch()).await.request.unwrap();
    assert_eq!(
        (now.state, now.head),
        (State::Open, Some(commit_id(theirs)))
    );
}
