//! The whole way, from a forge in memory to the document.

use super::*;
use crate::{
    fleet::testing::{MemoryForge, fleet},
    report::fleet::State,
};

fn question<'a>(fleet: &'a Fleet, only: &'a [String]) -> Question<'a> {
    Question {
        fleet,
        configuration: Some("acme/fleet"),
        only,
        runs: true,
        now: Timestamp::now(),
    }
}

fn forge() -> MemoryForge {
    let own: &[(&str, &str)] = &[("fullsend.yaml", "version: 1\nagents: {triage: {}}\n")];
    MemoryForge::with(&[
        ("api", own),
        ("fleet", &[("fleet.yaml", "")]),
        ("new", &[]),
        ("web", own),
    ])
}

#[tokio::test]
async fn the_whole_fleet_takes_a_look_a_text_and_its_runs() {
    let (forge, fleet) = (
        forge(),
        fleet("rings: {a: {repositories: [web, gone]}, b: {}}"),
    );
    let run = |ended, sandbox| Run {
        url: String::new(),
        commit: None,
        branch: None,
        at: Timestamp::now(),
        ended,
        sandbox,
    };
    forge.ran("api", run(Ended::Passed, None));
    forge.ran("api", run(Ended::Failed, Some(SandboxEnd::Agent)));
    forge.ran("api", run(Ended::Failed, Some(SandboxEnd::Sandbox)));
    forge.ran("api", run(Ended::NotStarted, None));
    forge.ran("api", run(Ended::Cancelled, None));
    let report = status(&forge, &question(&fleet, &[]), &|_| {})
        .await
        .unwrap();
    let rows = report.repositories.iter();
    let rows: Vec<_> = rows.map(|it| (it.name.as_str(), it.state)).collect();
    let missing = State::Missing;
    assert_eq!(rows, [("web", missing), ("api", missing), ("new", missing)]);
    let counted = RunsRow {
        passed: 1,
        failed: 1,
        sandbox: 1,
        not_started: 1,
    };
    assert_eq!(report.repositories[1].runs, Some(counted));
    assert_eq!(report.repositories[2].runs, None);
    assert_eq!(report.unknown, ["gone"]);
    assert_eq!(report.left_out[0].name, "fleet");
    let calls: Vec<_> = forge.calls().iter().map(|it| it.name).collect();
    assert_eq!(calls, ["survey", "texts", "runs"]);
    // The same file in two repositories.
    assert_eq!(forge.texts_read(), 1);
}

#[tokio::test]
async fn a_few_are_looked_at_by_name() {
    let (forge, fleet) = (
        forge(),
        fleet("rings: {a: {repositories: [web, gone]}, b: {}}"),
    );
    let only = ["ACME/api".to_owned(), "fleet".to_owned()];
    let report = status(&forge, &question(&fleet, &only), &|_| {})
        .await
        .unwrap();
    assert_eq!(report.repositories.len(), 1);
    assert_eq!(report.left_out.len(), 1);
    assert!(report.unknown.is_empty());
    assert!(forge.calls().iter().all(|it| it.name != "survey"));
    let only = ["api".to_owned(), "nope".to_owned()];
    let failed = status(&forge, &question(&fleet, &only), &|_| {}).await;
    let message = failed.unwrap_err().to_string();
    assert_eq!(message, "there is no such repository: nope");
}
