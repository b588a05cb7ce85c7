//! Patterns that no image matches.

use super::{Manifests, images};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kubernetes-image-pattern",
        summary: "A pattern of images matches none",
        help: "Write registry and repository as pods have them: `ghcr.io/acme/*`.",
        severity: Severity::Warning,
        page: "docs/rules/kubernetes-image-pattern.md",
    },
    why: "Images are matched by their full name, registry included, in small letters. A pattern \
           that can match none looks like a policy and judges nothing.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: images}\nspec:\n  rules:\n  - name: signed\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    verifyImages:\n    - imageReferences: [\"https://ghcr.io/acme/*\"]\n      failureAction: Enforce\n      type: SigstoreBundle\n      attestors:\n      - entries:\n        - keyless:\n            issuer: https://token.actions.githubusercontent.com\n            subjectRegExp: ^https://github\\.com/acme/app/.+$\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: images}\nspec:\n  rules:\n  - name: signed\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    verifyImages:\n    - imageReferences: [\"ghcr.io/acme/*\"]\n      failureAction: Enforce\n      type: SigstoreBundle\n      attestors:\n      - entries:\n        - keyless:\n            issuer: https://token.actions.githubusercontent.com\n            subjectRegExp: ^https://github\\.com/acme/app/.+$\n",
    }],
    check: Check::Kubernetes(nothing),
};

fn nothing(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for pattern in manifests.objects.iter().flat_map(images::patterns) {
        let Some(text) = pattern.scalar() else {
            continue;
        };
        let value = text.value;
        // Variables are filled in when the policy is read.
        if value.contains("{{") || value.contains('$') {
            continue;
        }
        let repository = value.split([':', '@']).next().unwrap_or_default();
        let message = if value.contains("://") {
            "an image's name has no scheme"
        } else if value.trim() != value || value.contains(' ') {
            "an image's name has no spaces"
        } else if repository.chars().any(char::is_uppercase) {
            "a repository's name has no capitals"
        } else if value.is_empty() {
            "the pattern is empty"
        } else {
            continue;
        };
        report.at(&RULE, text.at, message);
    }
}
