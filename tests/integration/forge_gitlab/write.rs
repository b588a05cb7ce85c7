//! What is changed, by how many calls, and what is refused.

use fullsend::forge::{Change, Commit, Message, Proposal, Reason, Repository as Seen};
use fullsend::model::commit::CommitId;
use fullsend::seam::files;
use fullsend_testkit::forge::{Actor, Edit, Expected, Instance, RequestState, Right, When};

use super::{Stage, commit_id, reason, watch};

const BRANCH: &str = "fullsend/enroll";

fn message() -> Message {
    Message {
        headline: "Run agents".to_owned(),
        body: "Fullsend-Branch: fullsend/enroll".to_owned(),
    }
}

fn change(path: &str, content: Option<&str>) -> Change {
    Change {
        path: path.to_owned(),
        content: content.map(|it| it.as_bytes().to_vec()),
    }
}

/// Proposes a first file.
async fn propose(
    stage: &Stage,
    repository: &Seen,
    base: &CommitId,
    changes: &[Change],
) -> Result<fullsend::forge::Request, fullsend::forge::ForgeError> {
    let proposal = Proposal {
        repository,
        base,
        branch: BRANCH,
        changes,
        message: &message(),
        title: "Run agents",
        body: "Please.",
    };
    stage.forge.propose(&proposal).await
}

fn first() -> [Change; 1] {
    [change("fullsend.yaml", Some("version: 1\n"))]
}

#[tokio::test]
async fn a_proposal_is_one_read_and_two_writes() {
    let stage = Stage::new();
    stage.add("team/api");
    let (repository, base) = stage.repository("team/api").await;
    stage.operations();
    let changes = [
        change("fullsend.yaml", Some("version: 1\n")),
        change("README.md", None),
        change("never-there", None),
        change("ünï code+%.txt", Some("ok")),
    ];
    let request = propose(&stage, &repository, &base, &changes).await.unwrap();
    assert_eq!(
        stage.operations(),
        ["query", "create commit", "create merge request"]
    );
    assert_eq!((request.number, request.branch.as_str()), (1, BRANCH));
    let folder = tempfile::tempdir().unwrap();
    stage.server.with(|store| {
        let id = store.named("team/api").unwrap().id;
        let head = store.repository(id).unwrap().branch(BRANCH);
        store.set_ref(id, "refs/heads/main", head);
        let message = &store.objects.commit(head.unwrap()).unwrap().message;
        assert_eq!(*message, "Run agents\n\nFullsend-Branch: fullsend/enroll");
    });
    stage.server.checkout("team/api", folder.path());
    let read = |path: &str| files::read(&folder.path().join(path), 1000).ok();
    assert_eq!(read("fullsend.yaml").as_deref(), Some(&b"version: 1\n"[..]));
    assert_eq!(read("ünï code+%.txt").as_deref(), Some(&b"ok"[..]));
    assert_eq!(read("README.md"), None);
}

#[tokio::test]
async fn a_branch_that_is_there_is_not_overwritten() {
    let stage = Stage::new();
    let id = stage.add("api");
    let (repository, base) = stage.repository("api").await;
    propose(&stage, &repository, &base, &first()).await.unwrap();
    let before = stage
        .server
        .with(|store| store.repository(id).unwrap().refs.clone());
    let again = propose(&stage, &repository, &base, &first()).await;
    assert!(matches!(again.unwrap_err().reason(), Reason::Exists));
    let after = stage
        .server
        .with(|store| store.repository(id).unwrap().refs.clone());
    assert_eq!(before, after);
    let open = stage.forge.open(&repository, BRANCH, "Again", "").await;
    assert!(matches!(open.unwrap_err().reason(), Reason::Exists));
    let made = stage.forge.create_branch(&repository, BRANCH, &base).await;
    assert!(matches!(made.unwrap_err().reason(), Reason::Exists));
}

#[tokio::test]
async fn a_link_is_not_written_through() {
    let stage = Stage::new();
    let edits = [Edit::link("fullsend.yaml", "/etc/passwd")];
    stage
        .server
        .add(fullsend_testkit::forge::Repository::new("api"), &edits);
    let (repository, base) = stage.repository("api").await;
    let (text, _) = reason(propose(&stage, &repository, &base, &first()).await);
    assert!(text.contains("fullsend.yaml is a symbolic link"), "{text}");
}

