//! Policies that never look at the digest.

use super::{Manifests, images};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kyverno-digest",
        summary: "A policy verifies signatures and lets images go by their tags",
        help: "Leave `mutateDigest` and `verifyDigest` at true.",
        severity: Severity::Warning,
        page: "docs/rules/kyverno-digest.md",
    },
    why: "A signature is about a digest. Where the policy neither writes the digest into the pod \
           nor demands one, the node resolves the tag once more, and may get another image than \
           the one that was verified.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: images}\nspec:\n  rules:\n  - name: signed\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    verifyImages:\n    - imageReferences: [\"ghcr.io/acme/*\"]\n      failureAction: Enforce\n      type: SigstoreBundle\n      mutateDigest: false\n      verifyDigest: false\n      attestors:\n      - entries:\n        - keyless:\n            issuer: https://token.actions.githubusercontent.com\n            subjectRegExp: ^https://github\\.com/acme/app/.+$\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: images}\nspec:\n  rules:\n  - name: signed\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    verifyImages:\n    - imageReferences: [\"ghcr.io/acme/*\"]\n      failureAction: Enforce\n      type: SigstoreBundle\n      attestors:\n      - entries:\n        - keyless:\n            issuer: https://token.actions.githubusercontent.com\n            subjectRegExp: ^https://github\\.com/acme/app/.+$\n",
    }],
    check: Check::Kubernetes(digests),
};

fn digests(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for object in manifests.kyverno() {
        let mut places = images::verifications(object);
        let spec = object.node.get("spec");
        places.extend(spec.and_then(|spec| spec.get("validationConfigurations")));
        for place in places {
            let off = |key: &str| place.get(key).filter(|it| it.text() == Some("false"));
            if let (Some(flag), Some(_)) = (off("mutateDigest"), off("verifyDigest")) {
                let message = "nobody looks at the digest: the tag may be another image by then";
                report.at(&RULE, flag.at(), message);
            }
            if let Some(flag) = off("required") {
                report.at(&RULE, flag.at(), "images without a signature pass");
            }
        }
    }
}
