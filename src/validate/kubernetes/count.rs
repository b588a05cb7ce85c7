//! Thresholds that cannot be met.

use super::{Manifests, images};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kyverno-count",
        summary: "A policy wants more signers than it names",
        help: "Lower `count`, or name more entries.",
        severity: Severity::Error,
        page: "docs/rules/kyverno-count.md",
    },
    why: "No image can meet such a policy; one with `count: 0` is met by every image.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: images}\nspec:\n  rules:\n  - name: signed\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    verifyImages:\n    - imageReferences: [\"ghcr.io/acme/*\"]\n      failureAction: Enforce\n      type: SigstoreBundle\n      attestors:\n      - entries:\n        - keyless:\n            issuer: https://token.actions.githubusercontent.com\n            subjectRegExp: ^https://github\\.com/acme/app/.+$\n        count: 2\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: images}\nspec:\n  rules:\n  - name: signed\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    verifyImages:\n    - imageReferences: [\"ghcr.io/acme/*\"]\n      failureAction: Enforce\n      type: SigstoreBundle\n      attestors:\n      - entries:\n        - keyless:\n            issuer: https://token.actions.githubusercontent.com\n            subjectRegExp: ^https://github\\.com/acme/app/.+$\n",
    }],
    check: Check::Kubernetes(count),
};

fn count(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for object in manifests.kyverno() {
        for verification in images::verifications(object) {
            let sets = verification.get("attestors");
            for set in sets.iter().flat_map(crate::document::yaml::Node::items) {
                let count = set.get("count").and_then(|it| it.scalar());
                let entries = set.get("entries");
                let entries = entries.map_or(0, |list| list.items().count());
                let Some(count) = count else { continue };
                match count.value.parse::<usize>() {
                    Ok(0) => {
                        report.at(&RULE, count.at, "every image meets a count of 0");
                    }
                    Ok(wanted) if wanted > entries => {
                        let message = format!("{wanted} of {entries} can never be met");
                        report.at(&RULE, count.at, message);
                    }
                    _ => {}
                }
            }
        }
    }
}
