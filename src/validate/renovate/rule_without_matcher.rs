//! Package rules without a matcher.

use super::view::Renovate;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "renovate-rule-without-matcher",
        summary: "A package rule that matches nothing, or does nothing",
        help: "Say by a `match...` option what the rule is about, and by another what it does.",
        severity: Severity::Error,
        page: "docs/rules/renovate-rule-without-matcher.md",
    },
    why: "Renovate treats its configuration as invalid as a whole: it opens an issue and makes \
          no more updates, those for security among them, until somebody mends the file.",
    bad: &[
        Example {
            path: "renovate.json",
            text: r#"{"extends": ["config:recommended"], "packageRules": [{"automerge": true}]}
"#,
        },
        Example {
            path: "renovate.json",
            text: r#"{"extends": ["config:recommended"], "packageRules": [{"matchUpdateTypes": ["major"], "allowedVersions": "<2"}]}
"#,
        },
    ],
    good: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "packageRules": [{"matchUpdateTypes": ["patch"], "automerge": true}]}
"#,
    }],
    check: Check::Renovate(check),
};

/// What comes too late once the type of an update is known.
const EARLY: &[&str] = &[
    "allowedVersions",
    "extractVersion",
    "followTag",
    "ignoreDeps",
    "ignoreUnstable",
    "rangeStrategy",
    "registryUrls",
    "respectLatest",
    "rollbackPrs",
    "separateMajorMinor",
    "separateMinorPatch",
    "separateMultipleMajor",
    "separateMultipleMinor",
    "versioning",
];

fn check(renovate: &Renovate<'_>, report: &mut Report<'_>) {
    for rule in renovate.of("packageRules") {
        // Presets bring matchers of their own, which only Renovate can look up.
        if rule.get("extends").is_some() {
            continue;
        }
        let (matchers, others): (Vec<_>, Vec<_>) = rule
            .entries()
            .filter(|entry| !matches!(entry.name, "description" | "$schema"))
            .partition(|entry| is_matcher(entry.name));
        if matchers.is_empty() {
            let message = "this rule has no `match...` option, so nothing says what it is about";
            report.at(&RULE, rule.at(), message);
        } else if others.is_empty() {
            let message = "this rule has only `match...` options: it changes nothing";
            report
                .at(&RULE, rule.at(), message)
                .severity(Severity::Warning);
        }
        let by_type = matchers.iter().any(|entry| {
            matches!(entry.name, "matchUpdateTypes" | "updateTypes")
                && entry.value.items().next().is_some()
        });
        for late in others
            .iter()
            .filter(|entry| by_type && EARLY.contains(&entry.name))
        {
            let message = format!(
                "`{}` cannot stand with `matchUpdateTypes`: the type of an update is known only after it",
                late.name
            );
            report.at(&RULE, late.key.at(), message);
        }
    }
}

/// Whether the option says what a rule is about, under its name of today or an older one.
fn is_matcher(name: &str) -> bool {
    let older = [
        "baseBranchList",
        "datasources",
        "depTypeList",
        "languages",
        "managers",
        "packageName",
        "packageNames",
        "packagePattern",
        "packagePatterns",
        "paths",
        "sourceUrlPrefixes",
        "updateTypes",
    ];
    name.starts_with("match") || name.starts_with("exclude") || older.contains(&name)
}
