//! Identities that others have, too.

use super::{Manifests, images};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kubernetes-unanchored-identity",
        summary: "An identity is told by an expression that others match, too",
        help: "Begin the expression with `^`, end it with `$`, and write `\\\\.` for a dot.",
        severity: Severity::Warning,
        page: "docs/rules/kubernetes-unanchored-identity.md",
    },
    why: "The policy engines look for the expression anywhere in the certificate's subject: \
           `https://github.com/acme/app` is also in `https://github.com/acme/app-evil/...`, whose \
           signature then passes.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: images}\nspec:\n  images: [{glob: ghcr.io/acme/**}]\n  authorities:\n  - keyless:\n      identities:\n      - issuer: https://token.actions.githubusercontent.com\n        subjectRegExp: https://github.com/acme/app\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: images}\nspec:\n  images: [{glob: ghcr.io/acme/**}]\n  authorities:\n  - keyless:\n      identities:\n      - issuer: https://token.actions.githubusercontent.com\n        subjectRegExp: ^https://github\\.com/acme/app/.+$\n",
    }],
    check: Check::Kubernetes(anchors),
};

fn anchors(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for identity in manifests.objects.iter().flat_map(images::identities) {
        for key in ["subjectRegExp", "issuerRegExp"] {
            let Some(text) = identity.get(key).and_then(|it| it.scalar()) else {
                continue;
            };
            // What covers everything is another rule's.
            if images::is_anything(text.value) {
                continue;
            }
            let starts = text.value.starts_with('^') || text.value.starts_with(".*");
            let ends = text.value.ends_with('$') || text.value.ends_with(".*");
            if !starts {
                report.at(
                    &RULE,
                    text.at,
                    "the expression may begin anywhere in the subject",
                );
            } else if !ends && key == "issuerRegExp" || open_end(text.value) {
                report.at(&RULE, text.at, "names that begin like this one match, too");
            }
        }
    }
}

/// Whether an expression without an end stops in the middle of a name.
fn open_end(text: &str) -> bool {
    let last = text.chars().next_back();
    last.is_some_and(|c| c.is_alphanumeric() || c == '-' || c == '_')
}
