//! Actions in the spelling of before.

use super::Manifests;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kyverno-failure-action",
        summary: "A policy of Kyverno says in small letters, or in the old place, what happens \
                   on failure",
        help: "Write `failureAction: Enforce` or `failureAction: Audit` in each rule.",
        severity: Severity::Warning,
        page: "docs/rules/kyverno-failure-action.md",
    },
    why: "The values are `Audit` and `Enforce`; those in small letters are deprecated, and so is \
           `validationFailureAction` for the policy as a whole. A release that no longer reads \
           them falls back to Audit, which lets everything pass.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: images}\nspec:\n  validationFailureAction: enforce\n  rules:\n  - name: signed\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    verifyImages:\n    - imageReferences: [\"ghcr.io/acme/*\"]\n      type: SigstoreBundle\n      attestors:\n      - entries:\n        - keyless:\n            issuer: https://token.actions.githubusercontent.com\n            subjectRegExp: ^https://github\\.com/acme/app/.+$\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: images}\nspec:\n  rules:\n  - name: signed\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    verifyImages:\n    - imageReferences: [\"ghcr.io/acme/*\"]\n      failureAction: Enforce\n      type: SigstoreBundle\n      attestors:\n      - entries:\n        - keyless:\n            issuer: https://token.actions.githubusercontent.com\n            subjectRegExp: ^https://github\\.com/acme/app/.+$\n",
    }],
    check: Check::Kubernetes(action),
};

fn action(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for object in manifests.kyverno() {
        let Some(spec) = object.node.get("spec") else {
            continue;
        };
        if let Some(value) = spec
            .get("validationFailureAction")
            .and_then(|it| it.scalar())
        {
            let small = matches!(value.value, "enforce" | "audit");
            if small {
                let problem = report.at(&RULE, value.at.clone(), "the values begin with a capital");
                let text = if value.value == "enforce" {
                    "Enforce"
                } else {
                    "Audit"
                };
                problem.help(format!("Write `{text}`, and better so in each rule."));
                problem.fix([crate::document::edit::Edit {
                    at: value.at,
                    text: text.to_owned(),
                }]);
            } else if !matches!(value.value, "Enforce" | "Audit") && !value.value.contains('{') {
                report.at(&RULE, value.at, "neither `Enforce` nor `Audit`");
            }
        }
        let rules = spec.get("rules");
        for rule in rules.iter().flat_map(crate::document::yaml::Node::items) {
            let parts = ["validate", "verifyImages"].into_iter();
            let parts = parts.filter_map(|key| rule.get(key));
            let actions = parts.flat_map(|part| {
                let own = part.get("failureAction");
                own.into_iter()
                    .chain(part.items().filter_map(|it| it.get("failureAction")))
                    .collect::<Vec<_>>()
            });
            for action in actions.filter_map(|action| action.scalar()) {
                if !matches!(action.value, "Enforce" | "Audit") && !action.value.contains('{') {
                    report.at(&RULE, action.at, "neither `Enforce` nor `Audit`");
                }
            }
        }
    }
}
