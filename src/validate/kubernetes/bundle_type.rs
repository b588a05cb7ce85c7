//! Signatures in a format that is not looked for.

use super::{Manifests, images};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kyverno-bundle-type",
        summary: "A policy looks for signatures of cosign before version 3",
        help: "Write `type: SigstoreBundle` where images are signed by cosign 3.",
        severity: Severity::Note,
        page: "docs/rules/kyverno-bundle-type.md",
    },
    why: "cosign 3 writes bundles; without `type: SigstoreBundle` a ClusterPolicy looks for the \
           format of before and finds no signature. Images that are signed in the old format need \
           the policy as it is.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: images}\nspec:\n  rules:\n  - name: signed\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    verifyImages:\n    - imageReferences: [\"ghcr.io/acme/*\"]\n      failureAction: Enforce\n      attestors:\n      - entries:\n        - keyless:\n            issuer: https://token.actions.githubusercontent.com\n            subjectRegExp: ^https://github\\.com/acme/app/.+$\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: images}\nspec:\n  rules:\n  - name: signed\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    verifyImages:\n    - imageReferences: [\"ghcr.io/acme/*\"]\n      failureAction: Enforce\n      type: SigstoreBundle\n      attestors:\n      - entries:\n        - keyless:\n            issuer: https://token.actions.githubusercontent.com\n            subjectRegExp: ^https://github\\.com/acme/app/.+$\n",
    }],
    check: Check::Kubernetes(format),
};

fn format(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for object in manifests.kyverno() {
        for verification in images::verifications(object) {
            let signed = verification.get("attestors").is_some();
            if signed && verification.get("type").is_none() {
                let message = "signatures of cosign 3 are not found";
                report.at(&RULE, super::first_key(&verification), message);
            }
        }
    }
}
