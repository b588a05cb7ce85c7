//! Options in the wrong object.

use super::{options::OPTIONS, view::Renovate};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "renovate-misplaced-option",
        summary: "An option in an object that cannot hold it",
        help: "Move it where it can stand.",
        severity: Severity::Error,
        page: "docs/rules/renovate-misplaced-option.md",
    },
    why: "Renovate refuses a matcher outside of a package rule and a manager inside of one, \
          and ignores the options of whoever runs it where a repository sets them.",
    bad: &[
        Example {
            path: "renovate.json",
            text: r#"{"extends": ["config:recommended"], "matchPackageNames": ["react"]}
"#,
        },
        Example {
            path: "renovate.json",
            text: r#"{"extends": ["config:recommended"], "autodiscover": true}
"#,
        },
    ],
    good: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "packageRules": [{"matchPackageNames": ["react"], "enabled": false}]}
"#,
    }],
    check: Check::Renovate(check),
};

fn check(renovate: &Renovate<'_>, report: &mut Report<'_>) {
    for (object, entry) in renovate.entries() {
        let name = entry.name;
        let at = entry.key.at();
        if OPTIONS.is_manager(name) && object.parent == "packageRules" {
            let message = format!("`{name}` can only stand at the top: here write `matchManagers`");
            report.at(&RULE, at, message);
            continue;
        }
        let Some(known) = OPTIONS.get(name) else {
            continue;
        };
        let elsewhere = !known.parents.is_empty()
            && !known.parents.contains(&".")
            && !known.parents.contains(&object.parent)
            && (name.starts_with("match") || !OPTIONS.is_manager(object.parent));
        if elsewhere && !(renovate.is_preset && object.parent == ".") {
            let parents = known.parents.join("` or `");
            let message = format!("`{name}` can only stand in `{parents}`");
            let problem = report.at(&RULE, at, message);
            if !name.starts_with("match") {
                problem.severity(Severity::Warning);
            }
        } else if known.global && object.parent == "." && !renovate.is_preset {
            let message =
                format!("`{name}` is for whoever runs Renovate: it has no effect in a repository");
            report.at(&RULE, at, message).severity(Severity::Warning);
        }
    }
}
