//! JSON5 that is called JSON.

use super::view::Renovate;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "renovate-not-json",
        summary: "JSON5 under a name that says JSON",
        help: "Call the file `renovate.json5`, or write it as JSON.",
        severity: Severity::Warning,
        page: "docs/rules/renovate-not-json.md",
    },
    why: "Renovate reads it with a warning, for now; editors and other programs do not.",
    bad: &[Example {
        path: "renovate.json",
        text: "{extends: ['config:recommended']}\n",
    }],
    good: &[Example {
        path: "renovate.json5",
        text: "{extends: ['config:recommended']}\n",
    }],
    check: Check::Renovate(check),
};

fn check(renovate: &Renovate<'_>, report: &mut Report<'_>) {
    if renovate.loose {
        report.whole(&RULE, "this is JSON5 and no JSON");
    }
}
