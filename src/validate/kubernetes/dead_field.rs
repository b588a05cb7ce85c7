//! Keys of policies that nothing reads.

use super::{Manifests, images};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kyverno-dead-field",
        summary: "A policy has a key that nothing reads any more",
        help: "Correct the key, or say it the way that took its place.",
        severity: Severity::Warning,
        page: "docs/rules/kyverno-dead-field.md",
    },
    why: "The first form of `verifyImages`, with `image`, `key`, `issuer`, `subject` and `roots` \
           in the rule itself, is long deprecated: newer releases read `imageReferences` and \
           `attestors`. A misspelled key is dropped where the API server is not strict.",
    bad: &[
        Example {
            path: "manifests.yaml",
            text: "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: images}\nspec:\n  rules:\n  - name: signed\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    verifyImages:\n    - image: ghcr.io/acme/*\n      imageReferences: [\"ghcr.io/acme/*\"]\n      failureAction: Enforce\n      type: SigstoreBundle\n      attestors:\n      - entries:\n        - keyless:\n            issuer: https://token.actions.githubusercontent.com\n            subjectRegExp: ^https://github\\.com/acme/app/.+$\n",
        },
        Example {
            path: "manifests.yaml",
            text: "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: images}\nspec:\n  rules:\n  - name: signed\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    verifyImages:\n    - imageReferences: [\"ghcr.io/acme/*\"]\n      failureActions: Enforce\n      type: SigstoreBundle\n      attestors:\n      - entries:\n        - keyless:\n            issuer: https://token.actions.githubusercontent.com\n            subjectRegExp: ^https://github\\.com/acme/app/.+$\n",
        },
    ],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: images}\nspec:\n  rules:\n  - name: signed\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    verifyImages:\n    - imageReferences: [\"ghcr.io/acme/*\"]\n      failureAction: Enforce\n      type: SigstoreBundle\n      attestors:\n      - entries:\n        - keyless:\n            issuer: https://token.actions.githubusercontent.com\n            subjectRegExp: ^https://github\\.com/acme/app/.+$\n",
    }],
    check: Check::Kubernetes(dead),
};

use crate::config::suggest;

/// What took the place of each.
const OLD: &[(&str, &str)] = &[
    ("image", "imageReferences"),
    ("key", "attestors"),
    ("issuer", "attestors"),
    ("subject", "attestors"),
    ("roots", "attestors"),
    ("additionalExtensions", "attestors"),
];

const KNOWN: &[&str] = &[
    "annotations",
    "attestations",
    "attestors",
    "cosignOCI11",
    "failureAction",
    "imageReferences",
    "imageRegistryCredentials",
    "mutateDigest",
    "repository",
    "required",
    "skipImageReferences",
    "type",
    "useCache",
    "validate",
    "verifyDigest",
];

fn dead(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for object in manifests.kyverno() {
        for verification in images::verifications(object) {
            for (key, _) in verification.own_entries() {
                let Some(name) = key.text() else { continue };
                if let Some((_, instead)) = OLD.iter().find(|(old, _)| *old == name) {
                    let problem = report.at(&RULE, key.at(), format!("`{name}` is deprecated"));
                    problem.help(format!("Write `{instead}` in its place."));
                } else if !KNOWN.contains(&name)
                    && let Some(near) = suggest(name, KNOWN.iter().copied())
                {
                    let problem = report.at(&RULE, key.at(), format!("no key is called `{name}`"));
                    problem.help(format!("Did you mean `{near}`?"));
                }
            }
        }
    }
}
