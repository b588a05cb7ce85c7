//! Options that are none.

use super::{
    deprecated_option,
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
        id: "renovate-unknown-option",
        summary: "An option that Renovate does not have",
        help: "Write the option that was meant, or take it away.",
        severity: Severity::Error,
        page: "docs/rules/renovate-unknown-option.md",
    },
    why: "Renovate treats its configuration as invalid as a whole: it opens an issue and makes \
          no more updates, those for security among them, until somebody mends the file.",
    bad: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "autmerge": true}
"#,
    }],
    good: &[Example {
        path: "renovate.json",
        text: r#"{"extends": ["config:recommended"], "automerge": true}
"#,
    }],
    check: Check::Renovate(check),
};

/// Each costs a search for what was meant.
const MAX_UNKNOWN: usize = 500;

fn check(renovate: &Renovate<'_>, report: &mut Report<'_>) {
    let unknown = renovate.entries().filter(|(object, entry)| {
        let own = object.parent != "." || !entry.name.starts_with("//");
        own && !OPTIONS.passes(entry.name) && !deprecated_option::knows(entry.name)
    });
    for (_, entry) in unknown.take(MAX_UNKNOWN) {
        let message = format!("Renovate has no option `{}`", shown(entry.name));
        let problem = report.at(&RULE, entry.key.at(), message);
        let near = suggest(entry.name, OPTIONS.names()).filter(|_| entry.name.len() > 3);
        if let Some(near) = near {
            problem.help(format!("Did you mean `{near}`?"));
        } else {
            problem.severity(Severity::Note);
            problem.help("Renovate 44 does not have it: it is newer, or gone.");
        }
    }
}
