//! What is seen of many projects, and by how many calls.

use fullsend::{
    config::Visibility as Shown,
    forge::{EntryMode, RequestState, Watch, blob_id},
};
use fullsend_testkit::forge::{
    Actor, Checks, Edit, Expected, Instance, Opening, Repository, Visibility,
};

use super::{Stage, commit_id, watch};

#[tokio::test]
async fn three_hundred_projects_in_subgroups_take_six_calls() {
    let stage = Stage::new();
    for at in 0..300 {
        stage.add(&format!("team-{}/project-{at:03}", at % 7));
    }
    let seen = stage.forge.survey(&watch()).await.unwrap();
    assert_eq!(seen.len(), 300);
    assert!(seen.is_sorted_by(|a, b| a.repository.name < b.repository.name));
    assert_eq!(seen[0].repository.name, "team-0/project-000");
    assert_eq!(seen[0].repository.full_name, "acme/team-0/project-000");
    let operations = stage.operations();
    let count = |name: &str| operations.iter().filter(|it| *it == name).count();
    assert_eq!((count("projects"), count("query")), (3, 3));
    assert_eq!(operations.len(), 6);
}

#[tokio::test]
async fn a_call_more_for_each_project_that_has_the_branch() {
    let stage = Stage::new();
    for at in 0..20 {
        let id = stage.add(&format!("project-{at:02}"));
        if at < 3 {
            enrol(&stage, id);
        }
    }
    stage.operations();
    let seen = stage.forge.survey(&watch()).await.unwrap();
    assert_eq!(seen.iter().filter(|it| it.branch.is_some()).count(), 3);
    assert_eq!(
        stage.operations(),
        ["projects", "query", "branch", "branch", "branch"]
    );
}

/// Our branch with one commit, and the request from it.
fn enrol(stage: &Stage, id: u64) {
    stage.server.with(|store| {
        let by = Actor::user("fullsend");
        let head = store.repository(id).unwrap().head().unwrap();
        store.set_ref(id, "refs/heads/fullsend/enroll", Some(head));
        let edits = [Edit::file("fullsend.yaml", "version: 1\n")];
        let at = Expected::At(head);
        let message = "Enrol\n\nFullsend-Branch: fullsend/enroll\n";
        store
            .commit(id, &by, "fullsend/enroll", at, &edits, message)
            .unwrap();
        let opening = Opening {
            branch: "fullsend/enroll",
            base: "main",
            title: "Run agents",
            body: "",
            draft: false,
        };
        store.open(id, &by, &opening).unwrap();
    });
}

#[tokio::test]
async fn a_project_is_seen_as_it_is() {
    let stage = Stage::new();
    let mut repository = Repository::new("team/api");
    repository.visibility = Visibility::Internal;
    repository.topics = vec!["agents".to_owned()];
    (repository.fork, repository.mirror) = (true, true);
    repository.rules.signed = true;
    repository.rules.approvals = 2;
    repository.rules.queue = true;
    repository.rules.protected = true;
    let id = stage.server.add(
        repository,
        &[
            Edit::executable(".gitlab-ci.yml", "a: {}\n"),
            Edit::link("fullsend.yaml", "elsewhere"),
        ],
    );
    let seen = stage.forge.survey(&watch()).await.unwrap().remove(0);
    let head = stage
        .server
        .with(|store| store.repository(id).unwrap().head().unwrap());
    assert_eq!(seen.head, Some(commit_id(head)));
    let about = seen.repository;
    assert_eq!(
        (about.id, about.name.as_str()),
        (id.to_string(), "team/api")
    );
    assert_eq!(about.visibility, Shown::Internal);
    assert_eq!(about.topics, ["agents"]);
    assert_eq!(about.default_branch.as_deref(), Some("main"));
    assert!(about.is_fork && about.is_mirror && about.may_push && about.takes_requests);
    assert!(about.rules.signed && !about.rules.may_push && about.methods.queue);
    let ci = &seen.files[".gitlab-ci.yml"];
    assert_eq!((ci.mode, ci.size), (EntryMode::Executable, Some(6)));
    assert_eq!(ci.id, blob_id(b"a: {}\n"));
    assert_eq!(seen.files["fullsend.yaml"].mode, EntryMode::Link);
    assert!(seen.branch.is_none() && seen.request.is_none() && seen.open.is_empty());
}

#[tokio::test]
async fn our_branch_and_request_are_seen() {
    let stage = Stage::new();
    let id = stage.add("api");
    enrol(&stage, id);
    stage.server.with(|store| {
        let repository = store.repository_mut(id).unwrap();
        repository.rules.approvals = 1;
        repository.requests.get_mut(&1).unwrap().checks = Checks::Pending;
    });
    let seen = stage.look("api", &watch()).await;
    let branch = seen.branch.unwrap();
    assert_eq!((branch.ahead_count, branch.behind_count), (1, 0));
    assert_eq!(branch.ahead[0].author, "fullsend");
    assert!(
        branch.ahead[0]
            .message
            .contains("Fullsend-Branch: fullsend/enroll")
    );
    assert_eq!(branch.files["fullsend.yaml"].id, blob_id(b"version: 1\n"));
    let request = seen.request.unwrap();
    assert_eq!((request.number, request.state), (1, RequestState::Open));
    assert_eq!(request.head, Some(branch.head));
    assert_eq!(request.checks, fullsend::forge::Checks::Pending);
    assert_eq!(request.mergeable, fullsend::forge::Mergeable::Blocked);
    assert_eq!(seen.repository.rules.approvals, 1);
}

