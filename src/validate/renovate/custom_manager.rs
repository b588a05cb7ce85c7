//! Custom managers.

use super::view::{Object, Renovate};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "renovate-custom-manager",
        summary: "A custom manager that lacks what it needs",
        help: "Give it `customType`, `managerFilePatterns`, `matchStrings`, and say where name, \
          version and datasource come from.",
        severity: Severity::Error,
        page: "docs/rules/renovate-custom-manager.md",
    },
    why: "Renovate treats its configuration as invalid as a whole: it opens an issue and makes \
          no more updates, those for security among them, until somebody mends the file.",
    bad: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "customManagers": [{"customType": "regex", "managerFilePatterns": ["/^config.toml$/"], "matchStrings": ["image = (?<depName>[a-z]+)"]}]}
"#,
    }],
    good: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "customManagers": [{"customType": "regex", "managerFilePatterns": ["/(^|/)config\\.toml$/"], "matchStrings": ["image = \"(?<depName>[^:]+):(?<currentValue>[^\"@]+)\""], "datasourceTemplate": "docker"}]}
"#,
    }],
    check: Check::Renovate(check),
};

fn check(renovate: &Renovate<'_>, report: &mut Report<'_>) {
    for manager in renovate.of("customManagers") {
        let mut lacks = Vec::new();
        let kind = manager.get("customType");
        let named = kind.as_ref().and_then(|kind| kind.value.text());
        if kind.is_none() {
            lacks.push("`customType`, such as `regex`");
        }
        let mut files = ["managerFilePatterns", "fileMatch"].into_iter();
        if files.all(|name| is_empty(manager, name)) {
            lacks.push("`managerFilePatterns`, which say what files it reads");
        }
        if is_empty(manager, "matchStrings") {
            lacks.push("`matchStrings`");
        } else if matches!(named, None | Some("regex")) {
            lacks.extend(ungiven(manager));
        }
        if lacks.is_empty() {
            continue;
        }
        let message = format!("this custom manager lacks {}", lacks.join("; "));
        let problem = report.at(&RULE, manager.at(), message);
        // Renovate takes one without a type for the only type that there was.
        if kind.is_none() && lacks.len() == 1 {
            problem.severity(Severity::Warning);
        }
    }
}

fn is_empty(manager: Object<'_>, name: &str) -> bool {
    manager
        .get(name)
        .is_none_or(|entry| entry.texts().is_empty())
}

/// What neither a group nor a template gives.
fn ungiven(manager: Object<'_>) -> Vec<&'static str> {
    let strings = manager.get("matchStrings");
    let strings = strings.map(|entry| entry.texts()).unwrap_or_default();
    let given = |names: &[&str]| {
        names.iter().any(|name| {
            let template = manager.get(&format!("{name}Template")).is_some();
            let group = format!("(?<{name}>");
            template || strings.iter().any(|text| text.value.contains(&group))
        })
    };
    let mut lacks = Vec::new();
    if !given(&["depName", "packageName"]) {
        lacks.push("a group or template `depName`");
    }
    if !given(&["currentValue", "currentDigest"]) {
        lacks.push("a group or template `currentValue`");
    }
    if !given(&["datasource"]) {
        lacks.push("a group or template `datasource`");
    }
    lacks
}
