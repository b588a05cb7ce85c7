//! Pipelines, and what our jobs in them say of their sandboxes.

use fullsend::forge::{Ended, RunsOf, SandboxEnd};
use fullsend_testkit::forge::{Annotation, Conclusion, Edit, Repository, Run};
use jiff::Timestamp;

use super::{Stage, reason};

const DAY: i64 = 1_700_000_000;

/// A pipeline that ended so many seconds after the day began.
fn run(stage: &Stage, project: u64, after: i64, end: Conclusion, said: &[(&str, &str)]) {
    stage.server.with(|store| {
        let id = store.number();
        let repository = store.repository_mut(project).unwrap();
        let commit = repository.head().unwrap();
        let said = said.iter().map(|(title, message)| Annotation {
            level: "notice",
            title: (*title).to_owned(),
            message: (*message).to_owned(),
        });
        repository.runs.push(Run {
            id,
            workflow: 0,
            commit,
            branch: "main".to_owned(),
            event: "push".to_owned(),
            conclusion: end,
            annotations: said.collect(),
            started: DAY + after - 10,
            ended: (end != Conclusion::Running).then_some(DAY + after),
        });
    });
}

async fn runs(stage: &Stage, projects: &[u64]) -> Vec<Vec<fullsend::forge::Run>> {
    let of: Vec<_> = projects
        .iter()
        .map(|id| RunsOf {
            repository: id.to_string(),
            full_name: "acme/api".to_owned(),
            workflow: String::new(),
        })
        .collect();
    let since = Timestamp::from_second(DAY).unwrap();
    stage.forge.runs(&of, since).await.unwrap()
}

fn report(kind: &str) -> String {
    format!(r#"{{"schema_version": 1, "outcome": {{"kind": "{kind}", "code": 7}}}}"#)
}

#[tokio::test]
async fn runs_end_as_our_jobs_do() {
    let stage = Stage::new();
    let id = stage.add("api");
    let other = stage.add("idle");
    run(&stage, id, -100, Conclusion::Passed, &[]);
    run(&stage, id, 10, Conclusion::Passed, &[]);
    run(&stage, id, 20, Conclusion::NotStarted, &[]);
    run(&stage, id, 30, Conclusion::Cancelled, &[]);
    run(&stage, id, 40, Conclusion::Running, &[]);
    run(&stage, id, 50, Conclusion::Passed, &[("job", "unit-tests")]);
    run(&stage, id, 60, Conclusion::Skipped, &[]);
    let found = runs(&stage, &[other, id, 999]).await;
    assert!(found[0].is_empty() && found[2].is_empty());
    let ends: Vec<_> = found[1].iter().map(|it| it.ended).collect();
    assert_eq!(ends, [Ended::Cancelled, Ended::NotStarted, Ended::Passed]);
    assert!(found[1][0].url.contains("/acme/api/-/pipelines/"));
    assert_eq!(found[1][0].at, Timestamp::from_second(DAY + 30).unwrap());
}

#[tokio::test]
async fn a_failed_sandbox_is_told_from_a_failed_agent() {
    let stage = Stage::new();
    let id = stage.add("api");
    let file = "fullsend-report.json";
    let large = format!(
        r#"{{"outcome":{{"kind":"exited"}},"x":"{}"}}"#,
        "y".repeat(2 << 20)
    );
    let cases = [
        (file, report("exited"), Some(SandboxEnd::Agent)),
        (file, report("oom_descendant"), Some(SandboxEnd::Agent)),
        (file, report("launch_failed"), Some(SandboxEnd::Sandbox)),
        (file, report("oom_agent"), Some(SandboxEnd::Sandbox)),
        (file, report("interrupted"), None),
        (file, "<html>".to_owned(), None),
        (file, large, None),
        (
            "failure_reason",
            "image_pull_failure".to_owned(),
            Some(SandboxEnd::Sandbox),
        ),
    ];
    for (at, (title, said, _)) in cases.iter().enumerate() {
        let after = i64::try_from(at).unwrap();
        run(
            &stage,
            id,
            100 - after,
            Conclusion::Failed,
            &[(title, said)],
        );
    }
    let found = runs(&stage, &[id]).await.remove(0);
    let ends: Vec<_> = found.iter().map(|it| it.sandbox).collect();
    let expected: Vec<_> = cases.iter().map(|(_, _, end)| *end).collect();
    assert_eq!(ends, expected);
}

#[tokio::test]
async fn a_refused_image_is_a_dead_sandbox() {
    let stage = Stage::new();
    let id = stage.add("api");
    run(
        &stage,
        id,
        10,
        Conclusion::Failed,
        &[("job", "fullsend-code-verify")],
    );
    run(
        &stage,
        id,
        5,
        Conclusion::Failed,
        &[("job", "fullsend-code-sandbox")],
    );
    let found = runs(&stage, &[id]).await.remove(0);
    assert_eq!(found[0].sandbox, Some(SandboxEnd::Sandbox));
    assert_eq!(
        found[1].sandbox, None,
        "nothing tells, so nothing is guessed"
    );
}

#[tokio::test]
async fn at_most_a_hundred_runs_are_told_newest_first() {
    let stage = Stage::new();
    let id = stage.add("api");
    for after in 0..130 {
        run(&stage, id, after, Conclusion::Passed, &[]);
    }
    stage.operations();
    let found = runs(&stage, &[id]).await.remove(0);
    assert_eq!(found.len(), 100);
    assert_eq!(found[0].at, Timestamp::from_second(DAY + 129).unwrap());
    assert_eq!(stage.operations().len(), 5);
}

#[tokio::test]
async fn a_pipeline_is_started_where_there_is_one() {
    let stage = Stage::new();
    let file = Edit::file(".gitlab-ci.yml", "include: []\n");
    let id = stage.server.add(Repository::new("api"), &[file]);
    let of = |id: u64| RunsOf {
        repository: id.to_string(),
        full_name: "acme/api".to_owned(),
        workflow: ".gitlab-ci.yml".to_owned(),
    };
    let forge = &stage.forge;
    assert_eq!(forge.begun(&of(id), "main").await.unwrap(), []);
    forge.start(&of(id), "main").await.unwrap();
    let begun = forge.begun(&of(id), "main").await.unwrap();
    let (_, head) = stage.repository("api").await;
    assert_eq!(begun.len(), 1);
    assert_eq!(begun[0].commit, Some(head));
    run(&stage, id, 10, Conclusion::Passed, &[]);
    assert_eq!(forge.begun(&of(id), "main").await.unwrap(), begun);
    assert_eq!(forge.begun(&of(id), "other").await.unwrap(), []);
    let other = stage.add("other");
    for (id, branch, wanted) in [
        (id, "other", "Reference not found"),
        (other, "main", "Missing"),
    ] {
        let (error, is_unsure) = reason(forge.start(&of(id), branch).await);
        assert!(!is_unsure && error.contains(wanted), "{error}");
    }
}
