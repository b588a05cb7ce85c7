//! Requests that are to be merged.

use fullsend::{
    forge::{Change, Merging, Message, Proposal, Reason, Repository as Seen, Request},
    model::commit::CommitId,
};
use fullsend_testkit::forge::{Actor, Checks, Edit, Expected, Instance, RequestState, Rules};

use super::Stage;

/// A request in a repository with these rules, and what it knows of its checks.
async fn request(stage: &Stage, rules: Rules, checks: Checks) -> (Seen, Request, CommitId) {
    let id = stage.add("api");
    stage
        .server
        .with(|store| store.repository_mut(id).unwrap().rules = rules);
    let (repository, base) = stage.repository("api").await;
    let changes = [Change {
        path: "fullsend.yaml".to_owned(),
        content: Some(b"version: 1\n".to_vec()),
    }];
    let message = Message {
        headline: "Run agents".to_owned(),
        body: String::new(),
    };
    let proposal = Proposal {
        repository: &repository,
        base: &base,
        branch: "fullsend/enroll",
        changes: &changes,
        message: &message,
        title: "Run agents",
        body: "",
    };
    let request = stage.forge.propose(&proposal).await.unwrap();
    stage.server.with(|store| {
        let repository = store.repository_mut(id).unwrap();
        repository.requests.get_mut(&1).unwrap().checks = checks;
    });
    let head = request.head.clone().unwrap();
    (repository, request, head)
}

async fn merge(rules: Rules, checks: Checks) -> Merging {
    let stage = Stage::new();
    let (repository, request, head) = request(&stage, rules, checks).await;
    stage
        .forge
        .merge(&repository, &request, &head)
        .await
        .unwrap()
}

#[tokio::test]
async fn nothing_in_the_way_is_merged_at_once() {
    assert_eq!(merge(Rules::default(), Checks::None).await, Merging::Merged);
    assert_eq!(
        merge(Rules::default(), Checks::Passed).await,
        Merging::Merged
    );
}

#[tokio::test]
async fn a_running_pipeline_is_waited_for() {
    let rules = Rules {
        auto_merge: true,
        checks: true,
        ..Rules::default()
    };
    assert_eq!(
        merge(rules.clone(), Checks::Pending).await,
        Merging::Automatic
    );
    // Where nothing demands it, too.
    let free = Rules {
        checks: false,
        ..rules
    };
    let waiting = merge(free, Checks::Pending).await;
    assert!(!matches!(waiting, Merging::Merged), "{waiting:?}");
}

#[tokio::test]
async fn a_train_is_boarded_where_there_is_one() {
    let rules = Rules {
        queue: true,
        ..Rules::default()
    };
    assert_eq!(merge(rules, Checks::Passed).await, Merging::Queued);
}

#[tokio::test]
async fn what_is_missing_is_said() {
    for (rules, checks, sentence) in [
        (
            Rules {
                approvals: 1,
                ..Rules::default()
            },
            Checks::Passed,
            "it lacks an approval",
        ),
        (
            Rules {
                checks: true,
                ..Rules::default()
            },
            Checks::Failed,
            "its pipeline did not pass",
        ),
    ] {
        let waiting = Merging::Waiting(sentence.to_owned());
        assert_eq!(merge(rules, checks).await, waiting);
    }
}

#[tokio::test]
async fn a_head_that_moved_is_not_merged() {
    let stage = Stage::new();
    let (repository, request, head) = request(&stage, Rules::default(), Checks::None).await;
    stage.server.with(|store| {
        let id = store.named("api").unwrap().id;
        let edits = [Edit::file("theirs", "x")];
        let by = Actor::user("mallory");
        let any = Expected::FastForward;
        store
            .commit(id, &by, "fullsend/enroll", any, &edits, "Mine")
            .unwrap();
    });
    let late = stage.forge.merge(&repository, &request, &head).await;
    assert!(matches!(late.unwrap_err().reason(), Reason::Moved));
    let state = stage
        .server
        .with(|store| store.named("api").unwrap().requests[&1].state);
    assert_eq!(state, RequestState::Open);
}

#[tokio::test]
async fn a_conflict_and_what_is_over_are_said() {
    let stage = Stage::new();
    let (repository, request, head) = request(&stage, Rules::default(), Checks::None).await;
    let conflict = |text: &'static str| {
        stage.server.with(|store| {
            let id = store.named("api").unwrap().id;
            let edits = [Edit::file("fullsend.yaml", text)];
            let by = Actor::user("alice");
            let any = Expected::FastForward;
            store.commit(id, &by, "main", any, &edits, "Mine").unwrap();
        });
    };
    conflict("mine\n");
    let merged = stage
        .forge
        .merge(&repository, &request, &head)
        .await
        .unwrap();
    let waiting = Merging::Waiting("it conflicts with the default branch".to_owned());
    assert_eq!(merged, waiting);
    stage.forge.close(&repository, &request).await.unwrap();
    let merged = stage
        .forge
        .merge(&repository, &request, &head)
        .await
        .unwrap();
    assert_eq!(merged, Merging::Waiting("it is closed".to_owned()));
}

#[tokio::test]
async fn an_account_that_may_not_merge_waits_for_one_that_may() {
    let stage = Stage::of(Instance::default(), Actor::user("fullsend"));
    let (repository, request, head) = request(&stage, Rules::default(), Checks::None).await;
    stage.server.with(|store| {
        let id = store.named("api").unwrap().id;
        store.repository_mut(id).unwrap().read_only = true;
    });
    let merged = stage
        .forge
        .merge(&repository, &request, &head)
        .await
        .unwrap();
    let Merging::Waiting(why) = merged else {
        panic!("{merged:?}");
    };
    assert!(why.contains("may not merge it"), "{why}");
}
