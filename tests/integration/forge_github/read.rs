//! Texts, runs and who we are.

use fullsend::forge::{
    Ended, FileAt, IdentityKind, Permission, Run, RunsOf, SandboxEnd, Watch, blob_id,
};
use fullsend_testkit::forge::{Actor, Annotation, Conclusion, Edit, Repository, Told};
use jiff::Timestamp;

use super::{Stage, connect, refused};

const WORKFLOW: &str = ".github/workflows/agents.yml";

#[tokio::test]
async fn texts_are_read_whatever_is_in_them() {
    for stage in [Stage::new(), Stage::closed(Actor::user("fullsend"))] {
        texts_are_read(&stage).await;
    }
}

async fn texts_are_read(stage: &Stage) {
    let binary = [0xff_u8, 0, 1, 2];
    let long = "x".repeat(600_000);
    let edits = [
        Edit::file("text", "hello\n"),
        Edit::file("binary", binary.to_vec()),
        Edit::file("long", long.clone()),
    ];
    stage.server.add(Repository::new("api"), &edits);
    let seen = stage.look("api", &Watch::default()).await;
    let file = |bytes: &[u8]| FileAt {
        repository: seen.repository.id.clone(),
        full_name: seen.repository.full_name.clone(),
        commit: seen.head.clone().unwrap(),
        path: "x".to_owned(),
        blob: blob_id(bytes),
    };
    let wanted = [
        file(b"hello\n"),
        file(&binary),
        file(long.as_bytes()),
        file(b"gone"),
    ];
    let texts = stage.forge.texts(&wanted).await.unwrap();
    let texts: Vec<_> = texts.iter().map(Option::as_deref).collect();
    assert_eq!(texts[0], Some(&b"hello\n"[..]));
    assert_eq!(texts[1], Some(&binary[..]));
    assert_eq!(texts[2], Some(long.as_bytes()));
    assert_eq!(texts[3], None);
}

#[tokio::test]
async fn runs_of_many_are_asked_for_at_once() {
    let stage = Stage::new();
    let of = run_in(&stage, 30).await;
    stage.server.clear_calls();
    let all = stage.forge.runs(&of, Timestamp::UNIX_EPOCH).await.unwrap();
    // A name each, then all runs, then what was said in 90 failed ones.
    assert_eq!(stage.server.calls().len(), 30 + 1 + 2);
    told(&all);
    stage.server.clear_calls();
    let later = Timestamp::now() + jiff::SignedDuration::from_hours(24 * 365 * 50);
    let none = stage.forge.runs(&of, later).await.unwrap();
    assert!(none.iter().all(Vec::is_empty));
    assert_eq!(stage.server.calls().len(), 1);
}

#[tokio::test]
async fn runs_are_told_by_rest_too() {
    let stage = Stage::closed(Actor::user("fullsend"));
    let mut of = run_in(&stage, 3).await;
    stage.server.clear_calls();
    let all = stage.forge.runs(&of, Timestamp::UNIX_EPOCH).await.unwrap();
    told(&all);
    // Of each the runs, and of each failed one its jobs and what these said.
    assert_eq!(stage.server.calls().len(), 3 * (1 + 3 * 2));
    let later = Timestamp::now() + jiff::SignedDuration::from_hours(24 * 365 * 50);
    let none = stage.forge.runs(&of, later).await.unwrap();
    assert!(none.iter().all(Vec::is_empty));
    of[0].workflow = ".github/workflows/none.yml".to_owned();
    let all = stage.forge.runs(&of, Timestamp::UNIX_EPOCH).await.unwrap();
    assert!(all[0].is_empty());
    told(&all[1..]);
}

