//! What is seen of many repositories, and by how many calls.

use fullsend::{
    config::Visibility as Shown,
    forge::{Checks as Said, EntryMode, Mergeable, RequestState, Watch, blob_id},
};
use fullsend_testkit::forge::{Actor, Checks, Edit, Expected, Opening, Repository, Visibility};

use super::{BRANCH, Stage, commit_id, watch};

#[tokio::test]
async fn three_hundred_repositories_take_three_calls() {
    let stage = Stage::new();
    for at in 0..300 {
        let id = stage.add(&format!("repository-{at:03}"));
        if at % 100 == 7 {
            stage.enrol(id, "fullsend");
        }
    }
    let seen = stage.forge.survey(&watch()).await.unwrap();
    assert_eq!(seen.len(), 300);
    assert!(seen.is_sorted_by(|a, b| a.repository.name < b.repository.name));
    assert_eq!(seen.iter().filter(|it| it.branch.is_some()).count(), 3);
    assert_eq!(stage.server.calls().len(), 3);
    stage.server.clear_calls();
    let names: Vec<_> = seen.iter().map(|it| it.repository.name.clone()).collect();
    let looked = stage.forge.look(&names, &watch()).await.unwrap();
    let looked: Vec<_> = looked.into_iter().map(Option::unwrap).collect();
    assert_eq!(looked, seen);
    assert_eq!(stage.server.calls().len(), 3);
}

#[tokio::test]
async fn a_repository_is_seen_as_it_is() {
    let stage = Stage::new();
    let mut repository = Repository::new("api");
    repository.visibility = Visibility::Internal;
    repository.topics = vec!["agents".to_owned()];
    (repository.fork, repository.mirror) = (true, true);
    repository.rules.signed = true;
    repository.rules.approvals = 2;
    repository.rules.protected = true;
    repository.rules.queue = true;
    repository.rules.rebase = false;
    let workflow = ".github/workflows/agents.yml";
    let edits = [
        Edit::executable(workflow, "on: push\n"),
        Edit::link("fullsend.yaml", "elsewhere"),
    ];
    let id = stage.server.add(repository, &edits);
    let seen = stage.forge.survey(&watch()).await.unwrap().remove(0);
    let head = stage
        .server
        .with(|store| store.repository(id).unwrap().head());
    assert_eq!(seen.head, head.map(commit_id));
    let about = seen.repository;
    assert_eq!(
        (about.name.as_str(), about.full_name.as_str()),
        ("api", "acme/api")
    );
    assert_eq!(about.visibility, Shown::Internal);
    assert_eq!(about.topics, ["agents"]);
    assert_eq!(about.default_branch.as_deref(), Some("main"));
    assert!(about.is_fork && about.is_mirror && about.may_push && about.takes_requests);
    assert!(about.rules.signed && !about.rules.may_push);
    assert_eq!(about.rules.approvals, 2);
    assert!(about.methods.queue && about.methods.squash && !about.methods.rebase);
    let file = &seen.files[workflow];
    assert_eq!((file.mode, file.size), (EntryMode::Executable, Some(9)));
    assert_eq!(file.id, blob_id(b"on: push\n"));
    assert_eq!(seen.files["fullsend.yaml"].mode, EntryMode::Link);
    assert!(seen.branch.is_none() && seen.request.is_none() && seen.open.is_empty());
}

