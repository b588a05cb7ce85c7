//! The whole way, from a forge in memory to the document.

use super::*;
use crate::{
    fleet::testing::{MemoryForge, change, fleet},
    report::{Style, fleet::State},
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
    assert_eq!(calls, ["survey", "texts", "runs", "look"]);
    assert_eq!(report.rollout, None);
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

/// current.json of a rollout in this state, with `more` beside it.
fn current(state: &str, more: &str) -> String {
    format!(
        r#"{{"schema_version": 1, "rollout": "upgrade-1.5.0-20261122-1", "headline": {{
            "kind": "upgrade", "state": "{state}", "reason": null, "version": "1.5.0",
            "by": "grace", "started_at": "2026-11-22T12:00:00Z", "ring": "early", "through": 1,
            "waves": 3, "verdict": "inconclusive"{more}}}}}"#
    )
}

#[tokio::test]
async fn a_rollout_that_is_not_through_is_named() {
    let fleet = fleet("rings: {b: {}}");
    for (text, wanted) in [
        (current("running", ""), Some("running")),
        (current("stopped", ""), Some("stopped")),
        (current("finished", ""), None),
        (current("rolled_back", ""), None),
        // Written before there were headlines.
        (
            r#"{"schema_version": 1, "rollout": "upgrade-1.5.0-20261122-1"}"#.to_owned(),
            None,
        ),
        (current("running", ", \"else\": 1"), None),
        ("<html>".to_owned(), None),
    ] {
        let forge = forge();
        let file = change("rollouts/current.json", Some(&text));
        forge.push("fleet", Some("fullsend/state"), &[file]);
        let warned = std::sync::atomic::AtomicBool::new(false);
        let tell = |it| {
            warned.fetch_or(
                it == Progress::NoRollout,
                std::sync::atomic::Ordering::Relaxed,
            );
        };
        let report = status(&forge, &question(&fleet, &[]), &tell).await.unwrap();
        assert_eq!(
            report.progress.as_ref().map(|it| it.state),
            wanted,
            "{text}"
        );
        assert_eq!(report.rollout.is_some(), wanted.is_some(), "{text}");
        let is_odd = text.contains("else") || text.contains("html");
        assert_eq!(warned.into_inner(), is_odd, "{text}");
        if let Some(state) = wanted {
            let told = format!(
                "upgrade-1.5.0-20261122-1: to 1.5.0, {state}, wave 2 of 3 (early), its gate says \
                 inconclusive\n"
            );
            assert!(
                report.text(Style::default()).starts_with(&told),
                "{report:?}"
            );
        }
        // Two questions more than without.
        let calls: Vec<_> = forge.calls().iter().map(|it| it.name).collect();
        assert_eq!(calls, ["survey", "texts", "runs", "look", "texts"]);
    }
}
