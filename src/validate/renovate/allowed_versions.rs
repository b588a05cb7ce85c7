//! Versions that are allowed.

use std::collections::HashSet;

use super::view::{Entry, Object, Renovate, shown};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "renovate-allowed-versions",
        summary: "`allowedVersions` with another effect than it seems",
        help: "Write one anchored list of what is allowed, such as `/^v?(1\\.2\\.0|1\\.3\\.5)$/`.",
        severity: Severity::Warning,
        page: "docs/rules/renovate-allowed-versions.md",
    },
    why: "Renovate takes the last `allowedVersions` that matches a package and forgets the \
          others: one in a repository overrides the ceiling and the denials of an \
          organisation's ring. `!=1.3.0` is no range to it and stops the whole repository, \
          which no validator of its own says.",
    bad: &[
        Example {
            path: "renovate.json",
            text: r#"{"extends": ["config:recommended"], "packageRules": [{"matchDatasources": ["docker"], "matchPackageNames": ["acme/agent"], "allowedVersions": "!=1.3.0"}]}
"#,
        },
        Example {
            path: "renovate.json",
            text: r#"{"extends": ["github>acme/fleet//renovate/ring-1"], "allowedVersions": "<2"}
"#,
        },
    ],
    good: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "packageRules": [{"matchPackageNames": ["acme/agent"], "allowedVersions": "/^v?(1\\.2\\.0|1\\.3\\.5)$/"}]}
"#,
    }],
    check: Check::Renovate(check),
};

fn check(renovate: &Renovate<'_>, report: &mut Report<'_>) {
    let mut extends = renovate
        .entries()
        .filter(|(_, entry)| entry.name == "extends");
    let ringed = extends.any(|(_, entry)| entry.texts().iter().any(|text| is_ring(text.value)));
    let mut seen = HashSet::new();
    for object in &renovate.objects {
        // Of a key that stands twice, the last counts.
        let Some(entry) = object
            .entries()
            .filter(|it| it.name == "allowedVersions")
            .last()
        else {
            continue;
        };
        let Some(value) = entry.value.scalar() else {
            continue;
        };
        if is_unequal(value.value) {
            let shown = shown(value.value);
            if is_semver(*object) || names_images(*object) {
                let message = format!("`{shown}` is no range: Renovate stops in this repository");
                report
                    .at(&RULE, value.at, message)
                    .severity(Severity::Error);
            } else {
                let message = format!("only versionings such as pep440 know the range `{shown}`");
                report.at(&RULE, value.at, message).severity(Severity::Note);
            }
            continue;
        }
        if object.parent == "." && !renovate.is_preset {
            let message = "`allowedVersions` for everything: few packages have such versions";
            report.at(&RULE, entry.key.at(), message);
        } else if ringed && is_about_agents(*object) && !is_hold(*object) {
            let message = "this overrides what the ring that is extended allows and denies";
            report.at(&RULE, entry.key.at(), message);
        }
        let names = object.get("matchPackageNames");
        let others = other_matchers(*object);
        for name in names.iter().flat_map(Entry::texts) {
            if !seen.insert((name.value, others.clone())) {
                let message = format!(
                    "`{}` has `allowedVersions` in an earlier rule too: only the last counts",
                    shown(name.value)
                );
                report.at(&RULE, entry.key.at(), message);
            }
        }
    }
}

/// Whether the rule is about what has versions such as npm's, which know no `!=`.
fn is_semver(rule: Object<'_>) -> bool {
    const SEMVER: [&str; 7] = [
        "docker",
        "dockerfile",
        "github-actions",
        "github-releases",
        "github-tags",
        "npm",
        "semver",
    ];
    let keys = ["matchDatasources", "matchManagers", "versioning"];
    let entries: Vec<Entry<'_>> = keys.into_iter().filter_map(|key| rule.get(key)).collect();
    let mut texts = entries.iter().flat_map(Entry::texts);
    texts.any(|text| SEMVER.contains(&text.value))
}

/// Whether the rule tells by names alone that it is about images: those that begin with a registry.
fn names_images(rule: Object<'_>) -> bool {
    let told = ["matchDatasources", "matchManagers", "versioning"];
    if told.into_iter().any(|key| rule.get(key).is_some()) {
        return false;
    }
    let names = rule.get("matchPackageNames");
    let mut texts = names.iter().flat_map(Entry::texts);
    texts.any(|text| is_of_registry(text.value))
}

/// Whether `name` begins as an image's does: with a host that is none of modules.
fn is_of_registry(name: &str) -> bool {
    const OF_MODULES: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];
    let Some((host, path)) = name.split_once('/') else {
        return false;
    };
    let (host, port) = match host.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (host, None),
    };
    let letters = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host.chars().all(letters)
        && (host == "localhost" || host.contains('.') || port.is_some())
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
        && !path.is_empty()
        && !OF_MODULES.contains(&host)
}

/// What else a rule matches by: two that differ there are about different updates.
fn other_matchers(rule: Object<'_>) -> Vec<String> {
    let matchers = rule
        .entries()
        .filter(|entry| entry.name.starts_with("match") && entry.name != "matchPackageNames");
    let mut matchers: Vec<String> = matchers
        .map(|entry| {
            let texts: Vec<&str> = entry.texts().iter().map(|text| text.value).collect();
            format!("{} {}", entry.name, texts.join(" "))
        })
        .collect();
    matchers.sort();
    matchers
}

/// Whether a range says what a version is not, which semver has no sign for.
fn is_unequal(range: &str) -> bool {
    let range = range.trim_start();
    let pattern = range.starts_with(['/', '!']) && !range.starts_with("!=");
    !pattern
        && range
            .split(['|', ' ', ','])
            .any(|part| part.starts_with("!="))
}

/// Whether the preset is one of the rings that `fullsend` keeps.
fn is_ring(preset: &str) -> bool {
    let path = preset.split(['#', '(']).next().unwrap_or_default();
    let name = path.rsplit(['/', ':']).next().unwrap_or_default();
    name.strip_prefix("ring-")
        .is_some_and(|rest| !rest.is_empty())
}

/// Whether `fullsend generate renovate` made it of a `hold:`, which goes before the ring until it
/// ends.
fn is_hold(object: Object<'_>) -> bool {
    let description = object.get("description").map(|entry| entry.value);
    let text = description.and_then(|value| value.text());
    text.is_some_and(|text| text.starts_with("fullsend.yaml holds version "))
}

/// Whether a rule may be about what a ring holds: it is, unless it names other packages only.
fn is_about_agents(rule: Object<'_>) -> bool {
    let names = rule
        .get("matchPackageNames")
        .or_else(|| rule.get("matchDepNames"));
    let Some(names) = names else {
        return false;
    };
    let texts = names.texts();
    texts.iter().any(|text| {
        text.value.contains("agent") || text.value.contains("sandbox") || text.value.contains('*')
    })
}
