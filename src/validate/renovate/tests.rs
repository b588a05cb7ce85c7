//! Whole files, in the places where Renovate looks.

use std::path::Path;

use crate::{
    model::files::NoFiles,
    report::finding::Severity,
    validate::{Checked, Kind, check},
};

fn checked(path: &str, text: &str) -> Checked {
    check(Path::new(path), text.as_bytes(), None, &NoFiles)
}

fn lines(path: &str, text: &str) -> Vec<String> {
    let problems = checked(path, text).problems;
    let line = |it: &crate::validate::Problem| {
        let place = (it.finding.line.unwrap_or(0), it.finding.column.unwrap_or(0));
        format!("{}:{} {}", place.0, place.1, it.finding.rule.id)
    };
    problems.iter().map(line).collect()
}

#[test]
fn it_is_found_in_every_place_and_spelling() {
    let text = "{\n  \"extends\": [\"config:base\"]\n}\n";
    for path in [
        "renovate.json",
        "renovate.jsonc",
        "renovate.json5",
        ".github/renovate.json",
        ".gitlab/renovate.json5",
        ".renovaterc",
        ".renovaterc.json",
        "deep/renovate.json",
    ] {
        assert_eq!(lines(path, text), ["2:16 renovate-old-preset"], "{path}");
    }
    let nested = format!("{{\"name\": \"a\", \"renovate\": {text}}}");
    assert_eq!(lines("package.json", &nested).len(), 2);
    let preset = "{\"packageRules\": [{\"automerge\": true}]}";
    assert_eq!(
        lines("renovate/ring-1.json", preset),
        ["1:21 renovate-rule-without-matcher"]
    );
    for path in [
        "package.json",
        "renovate/data.json",
        "default.json",
        "renovate",
        "other.json",
    ] {
        assert_eq!(
            lines(path, "{\"extends\": [\"config:base\"]}"),
            [""; 0],
            "{path}"
        );
        assert_eq!(checked(path, "{\"a\": 1}").kind, None);
    }
    assert_eq!(checked("renovate.json", "{}").kind, Some(Kind::Renovate));
}

#[test]
fn what_is_no_json_is_said_to_be() {
    assert_eq!(lines("renovate.json", "{\"a\": }"), ["1:7 unreadable"]);
    assert_eq!(lines("renovate.json", "[]"), ["1:1 renovate-wrong-type"]);
    assert_eq!(
        lines(
            "renovate.json",
            "// words\n{\"extends\": [\"config:recommended\",],}\n"
        ),
        [""; 0]
    );
    assert_eq!(lines("package.json", "{\"renovate\": "), [""; 0]);
}

#[test]
fn hostile_files_are_looked_at_in_time() {
    let many = format!("{{{}\"a\": 1}}", "\"autmerge\": true,".repeat(50_000));
    assert_eq!(lines("renovate.json", &many).len(), 500);
    let rules = format!(
        "{{\"packageRules\": [{}{{}}]}}",
        "{\"automerge\":1},".repeat(40_000)
    );
    assert_eq!(lines("renovate.json", &rules).len(), 1_000);
    let pattern = format!(
        "{{\"packageRules\": [{{\"matchPackageNames\": [\"/{}/\"]}}]}}",
        "(".repeat(100_000)
    );
    assert!(!lines("renovate.json", &pattern).is_empty());
}

#[test]
fn what_an_image_must_not_be_is_an_error_without_its_datasource_too() {
    let found = |rule: &str| -> Vec<Severity> {
        let text = format!("{{\"packageRules\": [{{{rule}, \"allowedVersions\": \"!=1.3.0\"}}]}}");
        let problems = checked("renovate.json", &text).problems;
        let own = problems
            .iter()
            .filter(|it| it.finding.rule.id == "renovate-allowed-versions");
        own.map(|it| it.finding.severity).collect()
    };
    for name in [
        "ghcr.io/acme/agent",
        "localhost:5000/agent",
        "quay.io/acme/**",
    ] {
        let rule = format!("\"matchPackageNames\": [\"requests\", \"{name}\"]");
        assert_eq!(found(&rule), [Severity::Error], "{name}");
        let rule = format!("\"matchDatasources\": [\"pypi\"], {rule}");
        assert_eq!(found(&rule), [Severity::Note], "{name}");
    }
    for name in [
        "requests",
        "acme/agent",
        "/ghcr.io/acme/",
        "!ghcr.io/acme/agent",
        "@a.b/c",
    ] {
        let rule = format!("\"matchPackageNames\": [\"{name}\"]");
        assert_eq!(found(&rule), [Severity::Note], "{name}");
    }
}
