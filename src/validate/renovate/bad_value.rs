//! Words that an option does not take.

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
        id: "renovate-bad-value",
        summary: "A value that an option does not take",
        help: "Write one of the words that the option takes.",
        severity: Severity::Error,
        page: "docs/rules/renovate-bad-value.md",
    },
    why: "Renovate treats its configuration as invalid as a whole: it opens an issue and makes \
          no more updates, those for security among them, until somebody mends the file.",
    bad: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "rangeStrategy": "pinn"}
"#,
    }],
    good: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "rangeStrategy": "pin"}
"#,
    }],
    check: Check::Renovate(check),
};

fn check(renovate: &Renovate<'_>, report: &mut Report<'_>) {
    for (_, entry) in renovate.entries() {
        let Some(words) = OPTIONS.values.get(entry.name) else {
            continue;
        };
        for text in entry.texts() {
            let open = text.value.contains(['/', '*', '!', '{']);
            if open || text.value.is_empty() || words.contains(&text.value) {
                continue;
            }
            // Some take `null`, `true` and `false` besides, for their own past.
            if matches!(text.value, "true" | "false" | "null") {
                continue;
            }
            let message = format!("`{}` cannot be `{}`", entry.name, shown(text.value));
            let all = words.join(", ");
            let problem = report.at(&RULE, text.at, message);
            match suggest(text.value, words.iter().copied()) {
                Some(near) => problem.help(format!("Did you mean `{near}`? It can be: {all}.")),
                None => problem
                    .severity(Severity::Note)
                    .help(format!("Renovate 44 takes: {all}.")),
            };
        }
    }
}