#[tokio::test]
async fn nothing_to_change_is_no_commit() {
    let stage = Stage::new();
    stage.add("api");
    let (repository, base) = stage.repository("api").await;
    let same = [change("README.md", Some("hello\n")), change("gone", None)];
    let (text, _) = reason(propose(&stage, &repository, &base, &same).await);
    assert!(text.contains("there is nothing to change"), "{text}");
}

async fn commit(
    stage: &Stage,
    repository: &Seen,
    parent: &CommitId,
    changes: &[Change],
) -> Result<CommitId, fullsend::forge::ForgeError> {
    let commit = Commit {
        repository,
        branch: BRANCH,
        parent,
        changes,
        message: &message(),
    };
    stage.forge.commit(&commit).await
}

#[tokio::test]
async fn a_commit_goes_onto_its_parent_alone() {
    let stage = Stage::new();
    let id = stage.add("api");
    let (repository, base) = stage.repository("api").await;
    let nowhere = commit(&stage, &repository, &base, &first()).await;
    assert!(matches!(nowhere.unwrap_err().reason(), Reason::Moved));
    stage
        .forge
        .create_branch(&repository, BRANCH, &base)
        .await
        .unwrap();
    let made = commit(&stage, &repository, &base, &first()).await.unwrap();
    let more = [change("fullsend.yaml", Some("version: 1\nagents: {}\n"))];
    let stale = commit(&stage, &repository, &base, &more).await;
    assert!(matches!(stale.unwrap_err().reason(), Reason::Moved));
    let next = commit(&stage, &repository, &made, &more).await.unwrap();
    let head = stage
        .server
        .with(|store| store.repository(id).unwrap().branch(BRANCH).unwrap());
    assert_eq!(next, commit_id(head));
}

/// Somebody who commits to our branch right before our commit arrives.
fn meanwhile(stage: &Stage, id: u64, path: &'static str) {
    let is_commit = |call: &fullsend_testkit::forge::Call| {
        call.method == "POST" && call.path.ends_with("/repository/commits")
    };
    stage
        .server
        .meanwhile(When::Where(Box::new(is_commit)), move |store| {
            let edits = [Edit::file(path, "mine")];
            let by = Actor::user("mallory");
            store
                .commit(id, &by, BRANCH, Expected::FastForward, &edits, "Mine")
                .unwrap();
        });
}

#[tokio::test]
async fn what_somebody_commits_meanwhile_is_never_lost() {
    for (path, is_unsure) in [("fullsend.yaml", false), ("theirs.txt", true)] {
        let stage = Stage::new();
        let id = stage.add("api");
        let (repository, base) = stage.repository("api").await;
        propose(&stage, &repository, &base, &first()).await.unwrap();
        let parent = stage.look("api", &watch()).await.branch.unwrap().head;
        meanwhile(&stage, id, path);
        let more = [change("fullsend.yaml", Some("version: 2\n"))];
        let late = commit(&stage, &repository, &parent, &more).await;
        let (text, unsure) = reason(late);
        assert!(text.contains("the branch has moved"), "{text}");
        assert_eq!(unsure, is_unsure);
        stage.server.with(|store| {
            let head = store.repository(id).unwrap().branch(BRANCH).unwrap();
            let files = store.objects.files_of(head);
            assert_eq!(store.objects.blob(files[path].1).unwrap().as_ref(), b"mine");
        });
    }
}

#[tokio::test]
async fn a_request_is_described_closed_and_opened_again() {
    let stage = Stage::new();
    let id = stage.add("api");
    let (repository, base) = stage.repository("api").await;
    let request = propose(&stage, &repository, &base, &first()).await.unwrap();
    let state = || {
        stage.server.with(|store| {
            let request = &store.repository(id).unwrap().requests[&1];
            (request.title.clone(), request.body.clone(), request.state)
        })
    };
    let gitlab = &stage.forge;
    gitlab
        .describe(&repository, &request, "Another", "Text & more=")
        .await
        .unwrap();
    assert_eq!(
        state(),
        (
            "Another".to_owned(),
            "Text & more=".to_owned(),
            RequestState::Open
        )
    );
    gitlab.close(&repository, &request).await.unwrap();
    assert_eq!(state().2, RequestState::Closed);
    gitlab.reopen(&repository, &request).await.unwrap();
    assert_eq!(state().2, RequestState::Open);
}

