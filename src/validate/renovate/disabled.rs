//! Renovate switched off.

use super::view::{Object, Renovate};
use crate::{
    document::yaml::Kind,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "renovate-disabled",
        summary: "Renovate is switched off",
        help: "Take `enabled` away once updates are wanted again.",
        severity: Severity::Note,
        page: "docs/rules/renovate-disabled.md",
    },
    why: "A repository without updates keeps every known hole, and an upgrade or rollback of a \
          fleet by Renovate does not reach it.",
    bad: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "enabled": false}
"#,
    }],
    good: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"]}
"#,
    }],
    check: Check::Renovate(check),
};

fn check(renovate: &Renovate<'_>, report: &mut Report<'_>) {
    for object in &renovate.objects {
        let Some(entry) = object.get("enabled") else {
            continue;
        };
        let off = entry.value.kind() == Kind::Boolean && entry.value.text() == Some("false");
        let everywhere = object.parent == "." || is_about_everything(*object);
        if off && everywhere {
            report.at(&RULE, entry.key.at(), "no update reaches this repository");
        }
    }
}

/// Whether a package rule leaves nothing out.
fn is_about_everything(rule: Object<'_>) -> bool {
    let mut matchers = rule
        .entries()
        .filter(|entry| entry.name.starts_with("match"));
    let (Some(first), None) = (matchers.next(), matchers.next()) else {
        return false;
    };
    let texts = first.texts();
    first.name == "matchPackageNames" && texts.iter().any(|text| matches!(text.value, "*" | "**"))
}
