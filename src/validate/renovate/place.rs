//! Where Renovate looks.

use std::path::Path;

use super::view::Renovate;
use crate::{
    document::renovate::PACKAGE,
    model::renovate::PLACES,
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "renovate-place",
        summary: "A configuration where Renovate looks last, or never",
        help: "Keep one file, `renovate.json` or `.github/renovate.json`.",
        severity: Severity::Warning,
        page: "docs/rules/renovate-place.md",
    },
    why: "Renovate takes the first file of its list and never looks at another: a new \
          `renovate.json` beside a team's own file switches that off without a word. A \
          `renovate` in package.json stands last, and is read only for the sake of old \
          repositories.",
    bad: &[Example {
        path: "package.json",
        text: r#"{"name": "app", "renovate": {"extends": ["config:recommended"]}}
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
    let file = renovate.subject.source.file();
    let Some(own) = PLACES.iter().position(|place| Path::new(place) == file) else {
        return;
    };
    let mut before = PLACES[..own].iter();
    let first = before.find(|place| renovate.subject.files.has(Path::new(place)));
    let at = renovate.objects.first().map_or(0..0, |object| object.at());
    if let Some(first) = first {
        report.at(
            &RULE,
            at,
            format!("Renovate never reads this: it takes `{first}`"),
        );
    } else if PLACES[own] == PACKAGE {
        report.at(
            &RULE,
            at,
            "Renovate reads package.json last, and for old repositories only",
        );
    }
}
