//! Runs of workflows.

use jiff::Timestamp;

use super::*;
use crate::forge::{Ended, RunsOf, SandboxEnd};

fn of(name: &str) -> RunsOf {
    RunsOf {
        repository: format!("R_{name}"),
        full_name: format!("acme/{name}"),
        workflow: ".github/workflows/agents.yml".to_owned(),
    }
}

fn run(suite: &str, conclusion: &str, at: &str) -> Value {
    json!({
        "url": format!("https://github.com/acme/api/actions/runs/{suite}"),
        "event": "push",
        "createdAt": at,
        "checkSuite": {
            "branch": {"name": "main"},
            "id": suite, "status": "COMPLETED", "conclusion": conclusion,
            "updatedAt": at, "commit": {"oid": HEAD},
        },
    })
}

fn workflow(id: &str, runs: &[Value]) -> Value {
    json!({"id": id, "runs": {"nodes": runs}})
}

fn said(suite: &str, titles: &[&str]) -> Value {
    let titles: Vec<_> = titles.iter().map(|it| json!({"title": it})).collect();
    json!({"id": suite, "checkRuns": {"nodes": [{"annotations": {"nodes": titles}}, null]}})
}

fn since() -> Timestamp {
    "2026-01-02T00:00:00Z".parse().unwrap()
}

/// The names of workflows by REST, all runs in one question, and what was said in failed ones in
/// another.
#[tokio::test]
async fn failed_runs_tell_whose_fault_it_was() {
    let server = Server::start(|got, _| {
        if got
            .line
            .ends_with("/repos/acme/none/actions/workflows/agents.yml")
        {
            return Say::status(404, &json!({"message": "Not Found"}));
        }
        if !got.is_graphql() {
            return Say::json(&json!({"id": 1, "node_id": "W_1"}));
        }
        if got.query().contains("Annotations") {
            assert_eq!(got.body["variables"]["ids"], json!(["F1", "F2", "F3"]));
            return Say::data(&json!({"nodes": [
                said("F1", &["fullsend: exited", "Node 20 is old"]),
                said("F2", &["fullsend: exited", "fullsend: sandbox"]),
                said("F3", &[]),
            ]}));
        }
        let mut waiting = run("W", "x", "2026-01-03T09:00:00Z");
        waiting["checkSuite"]["status"] = json!("IN_PROGRESS");
        waiting["checkSuite"]["conclusion"] = Value::Null;
        Say::data(&json!({"nodes": [workflow("W_1", &[
            waiting,
            run("F1", "FAILURE", "2026-01-03T08:00:00Z"),
            run("F2", "TIMED_OUT", "2026-01-03T07:00:00Z"),
            run("F3", "FAILURE", "2026-01-03T06:00:00Z"),
            run("P", "SUCCESS", "2026-01-03T05:00:00Z"),
            run("S", "STARTUP_FAILURE", "2026-01-03T04:00:00Z"),
            run("C", "CANCELLED", "2026-01-03T03:00:00Z"),
            run("old", "FAILURE", "2026-01-01T23:59:59Z"),
        ])]}))
    });
    let runs = forge(&server)
        .runs(&[of("api"), of("none")], since())
        .await
        .unwrap();
    let told: Vec<_> = runs[0].iter().map(|run| (run.ended, run.sandbox)).collect();
    assert_eq!(
        told,
        [
            (Ended::Failed, Some(SandboxEnd::Agent)),
            (Ended::Failed, Some(SandboxEnd::Sandbox)),
            (Ended::Failed, None),
            (Ended::Passed, None),
            (Ended::NotStarted, None),
            (Ended::Cancelled, None),
        ]
    );
    assert!(runs[1].is_empty());
    assert_eq!(server.got().len(), 4);
}

#[tokio::test]
async fn a_busy_workflow_is_asked_for_more() {
    let server = Server::start(|got, _| {
        if !got.is_graphql() {
            return Say::json(&json!({"node_id": "W_1"}));
        }
        let first = got.body["variables"]["first"].as_u64().unwrap();
        let runs = (0..first).map(|at| run(&format!("{at}"), "SUCCESS", "2026-01-03T00:00:00Z"));
        let runs: Vec<_> = runs.collect();
        Say::data(&json!({"nodes": [workflow("W_1", &runs)]}))
    });
    let runs = forge(&server).runs(&[of("api")], since()).await.unwrap();
    assert_eq!(runs[0].len(), 100);
    assert_eq!(server.got().len(), 3);
}

/// Names are kept from one start to the next; one that is none any more is asked for again.
#[tokio::test]
async fn names_of_workflows_are_asked_for_once() {
    let cache = tempfile::tempdir().unwrap();
    let cache = cache.path().to_str().unwrap();
    let server = Server::start(|got, before| {
        if !got.is_graphql() {
            let id = if before == 0 { "W_1" } else { "W_2" };
            return Say::json(&json!({"node_id": id}));
        }
        // The workflow was made anew after the second question.
        let asked = got.body["variables"]["ids"][0].as_str().unwrap();
        let known = if before < 3 { "W_1" } else { "W_2" };
        let node = if asked == known {
            workflow(known, &[])
        } else {
            Value::Null
        };
        Say::data(&json!({"nodes": [node]}))
    });
    let variables = [("GITHUB_TOKEN", "t"), ("XDG_CACHE_HOME", cache)];
    for _ in 0..3 {
        let forge = forge_with(&server, &variables).unwrap();
        assert_eq!(forge.runs(&[of("api")], since()).await.unwrap().len(), 1);
    }
    let rest = server
        .lines()
        .iter()
        .filter(|line| line.starts_with("GET"))
        .count();
    assert_eq!(rest, 2, "{:?}", server.lines());
}
