//! Where GraphQL is closed, the same comes by REST.

use fullsend::forge::{Commit, Reason, RequestState as State, Watch};
use fullsend_testkit::forge::{Actor, Clock, Edit, Repository};

use super::{BRANCH, Stage, change, first, message, refused, watch};

#[tokio::test]
async fn a_look_tells_the_same() {
    let (open, closed) = (Stage::new(), Stage::closed(Actor::user("fullsend")));
    let mut told = Vec::new();
    for stage in [&open, &closed] {
        // The time is part of a commit's name.
        let now = Clock::at(1_700_000_000);
        stage.server.with(|store| store.clock = now);
        let mut repository = Repository::new("api");
        repository.topics = vec!["agents".to_owned()];
        repository.rules.signed = true;
        let edits = [
            Edit::file(".github/workflows/agents.yml", "on: push\n"),
            Edit::file("a", "b"),
        ];
        let id = stage.server.add(repository, &edits);
        stage.enrol(id, "fullsend");
        stage.server.add(Repository::new("empty"), &[]);
        let mut seen = stage.forge.survey(&watch()).await.unwrap();
        for seen in &mut seen {
            for request in seen.request.iter_mut().chain(&mut seen.open) {
                // Each server has a port of its own.
                request.url.clear();
            }
        }
        told.push(seen);
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn a_proposal_is_made_and_changed() {
    let stage = Stage::closed(Actor::user("fullsend"));
    stage.add("api");
    let (repository, base) = stage.repository("api").await;
    let changes = [
        change("fullsend.yaml", Some("version: 1\n")),
        change("README.md", None),
    ];
    let request = stage.propose(&repository, &base, &changes).await.unwrap();
    let seen = stage.look("api", &watch()).await;
    let branch = seen.branch.unwrap();
    assert_eq!(branch.ahead_count, 1);
    assert!(branch.files.contains_key("fullsend.yaml"));
    let again = refused(stage.propose(&repository, &base, &changes).await);
    assert!(matches!(again.reason(), Reason::Exists), "{again}");
    let commit = Commit {
        repository: &repository,
        branch: BRANCH,
        parent: &branch.head,
        changes: &[change("fullsend.yaml", Some("version: 1\n# more\n"))],
        message: &message(),
    };
    let made = stage.forge.commit(&commit).await.unwrap();
    let moved = refused(stage.forge.commit(&commit).await);
    assert!(matches!(moved.reason(), Reason::Moved), "{moved}");
    stage
        .forge
        .describe(&repository, &request, "Other", "Text")
        .await
        .unwrap();
    stage.forge.close(&repository, &request).await.unwrap();
    let seen = stage.look("api", &watch()).await.request.unwrap();
    assert_eq!((seen.state, seen.title.as_str()), (State::Closed, "Other"));
    stage
        .forge
        .delete_branch(&repository, BRANCH, &made)
        .await
        .unwrap();
    assert!(stage.look("api", &watch()).await.branch.is_none());
}

#[tokio::test]
async fn a_signed_commit_needs_an_app() {
    let stage = Stage::closed(Actor::user("fullsend"));
    let mut signed = Repository::new("api");
    signed.rules.signed = true;
    stage.server.add(signed, &[Edit::file("a", "b")]);
    let (repository, base) = stage.repository("api").await;
    assert!(repository.rules.signed);
    let error = refused(stage.propose(&repository, &base, &first()).await);
    assert!(matches!(error.reason(), Reason::NeedsApp), "{error}");
    assert!(stage.look("api", &watch()).await.branch.is_none());
}

#[tokio::test]
async fn names_that_are_gone_are_told() {
    let stage = Stage::closed(Actor::user("fullsend"));
    let id = stage.add("old");
    stage.server.with(|store| store.rename(id, "new"));
    let names = ["nowhere".to_owned(), "old".to_owned()];
    let seen = stage.forge.look(&names, &Watch::default()).await.unwrap();
    assert!(seen[0].is_none());
    assert_eq!(seen[1].as_ref().unwrap().repository.name, "new");
}
