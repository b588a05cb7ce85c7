//! Managers and datasources that are none.

use super::{
    options::OPTIONS,
    view::{Renovate, shown},
};
use crate::{
    config::suggest,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "renovate-unknown-name",
        summary: "A manager or datasource that Renovate does not have",
        help: "Write the name that was meant.",
        severity: Severity::Note,
        page: "docs/rules/renovate-unknown-name.md",
    },
    why: "A rule about a manager or datasource that does not exist is about nothing, and a \
          name that is wrong in `enabledManagers` stops Renovate.",
    bad: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "enabledManagers": ["dockerfil"]}
"#,
    }],
    good: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "enabledManagers": ["dockerfile", "custom.regex"]}
"#,
    }],
    check: Check::Renovate(check),
};

fn check(renovate: &Renovate<'_>, report: &mut Report<'_>) {
    for (_, entry) in renovate.entries() {
        let (what, known) = match entry.name {
            "matchManagers" | "enabledManagers" => ("manager", &OPTIONS.managers),
            "matchDatasources" | "datasourceTemplate" => ("datasource", &OPTIONS.datasources),
            _ => continue,
        };
        for text in entry.texts() {
            let name = text.value.strip_prefix('!').unwrap_or(text.value);
            let pattern = name.contains(['*', '/', '{', '?', '(']) || name.starts_with("custom.");
            if pattern || known.contains(&name) || matches!(name, "regex" | "jsonata" | "custom") {
                continue;
            }
            let message = format!("Renovate 44 has no {what} `{}`", shown(name));
            let problem = report.at(&RULE, text.at, message);
            if let Some(near) = suggest(name, known.iter().copied()) {
                problem.help(format!("Did you mean `{near}`?"));
                problem.severity(Severity::Warning);
            }
        }
    }
}