#[tokio::test]
async fn a_branch_that_went_its_own_way_is_counted() {
    let stage = Stage::new();
    let id = stage.add("api");
    enrol(&stage, id);
    stage.server.with(|store| {
        let stranger = Actor::user("mallory");
        for (branch, path) in [("main", "a"), ("main", "b"), ("fullsend/enroll", "c")] {
            let edits = [Edit::file(path, "x")];
            let any = Expected::FastForward;
            store
                .commit(id, &stranger, branch, any, &edits, "Mine")
                .unwrap();
        }
    });
    let branch = stage.look("api", &watch()).await.branch.unwrap();
    assert_eq!((branch.ahead_count, branch.behind_count), (2, 2));
    assert_eq!(branch.ahead[0].author, "mallory");
}

#[tokio::test]
async fn a_fork_cannot_pose_as_our_branch() {
    let stage = Stage::new();
    let id = stage.add("api");
    enrol(&stage, id);
    stage.server.with(|store| {
        let repository = store.repository_mut(id).unwrap();
        let ours = repository.requests[&1].clone();
        for number in 2..=9 {
            let mut theirs = ours.clone();
            (theirs.number, theirs.foreign) = (number, true);
            "mallory".clone_into(&mut theirs.author);
            repository.requests.insert(number, theirs);
        }
    });
    let request = stage.look("api", &watch()).await.request.unwrap();
    assert_eq!((request.number, request.author.as_str()), (1, "fullsend"));
}

#[tokio::test]
async fn watched_requests_are_found_behind_a_page_of_others() {
    let stage = Stage::new();
    let id = stage.add("api");
    stage.server.with(|store| {
        let by = Actor::user("renovate");
        let head = store.repository(id).unwrap().head().unwrap();
        for number in 0..30 {
            let start = if number < 2 { "renovate" } else { "other" };
            let branch = format!("{start}/{number}");
            store.set_ref(id, &format!("refs/heads/{branch}"), Some(head));
            let edits = [Edit::file("x", number.to_string())];
            let any = Expected::FastForward;
            store.commit(id, &by, &branch, any, &edits, "Bump").unwrap();
            let opening = Opening {
                branch: &branch,
                base: "main",
                title: "Bump",
                body: "",
                draft: false,
            };
            store.open(id, &by, &opening).unwrap();
        }
    });
    let open = stage.look("api", &watch()).await.open;
    let branches: Vec<_> = open.iter().map(|it| it.branch.as_str()).collect();
    assert_eq!(branches, ["renovate/1", "renovate/0"]);
}

#[tokio::test]
async fn a_renamed_project_is_seen_under_its_new_name() {
    let stage = Stage::new();
    let id = stage.add("old");
    stage.server.with(|store| store.rename(id, "team/new"));
    let seen = stage.look("old", &Watch::default()).await;
    assert_eq!(seen.repository.name, "team/new");
    let names = ["nowhere".to_owned(), "team/new".to_owned()];
    let seen = stage.forge.look(&names, &Watch::default()).await.unwrap();
    assert!(seen[0].is_none() && seen[1].is_some());
}

#[tokio::test]
async fn an_empty_project_has_no_head() {
    let stage = Stage::new();
    stage.server.add(Repository::new("empty"), &[]);
    let seen = stage.look("empty", &watch()).await;
    assert_eq!((seen.head, seen.repository.default_branch), (None, None));
}

#[tokio::test]
async fn a_strict_instance_is_asked_for_less_at_once() {
    let instance = Instance {
        complexity: 160,
        ..Instance::default()
    };
    let stage = Stage::of(instance, Actor::user("fullsend"));
    for at in 0..100 {
        stage.add(&format!("project-{at:03}"));
    }
    assert_eq!(stage.forge.survey(&watch()).await.unwrap().len(), 100);
    let first = stage.operations();
    let queries = first.iter().filter(|it| *it == "query").count();
    assert!((3..=8).contains(&queries), "{queries}");
    // What was too much once is not asked again.
    stage.forge.survey(&watch()).await.unwrap();
    let second = stage.operations();
    assert!(second.len() < first.len(), "{second:?}");
}

#[tokio::test]
async fn an_instance_without_a_licence_is_asked_for_what_it_has() {
    let instance = Instance {
        enterprise: false,
        ..Instance::default()
    };
    let stage = Stage::of(instance, Actor::user("fullsend"));
    let id = stage.add("api");
    enrol(&stage, id);
    let seen = stage.forge.survey(&watch()).await.unwrap();
    assert!(seen[0].request.is_some() && !seen[0].repository.is_mirror);
    let first = stage.operations().len();
    stage.forge.survey(&watch()).await.unwrap();
    assert!(stage.operations().len() < first);
}
