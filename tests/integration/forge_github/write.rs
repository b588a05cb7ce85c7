//! What is changed, by how many calls, and what is refused.

use fullsend::{
    forge::{Commit, Reason, RequestState as State},
    seam::files,
};
use fullsend_testkit::forge::{Actor, Edit, Expected, Repository, Right, Told, When};

use super::{BRANCH, Stage, change, commit_id, first, message, refused, watch};

#[tokio::test]
async fn a_proposal_is_one_call() {
    let stage = Stage::new();
    stage.add("api");
    let (repository, base) = stage.repository("api").await;
    stage.server.clear_calls();
    let changes = [
        change("fullsend.yaml", Some("version: 1\n")),
        change("README.md", None),
        change(".github/workflows/ünï code.yml", Some("on: push\n")),
    ];
    let request = stage.propose(&repository, &base, &changes).await.unwrap();
    assert_eq!(stage.server.calls().len(), 1);
    assert_eq!(request.branch, BRANCH);
    let folder = tempfile::tempdir().unwrap();
    stage.server.with(|store| {
        let id = store.named("api").unwrap().id;
        let head = store.repository(id).unwrap().branch(BRANCH);
        store.set_ref(id, "refs/heads/main", head);
        let commit = store.objects.commit(head.unwrap()).unwrap();
        assert_eq!(commit.message.trim_end(), message().text());
        assert!(commit.signed);
    });
    stage.server.checkout("api", folder.path());
    let read = |path: &str| files::read(&folder.path().join(path), 1 << 20).ok();
    assert_eq!(read("fullsend.yaml").as_deref(), Some(&b"version: 1\n"[..]));
    assert_eq!(
        read(".github/workflows/ünï code.yml").as_deref(),
        Some(&b"on: push\n"[..])
    );
    assert_eq!(read("README.md"), None);
    let seen = stage.look("api", &watch()).await;
    assert_eq!(seen.request.map(|it| it.id), Some(request.id));
}

#[tokio::test]
async fn what_is_there_is_not_overwritten() {
    let stage = Stage::new();
    let id = stage.add("api");
    let (repository, base) = stage.repository("api").await;
    stage.propose(&repository, &base, &first()).await.unwrap();
    let refs = || {
        stage
            .server
            .with(|store| store.repository(id).unwrap().refs.clone())
    };
    let before = refs();
    let again = refused(stage.propose(&repository, &base, &first()).await);
    assert!(matches!(again.reason(), Reason::Exists), "{again}");
    let open = refused(stage.forge.open(&repository, BRANCH, "Again", "").await);
    assert!(matches!(open.reason(), Reason::Exists), "{open}");
    let made = refused(stage.forge.create_branch(&repository, BRANCH, &base).await);
    assert!(matches!(made.reason(), Reason::Exists), "{made}");
    assert_eq!(refs(), before);
}

#[tokio::test]
async fn a_branch_that_moved_is_left_alone() {
    let stage = Stage::new();
    let id = stage.add("api");
    let (repository, base) = stage.repository("api").await;
    stage
        .forge
        .create_branch(&repository, BRANCH, &base)
        .await
        .unwrap();
    let theirs = stage.server.with(|store| {
        let edits = [Edit::file("a", "theirs")];
        let any = Expected::FastForward;
        let by = Actor::user("mallory");
        store.commit(id, &by, BRANCH, any, &edits, "Mine").unwrap()
    });
    let ours = Commit {
        repository: &repository,
        branch: BRANCH,
        parent: &base,
        changes: &first(),
        message: &message(),
    };
    let moved = refused(stage.forge.commit(&ours).await);
    assert!(matches!(moved.reason(), Reason::Moved), "{moved}");
    let moved = refused(stage.forge.delete_branch(&repository, BRANCH, &base).await);
    assert!(matches!(moved.reason(), Reason::Moved), "{moved}");
    let onto = Commit {
        parent: &commit_id(theirs),
        ..ours
    };
    let made = stage.forge.commit(&onto).await.unwrap();
    let tip = stage.look("api", &watch()).await.branch.unwrap().head;
    assert_eq!(tip, made);
    stage
        .forge
        .delete_branch(&repository, BRANCH, &made)
        .await
        .unwrap();
    assert!(stage.look("api", &watch()).await.branch.is_none());
    // One that is gone is deleted.
    stage
        .forge
        .delete_branch(&repository, BRANCH, &made)
        .await
        .unwrap();
}

#[tokio::test]
async fn somebody_faster_is_noticed() {
    let stage = Stage::new();
    let id = stage.add("api");
    let (repository, base) = stage.repository("api").await;
    stage.server.meanwhile(When::Write(1), move |store| {
        let head = store.repository(id).unwrap().head().unwrap();
        store.set_ref(id, "refs/heads/fullsend/enroll", Some(head));
    });
    let error = refused(stage.propose(&repository, &base, &first()).await);
    assert!(matches!(error.reason(), Reason::Exists), "{error}");
}

#[tokio::test]
async fn requests_are_closed_opened_and_described() {
    let stage = Stage::new();
    stage.add("api");
    let (repository, base) = stage.repository("api").await;
    let request = stage.propose(&repository, &base, &first()).await.unwrap();
    let state = async || stage.look("api", &watch()).await.request.unwrap();
    stage.forge.close(&repository, &request).await.unwrap();
    assert_eq!(state().await.state, State::Closed);
    stage.forge.reopen(&repository, &request).await.unwrap();
    assert_eq!(state().await.state, State::Open);
    stage
        .forge
        .describe(&repository, &request, "Other", "Text")
        .await
        .unwrap();
    assert_eq!(state().await.title, "Other");
}

#[tokio::test]
async fn what_a_token_lacks_is_named() {
    use Right::{Contents, Read, Requests};
    for (rights, expected) in [
        (&[Read, Contents, Requests][..], "workflow"),
        (&[Read, Requests], "the token lacks"),
    ] {
        for told in [Told::Scopes, Told::Nothing] {
            let stage = Stage::of(Actor::user("fullsend").with(rights), told);
            stage.add("api");
            let (repository, base) = stage.repository("api").await;
            let changes = [change(".github/workflows/agents.yml", Some("on: push\n"))];
            let error = refused(stage.propose(&repository, &base, &changes).await);
            assert!(matches!(error.reason(), Reason::Lacks(_)), "{error}");
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}

#[tokio::test]
async fn rules_are_named() {
    let stage = Stage::new();
    let mut protected = Repository::new("api");
    protected.rules.protected = true;
    stage.server.add(protected, &[Edit::file("a", "b")]);
    let (repository, base) = stage.repository("api").await;
    let commit = Commit {
        repository: &repository,
        branch: "main",
        parent: &base,
        changes: &first(),
        message: &message(),
    };
    let error = refused(stage.forge.commit(&commit).await);
    assert!(matches!(error.reason(), Reason::Rules(_)), "{error}");
}