/// So many repositories with runs of every kind.
async fn run_in(stage: &Stage, count: usize) -> Vec<RunsOf> {
    let mut of = Vec::new();
    for at in 0..count {
        let name = format!("repository-{at:02}");
        let edits = [Edit::file(WORKFLOW, "on: push\n")];
        let id = stage.server.add(Repository::new(&name), &edits);
        stage.server.with(|store| {
            store.add_run(id, WORKFLOW, Conclusion::Passed);
            for title in ["fullsend: exited", "fullsend: sandbox", "else"] {
                store.add_run(id, WORKFLOW, Conclusion::Failed);
                let run = store.repository_mut(id).unwrap().runs.last_mut().unwrap();
                run.annotations.push(Annotation {
                    level: "failure",
                    title: title.to_owned(),
                    message: "It failed".to_owned(),
                });
            }
            store.add_run(id, WORKFLOW, Conclusion::NotStarted);
            store.add_run(id, WORKFLOW, Conclusion::Running);
        });
        let seen = stage.look(&name, &Watch::default()).await.repository;
        of.push(RunsOf {
            repository: seen.id,
            full_name: seen.full_name,
            workflow: WORKFLOW.to_owned(),
        });
    }
    of
}

/// Each of these tells all runs that ended.
fn told(all: &[Vec<Run>]) {
    for runs in all {
        let mut told: Vec<_> = runs.iter().map(|run| (run.ended, run.sandbox)).collect();
        told.sort_by_key(|it| format!("{it:?}"));
        assert_eq!(
            told,
            [
                (Ended::Failed, None),
                (Ended::Failed, Some(SandboxEnd::Agent)),
                (Ended::Failed, Some(SandboxEnd::Sandbox)),
                (Ended::NotStarted, None),
                (Ended::Passed, None),
            ]
        );
    }
}

#[tokio::test]
async fn a_run_is_started_where_its_workflow_allows_that() {
    let stage = Stage::new();
    let edits = [
        Edit::file(WORKFLOW, "on:\n  workflow_dispatch:\n"),
        Edit::file(".github/workflows/fixed.yml", "on: push\n"),
    ];
    stage.server.add(Repository::new("api"), &edits);
    let seen = stage.look("api", &Watch::default()).await;
    let of = |workflow: &str| RunsOf {
        repository: seen.repository.id.clone(),
        full_name: seen.repository.full_name.clone(),
        workflow: workflow.to_owned(),
    };
    let forge = &stage.forge;
    assert_eq!(forge.begun(&of(WORKFLOW), "main").await.unwrap(), []);
    forge.start(&of(WORKFLOW), "main").await.unwrap();
    let begun = forge.begun(&of(WORKFLOW), "main").await.unwrap();
    assert_eq!(begun.len(), 1);
    assert_eq!(begun[0].commit, seen.head);
    // It is one when it has ended, too, and another that ended by itself is none.
    stage.server.with(|store| {
        assert_eq!(store.end_runs(Conclusion::Passed), 1);
        let id = store.named("api").unwrap().id;
        store.add_run(id, WORKFLOW, Conclusion::Passed);
    });
    assert_eq!(forge.begun(&of(WORKFLOW), "main").await.unwrap(), begun);
    assert_eq!(forge.begun(&of(WORKFLOW), "other").await.unwrap(), []);
    assert_eq!(forge.begun(&of("x/none.yml"), "main").await.unwrap(), []);
    for (workflow, branch, wanted) in [
        (
            ".github/workflows/fixed.yml",
            "main",
            "does not have 'workflow_dispatch'",
        ),
        (WORKFLOW, "other", "No ref found"),
        ("x/none.yml", "main", "does not exist"),
    ] {
        let error = refused(forge.start(&of(workflow), branch).await);
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

#[tokio::test]
async fn a_token_tells_whose_it_is() {
    let stage = Stage::new();
    let who = stage.forge.identity().await.unwrap();
    assert_eq!(
        (who.login.as_str(), who.kind),
        ("fullsend", IdentityKind::User)
    );
    assert!(
        who.email.ends_with("+fullsend@users.noreply.127.0.0.1"),
        "{}",
        who.email
    );
    assert!(
        who.lacks(&[Permission::Contents, Permission::Workflows])
            .is_empty()
    );

    stage
        .server
        .with(|store| store.grant("github_pat_x", Actor::user("me"), Told::Nothing));
    let forge = connect(&stage.server, &[("GH_TOKEN", "github_pat_x")]);
    assert_eq!(forge.identity().await.unwrap().granted, None);
}
