//! Presets that are gone.

use super::{
    options::OPTIONS,
    view::{Renovate, shown},
};
use crate::{
    document::edit::Edit,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "renovate-old-preset",
        summary: "A preset that is gone",
        help: "Write the preset of today.",
        severity: Severity::Warning,
        page: "docs/rules/renovate-old-preset.md",
    },
    why: "Renovate still replaces it for itself while it runs, or ignores it; validators do \
          not know it.",
    bad: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:base"]}
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
    for (_, entry) in renovate
        .entries()
        .filter(|(_, entry)| entry.name == "extends")
    {
        for text in entry.texts() {
            let Some(new) = OPTIONS.presets.get(text.value) else {
                continue;
            };
            let message = if new.is_empty() {
                format!("the preset `{}` has no effect any more", shown(text.value))
            } else {
                format!("the preset `{}` is called `{new}` now", shown(text.value))
            };
            let problem = report.at(&RULE, text.at.clone(), message);
            if !new.is_empty() {
                let text_of = (*new).to_owned();
                problem.fix([Edit {
                    at: text.at,
                    text: text_of,
                }]);
            }
        }
    }
}