#[tokio::test]
async fn our_branch_and_request_are_seen() {
    let stage = Stage::new();
    let id = stage.add("api");
    stage.enrol(id, "fullsend");
    stage.server.with(|store| {
        let stranger = Actor::user("mallory");
        for (branch, path) in [("main", "a"), ("main", "b"), (BRANCH, "c")] {
            let edits = [Edit::file(path, "x")];
            let any = Expected::FastForward;
            store
                .commit(id, &stranger, branch, any, &edits, "Mine")
                .unwrap();
        }
        let repository = store.repository_mut(id).unwrap();
        repository.requests.values_mut().next().unwrap().checks = Checks::Pending;
    });
    let seen = stage.look("api", &watch()).await;
    let branch = seen.branch.unwrap();
    assert_eq!((branch.ahead_count, branch.behind_count), (2, 2));
    assert_eq!(branch.ahead[0].author, "mallory");
    assert!(
        branch.ahead[1]
            .message
            .contains("Fullsend-Branch: fullsend/enroll")
    );
    assert_eq!(branch.files["fullsend.yaml"].id, blob_id(b"version: 1\n"));
    let request = seen.request.unwrap();
    assert_eq!(
        (request.state, request.checks),
        (RequestState::Open, Said::Pending)
    );
    assert_eq!(request.head, Some(branch.head));
    assert_ne!(request.mergeable, Mergeable::Conflicts);
    assert_eq!(request.author, "fullsend");
}

#[tokio::test]
async fn a_fork_cannot_pose_as_our_branch() {
    let stage = Stage::new();
    let id = stage.add("api");
    stage.enrol(id, "fullsend");
    stage.server.with(|store| {
        let repository = store.repository_mut(id).unwrap();
        let ours = repository.requests.values().next().unwrap().clone();
        for number in 101..=108 {
            let mut theirs = ours.clone();
            (theirs.number, theirs.foreign) = (number, true);
            "mallory".clone_into(&mut theirs.author);
            repository.requests.insert(number, theirs);
        }
    });
    let request = stage.look("api", &watch()).await.request.unwrap();
    assert_eq!(request.author, "fullsend");
}

#[tokio::test]
async fn watched_requests_are_told_newest_first() {
    let stage = Stage::new();
    let id = stage.add("api");
    stage.server.with(|store| {
        let by = Actor::app("renovate");
        let head = store.repository(id).unwrap().head().unwrap();
        for branch in ["renovate/1", "other/2", "renovate/3"] {
            store.clock.advance(std::time::Duration::from_mins(1));
            store.set_ref(id, &format!("refs/heads/{branch}"), Some(head));
            let edits = [Edit::file("x", branch)];
            let any = Expected::FastForward;
            store.commit(id, &by, branch, any, &edits, "Bump").unwrap();
            let opening = Opening {
                branch,
                base: "main",
                title: "Bump",
                body: "",
                draft: false,
            };
            store.open(id, &by, &opening).unwrap();
        }
    });
    let open = stage.look("api", &watch()).await.open;
    let told: Vec<_> = open
        .iter()
        .map(|it| (it.branch.as_str(), it.author.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("renovate/3", "renovate[bot]"),
            ("renovate/1", "renovate[bot]")
        ]
    );
}

#[tokio::test]
async fn what_may_not_be_seen_is_left_out() {
    let stage = Stage::new();
    stage.add("api");
    let mut hidden = Repository::new("hidden");
    hidden.forbidden = true;
    stage.server.add(hidden, &[Edit::file("a", "b")]);
    let seen = stage.forge.survey(&watch()).await.unwrap();
    assert_eq!(seen.len(), 1);
    let names = ["hidden", "nowhere", "api"].map(str::to_owned);
    let seen = stage.forge.look(&names, &watch()).await.unwrap();
    let seen: Vec<_> = seen.iter().map(Option::is_some).collect();
    assert_eq!(seen, [false, false, true]);
}

#[tokio::test]
async fn a_renamed_one_has_its_new_name_and_an_empty_one_no_head() {
    let stage = Stage::new();
    let id = stage.add("old");
    stage.server.with(|store| store.rename(id, "new"));
    assert_eq!(
        stage.look("old", &Watch::default()).await.repository.name,
        "new"
    );
    stage.server.add(Repository::new("empty"), &[]);
    let seen = stage.look("empty", &watch()).await;
    assert_eq!((seen.head, seen.repository.default_branch), (None, None));
}
