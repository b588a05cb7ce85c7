//! Where GraphQL is closed, the same comes by REST.

use fullsend::forge::{Commit, CommitOf, Reason, RequestState as State, RunsOf, Watch};
use fullsend_testkit::forge::{
    Actor, Annotation, Clock, Conclusion, Edit, Mishap, Repository, When,
};
use jiff::Timestamp;

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

const WORKFLOW: &str = ".github/workflows/agents.yml";

/// Two repositories, of which one ran in every way.
fn with_runs(stage: &Stage) {
    for name in ["api", "idle"] {
        let edits = [Edit::file(WORKFLOW, "on: push\n"), Edit::file("a", name)];
        stage.server.add(Repository::new(name), &edits);
    }
    stage.server.with(|store| {
        let id = store.named("api").unwrap().id;
        for (title, event) in [
            ("fullsend: exited", "push"),
            ("fullsend: sandbox", "pull_request"),
            ("else", "merge_group"),
        ] {
            store.add_run(id, WORKFLOW, Conclusion::Failed);
            let run = store.repository_mut(id).unwrap().runs.last_mut().unwrap();
            event.clone_into(&mut run.event);
            run.annotations.push(Annotation {
                level: "failure",
                title: title.to_owned(),
                message: "It failed".to_owned(),
            });
        }
        for ended in [
            Conclusion::Passed,
            Conclusion::TimedOut,
            Conclusion::NotStarted,
            Conclusion::Cancelled,
            Conclusion::Running,
            Conclusion::Queued,
        ] {
            store.add_run(id, WORKFLOW, ended);
        }
    });
}

#[tokio::test]
async fn runs_are_the_same() {
    let stages = [
        Stage::new(),
        Stage::closed(Actor::user("fullsend")),
        Stage::new(),
    ];
    // Its GraphQL is older than what is asked.
    let runs = |call: &fullsend_testkit::forge::Call| call.path == "/graphql";
    let old = Mishap::errors(
        "undefinedField",
        "Field 'runs' doesn't exist on type 'Workflow'",
    );
    let mut told = Vec::new();
    for (number, stage) in stages.iter().enumerate() {
        with_runs(stage);
        let mut of = Vec::new();
        for name in ["idle", "api", "gone"] {
            let seen = stage
                .forge
                .look(&[name.to_owned()], &Watch::default())
                .await
                .unwrap();
            let id = seen[0]
                .as_ref()
                .map_or_else(String::new, |it| it.repository.id.clone());
            of.push(RunsOf {
                repository: id,
                full_name: format!("acme/{name}"),
                workflow: WORKFLOW.to_owned(),
            });
        }
        if number == 2 {
            stage
                .server
                .faults(When::Where(Box::new(runs)), old.clone(), u32::MAX);
        }
        let all = stage.forge.runs(&of, Timestamp::UNIX_EPOCH).await.unwrap();
        assert!(all[0].is_empty() && all[2].is_empty());
        let mut of_api: Vec<_> = all[1]
            .iter()
            .map(|run| format!("{:?} {:?} {:?}", run.ended, run.sandbox, run.branch))
            .collect();
        of_api.sort();
        assert!(
            all[1]
                .iter()
                .all(|run| run.commit.is_some() && run.url.contains("/runs/"))
        );
        told.push(of_api);
        let later = "2999-01-01T00:00:00Z".parse().unwrap();
        let none = stage.forge.runs(&of, later).await.unwrap();
        assert!(none.iter().all(Vec::is_empty));
    }
    assert_eq!(
        told[0],
        [
            "Cancelled None Some(\"main\")",
            "Failed None None",
            "Failed None Some(\"main\")",
            "Failed Some(Agent) Some(\"main\")",
            "Failed Some(Sandbox) None",
            "NotStarted None Some(\"main\")",
            "Passed None Some(\"main\")",
        ]
    );
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
}

#[tokio::test]
async fn files_of_any_commit_are_the_same() {
    let mut told = Vec::new();
    for stage in [Stage::new(), Stage::closed(Actor::user("fullsend"))] {
        with_runs(&stage);
        let seen = stage.look("api", &watch()).await;
        let of = |commit: &str| CommitOf {
            repository: seen.repository.id.clone(),
            full_name: seen.repository.full_name.clone(),
            commit: commit.parse().unwrap(),
        };
        let head = seen.head.clone().unwrap();
        stage.server.act(&format!("edit api {WORKFLOW} x")).unwrap();
        let now = stage.look("api", &watch()).await.head.unwrap();
        let gone = "0123456789".repeat(4);
        let of = [of(head.as_str()), of(&gone), of(now.as_str())];
        let files = stage.forge.files(&of, &watch().paths).await.unwrap();
        assert_eq!(files[0].as_ref(), Some(&seen.files));
        assert_eq!(files[1], None);
        assert_ne!(files[2], files[0]);
        told.push(files);
    }
    assert_eq!(told[0], told[1]);
}
