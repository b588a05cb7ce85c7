//! The document and the table of a fleet.

use super::*;
use crate::report::Style;

fn row(name: &str, ring: &str, state: State) -> RepositoryRow {
    RepositoryRow {
        action: Some(format!("fullsend-ai/sandbox@{} # v1.4.0", "0".repeat(40))),
        image: Some("registry.example:5000/acme/agent-sandbox:1.4.2".to_owned()),
        digest: Some(format!("sha256:{}", "a".repeat(64))),
        ..RepositoryRow::new(name, Some(ring), state)
    }
}

fn hold(is_expired: bool) -> HoldRow {
    HoldRow {
        version: "1.2.3".to_owned(),
        reason: "it leaks".to_owned(),
        until: "2030-01-31".parse().unwrap(),
        is_expired,
    }
}

#[test]
fn the_document_has_the_keys_of_the_contract() {
    let mut first = row("api", "canary", State::Current);
    first.request = Some(RequestRow {
        url: "https://github.com/acme/api/pull/1".to_owned(),
        state: "open",
        checks: "passed",
    });
    let new = RepositoryRow::new("new", Some("stable"), State::Missing);
    let report = serde_json::to_value(FleetReport::new(vec![first, new])).unwrap();
    assert_eq!(report["schema_version"], 1);
    assert!(report["rollout"].is_null());
    let first = &report["repositories"][0];
    assert_eq!(first["state"], "current");
    assert_eq!(first["request"]["checks"], "passed");
    // Every key is there, null where nothing is known.
    let new = report["repositories"][1].as_object().unwrap();
    assert_eq!(new.len(), first.as_object().unwrap().len());
    for key in [
        "action", "image", "digest", "reason", "request", "hold", "skew", "runs",
    ] {
        assert!(new[key].is_null(), "{key}");
    }
    assert_eq!(report["summary"]["missing"], 1);
    assert_eq!(report["summary"]["pins_moved"], 0);
}

#[test]
fn the_schema_accepts_the_document() {
    let mut all: Vec<RepositoryRow> = State::ALL.map(|it| row("a", "b", it)).to_vec();
    all[0].hold = Some(hold(false));
    all[1].runs = Some(RunsRow::default());
    let mut report = FleetReport::new(all);
    report.left_out.push(LeftOutRow {
        name: "old".to_owned(),
        reason: "it is archived".to_owned(),
    });
    let schema = schemars::schema_for!(FleetReport).to_value();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let document = serde_json::to_value(report).unwrap();
    assert!(validator.is_valid(&document));
    for (state, value) in State::ALL
        .iter()
        .zip(document["repositories"].as_array().unwrap())
    {
        assert_eq!(value["state"], state.as_str());
    }
}

#[test]
fn the_worst_decides_how_it_ends() {
    let code = |states: &[State]| {
        let rows = states.iter().map(|it| row("a", "b", *it)).collect();
        FleetReport::new(rows).exit_code()
    };
    assert_eq!(code(&[]), exit_code::OK);
    let fine = [
        State::Current,
        State::PinsMoved,
        State::Held,
        State::Skipped,
    ];
    assert_eq!(code(&fine), exit_code::OK);
    for state in State::ALL.into_iter().filter(|it| !fine.contains(it)) {
        assert_eq!(code(&[State::Current, state]), exit_code::FINDINGS);
    }
    let mut report = FleetReport::new(vec![
        row("a", "b", State::Error),
        row("b", "b", State::Edited),
    ]);
    report.repositories[0].is_unanswered = true;
    assert_eq!(report.exit_code(), exit_code::UNAVAILABLE);
    let mut report = FleetReport::new(Vec::new());
    report.unknown.push("gone".to_owned());
    assert_eq!(report.exit_code(), exit_code::FINDINGS);
}

#[test]
fn people_see_a_table_of_100_columns() {
    let mut rows = vec![
        row("sandbox-a", "canary", State::Current),
        row("team/payments-service", "early", State::Outdated),
        RepositoryRow::new("new", Some("stable"), State::Missing),
        row(&"long-".repeat(20), "stable", State::Held),
        row("evil\u{1b}[2J\n::add-mask::x", "stable", State::Edited),
    ];
    rows[1].reason = Some(
        "its image is 1.3.5, and its ring is on 1.4.2 "
            .repeat(3)
            .trim_end()
            .to_owned(),
    );
    rows[1].action = Some(format!("fullsend-ai/sandbox@{}", "0".repeat(40)));
    rows[2].request = Some(RequestRow {
        url: "https://github.com/acme/new/pull/7".to_owned(),
        state: "open",
        checks: "pending",
    });
    rows[3].hold = Some(hold(false));
    rows[4].hold = Some(hold(true));
    rows[4].runs = Some(RunsRow {
        passed: 9,
        sandbox: 1,
        ..RunsRow::default()
    });
    let mut report = FleetReport::new(rows);
    report.unknown.push("gone\u{202e}".to_owned());
    report.left_out.push(LeftOutRow {
        name: "old".to_owned(),
        reason: "it is archived".to_owned(),
    });
    let style = Style {
        width: Some(100),
        ..Style::default()
    };
    let text = report.text(style);
    let expected = "\
repository                            ring    action        image  state
sandbox-a                             canary  v1.4.0        1.4.2  current
team/payments-service                 early   000000000000  1.4.2  outdated
  its image is 1.3.5, and its ring is on 1.4.2 its image is 1.3.5, and its ring is on 1.4.2 its
  image is 1.3.5, and its ring is on 1.4.2
new                                   stable  -             -      missing
  request https://github.com/acme/new/pull/7 is open, checks pending
";
    assert!(text.starts_with(expected), "{text}");
    assert!(
        text.ends_with(
            "  held on 1.2.3 until 2030-01-31: it leaks\n\
         evil\u{fffd}[2J\u{fffd}::add-mask::x                stable  v1.4.0        1.4.2  edited\n  \
         its hold on 1.2.3 has ended on 2030-01-31: take `hold` out of fullsend.yaml\n  \
         runs: 9 passed, 1 without a working sandbox\n\
         gone\u{fffd}: fleet.yaml has it in a ring, and the forge has not\n\
         left out:\n  \
         old: it is archived\n\
         5 repositories: 1 current, 1 outdated, 1 edited, 1 missing, 1 held\n"
        ),
        "{text}"
    );
    let long = |line: &&str| line.chars().count() > 100 && !line.starts_with("long-");
    assert_eq!(text.lines().find(long), None);
}
