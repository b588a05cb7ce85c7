//! References that lead back to themselves.

use std::collections::BTreeMap;

use super::{
    Pipeline, circle,
    fault::brief,
    reference::{self, Reference},
};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "gitlab-reference-cycle",
        summary: "A `!reference` that leads back to itself",
        help: "Let one of the two places stand by itself.",
        severity: Severity::Error,
        page: "docs/rules/gitlab-reference-cycle.md",
    },
    why: "GitLab refuses the whole pipeline: such a reference has no value.",
    bad: &[Example {
        path: ".gitlab-ci.yml",
        text: ".a:\n  script:\n    - !reference [.b, script]\n.b:\n  script:\n    - !reference [.a, script]\ntest:\n  script:\n    - !reference [.a, script]\n",
    }],
    good: &[Example {
        path: ".gitlab-ci.yml",
        text: ".a:\n  script: [make a]\n.b:\n  script:\n    - !reference [.a, script]\ntest:\n  script:\n    - !reference [.b, script]\n",
    }],
    check: Check::Gitlab(check),
};

fn check(pipeline: &Pipeline<'_>, report: &mut Report<'_>) {
    let mut from: BTreeMap<(&str, &str), Vec<Reference<'_>>> = BTreeMap::new();
    for reference in reference::all(pipeline) {
        // Anything deeper may lead beside what it stands in.
        if let (Some(at), [_, _]) = (reference.within, reference.path.as_slice()) {
            from.entry(at).or_default().push(reference);
        }
    }
    let next = |at: &(&str, &str)| -> Vec<(&str, &str)> {
        let references = from.get(at).into_iter().flatten();
        references
            .filter_map(Reference::target)
            .filter_map(|to| from.get_key_value(&to).map(|(key, _)| *key))
            .collect()
    };
    for (at, to) in circle::closing(from.keys().copied(), next) {
        let found = from.get(&at).into_iter().flatten();
        if let Some(reference) = found.into_iter().find(|it| it.target() == Some(to)) {
            let message = format!("`{}` of `{}` leads back here", brief(to.1), brief(to.0));
            report.at(&RULE, reference.path[0].at.clone(), message);
        }
    }
}
