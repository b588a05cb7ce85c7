//! Verdicts that stop nothing.

use super::{Manifests, images};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kyverno-audit-only",
        summary: "A policy about signatures only reports",
        help: "Deny, once the reports are empty.",
        severity: Severity::Note,
        page: "docs/rules/kyverno-audit-only.md",
    },
    why: "Images without a signature run, and a report says so. That is right while a policy is \
           introduced.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: policies.kyverno.io/v1\nkind: ImageValidatingPolicy\nmetadata: {name: images}\nspec:\n  validationActions: [Audit]\n  matchImageReferences: [{glob: ghcr.io/acme/*}]\n  attestors:\n  - name: release\n    cosign:\n      keyless:\n        identities: [{issuer: https://accounts.google.com, subject: release@acme.example}]\n  validations:\n  - expression: images.containers.map(image, verifyImageSignatures(image, [attestors.release])).all(n, n > 0)\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: policies.kyverno.io/v1\nkind: ImageValidatingPolicy\nmetadata: {name: images}\nspec:\n  validationActions: [Deny]\n  matchImageReferences: [{glob: ghcr.io/acme/*}]\n  attestors:\n  - name: release\n    cosign:\n      keyless:\n        identities: [{issuer: https://accounts.google.com, subject: release@acme.example}]\n  validations:\n  - expression: images.containers.map(image, verifyImageSignatures(image, [attestors.release])).all(n, n > 0)\n",
    }],
    check: Check::Kubernetes(audit),
};

fn audit(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    const MESSAGE: &str = "images without a signature are reported and run";
    for object in manifests.kyverno() {
        for verification in images::verifications(object) {
            let action = verification.get("failureAction");
            if let Some(action) = action.filter(|it| it.text() == Some("Audit")) {
                report.at(&RULE, action.at(), MESSAGE);
            }
        }
        let spec = object.node.get("spec").filter(|_| object.is_image_policy());
        let actions = spec.and_then(|spec| spec.get("validationActions"));
        if let Some(actions) = actions
            && !actions.items().any(|it| it.text() == Some("Deny"))
        {
            report.at(&RULE, actions.at(), MESSAGE);
        }
    }
}
