//! Presets that cannot be found.

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
        id: "renovate-bad-preset",
        summary: "A preset that cannot be found",
        help: "Write `config:recommended`, `:name`, `group:name`, `github>owner/repository`, \
          `local>group/project` or an address.",
        severity: Severity::Error,
        page: "docs/rules/renovate-bad-preset.md",
    },
    why: "Renovate treats its configuration as invalid as a whole: it opens an issue and makes \
          no more updates, those for security among them, until somebody mends the file.",
    bad: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recomended"]}
"#,
    }],
    good: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended", "github>acme/renovate-config:agents#v1"]}
"#,
    }],
    check: Check::Renovate(check),
};

/// Names before the colon of Renovate's own presets.
const OWN: &[&str] = &[
    "abandonments",
    "config",
    "customManagers",
    "default",
    "docker",
    "global",
    "group",
    "helpers",
    "mergeConfidence",
    "monorepo",
    "npm",
    "packages",
    "preview",
    "regexManagers",
    "replacements",
    "schedule",
    "security",
    "workarounds",
];

/// The presets of `config:`.
const CONFIG: &[&str] = &[
    "best-practices",
    "js-app",
    "js-lib",
    "recommended",
    "semverAllMonthly",
];

const HOSTS: &[&str] = &["github", "gitlab", "gitea", "forgejo", "local", "npm"];

fn check(renovate: &Renovate<'_>, report: &mut Report<'_>) {
    for (_, entry) in renovate
        .entries()
        .filter(|(_, entry)| entry.name == "extends")
    {
        for text in entry.texts() {
            let known = OPTIONS.presets.contains_key(text.value) || text.value.contains("{{");
            if let Some(wrong) = wrong(text.value).filter(|_| !known) {
                let message = format!("`{}` {}", shown(text.value), wrong.0);
                let problem = report.at(&RULE, text.at, message);
                if let Some(near) = wrong.1 {
                    problem.help(format!("Did you mean `{near}`?"));
                }
            }
        }
    }
}

/// What is wrong with a preset, and what was probably meant.
fn wrong(preset: &str) -> Option<(&'static str, Option<String>)> {
    let name = preset.split('(').next().unwrap_or_default().trim();
    if name.is_empty() || name != name.trim_start() {
        return Some(("is no preset", None));
    }
    if let Some((host, rest)) = name.split_once('>') {
        if !HOSTS.contains(&host) {
            let near = suggest(host, HOSTS.iter().copied());
            return Some((
                "names no platform",
                near.map(|near| format!("{near}>{rest}")),
            ));
        }
        let needs_owner = matches!(host, "github" | "gitlab" | "gitea" | "forgejo");
        return (needs_owner && !rest.contains('/')).then_some(("names no repository", None));
    }
    let outside = name.starts_with(['.', '/', '@', ':']) || name.contains('/');
    let (space, own) = name.split_once(':').filter(|_| !outside)?;
    if space == "global" {
        return Some(("is only for whoever runs Renovate", None));
    }
    if space == "config" && !CONFIG.contains(&own) {
        let near = suggest(own, CONFIG.iter().copied())?;
        return Some(("is no preset of Renovate", Some(format!("config:{near}"))));
    }
    if OWN.contains(&space) {
        return None;
    }
    let near = suggest(space, OWN.iter().copied())?;
    Some(("is no preset of Renovate", Some(format!("{near}:{own}"))))
}