#[tokio::test]
async fn a_branch_is_deleted_only_where_it_was_seen() {
    let stage = Stage::new();
    let id = stage.add("api");
    let (repository, base) = stage.repository("api").await;
    propose(&stage, &repository, &base, &first()).await.unwrap();
    let head = stage.look("api", &watch()).await.branch.unwrap().head;
    let stale = stage.forge.delete_branch(&repository, BRANCH, &base).await;
    assert!(matches!(stale.unwrap_err().reason(), Reason::Moved));
    stage
        .forge
        .delete_branch(&repository, BRANCH, &head)
        .await
        .unwrap();
    let gone = stage
        .server
        .with(|store| store.repository(id).unwrap().branch(BRANCH));
    assert_eq!(gone, None);
    stage
        .forge
        .delete_branch(&repository, BRANCH, &head)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_pushed_while_a_branch_is_deleted_stays() {
    let stage = Stage::new();
    stage
        .server
        .with(|store| store.clock = fullsend_testkit::forge::Clock::at(1_700_000_000));
    let id = stage.add("api");
    let (repository, base) = stage.repository("api").await;
    propose(&stage, &repository, &base, &first()).await.unwrap();
    let head = stage.look("api", &watch()).await.branch.unwrap().head;
    let is_delete = |call: &fullsend_testkit::forge::Call| call.method == "DELETE";
    stage
        .server
        .meanwhile(When::Where(Box::new(is_delete)), move |store| {
            store.clock.advance(std::time::Duration::from_mins(1));
            let edits = [Edit::file("theirs", "mine")];
            let by = Actor::user("mallory");
            store
                .commit(id, &by, BRANCH, Expected::FastForward, &edits, "Mine")
                .unwrap();
        });
    let late = stage.forge.delete_branch(&repository, BRANCH, &head).await;
    assert!(matches!(late.unwrap_err().reason(), Reason::Moved));
    let there = stage
        .server
        .with(|store| store.repository(id).unwrap().branch(BRANCH));
    assert!(there.is_some());
}

#[tokio::test]
async fn a_rule_that_wants_signatures_is_kept() {
    for (signs, checks_own, said) in [
        (true, true, None),
        (false, true, Some("Commit must be signed with a GPG key")),
        (false, false, Some("does not sign what it commits")),
    ] {
        let instance = Instance {
            signs,
            checks_own,
            ..Instance::default()
        };
        let stage = Stage::of(instance, Actor::user("fullsend"));
        let id = stage.add("api");
        stage
            .server
            .with(|store| store.repository_mut(id).unwrap().rules.signed = true);
        let (repository, base) = stage.repository("api").await;
        assert!(repository.rules.signed);
        let made = propose(&stage, &repository, &base, &first()).await;
        match said {
            None => drop(made.unwrap()),
            Some(said) => {
                let error = made.unwrap_err();
                assert!(matches!(error.reason(), Reason::Rules(_)), "{error}");
                assert!(error.to_string().contains(said), "{error}");
                let left = stage
                    .server
                    .with(|store| store.repository(id).unwrap().branch(BRANCH));
                assert_eq!(left, None, "an unsigned commit is not left behind");
            }
        }
    }
}

#[tokio::test]
async fn what_the_token_may_not_do_is_said() {
    let reader = Actor::user("reader").with(&[Right::Read, Right::Runs]);
    let stage = Stage::of(Instance::default(), reader);
    stage.add("api");
    let (repository, base) = stage.repository("api").await;
    assert!(!repository.may_push && !repository.takes_requests);
    let refused = propose(&stage, &repository, &base, &first()).await;
    let error = refused.unwrap_err();
    assert!(
        matches!(error.reason(), Reason::Lacks(it) if it == "the scope api"),
        "{error}"
    );
}

#[tokio::test]
async fn a_protected_branch_and_an_archived_project_refuse() {
    let stage = Stage::new();
    let id = stage.add("api");
    let (repository, base) = stage.repository("api").await;
    stage
        .server
        .with(|store| store.repository_mut(id).unwrap().rules.protected = true);
    let direct = Commit {
        repository: &repository,
        branch: "main",
        parent: &base,
        changes: &first(),
        message: &message(),
    };
    let refused = stage.forge.commit(&direct).await.unwrap_err();
    assert!(matches!(refused.reason(), Reason::Rules(_)), "{refused}");
    stage
        .server
        .with(|store| store.repository_mut(id).unwrap().archived = true);
    let refused = propose(&stage, &repository, &base, &first())
        .await
        .unwrap_err();
    assert!(matches!(refused.reason(), Reason::Rules(_)), "{refused}");
    assert!(!stage.look("api", &watch()).await.repository.may_push);
}
