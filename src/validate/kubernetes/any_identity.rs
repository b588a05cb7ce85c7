//! Signatures of anybody.

use super::{Manifests, images};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kubernetes-any-identity",
        summary: "A policy accepts anybody's signature",
        help: "Name issuer and subject.",
        severity: Severity::Warning,
        page: "docs/rules/kubernetes-any-identity.md",
    },
    why: "Anybody gets a certificate of the public Sigstore instance for their own address. A \
           policy that names no subject, or one that covers every subject, says that an image was \
           signed, not by whom.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: images}\nspec:\n  images: [{glob: ghcr.io/acme/**}]\n  authorities:\n  - keyless:\n      identities:\n      - issuer: https://token.actions.githubusercontent.com\n        subjectRegExp: .*\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: images}\nspec:\n  images: [{glob: ghcr.io/acme/**}]\n  authorities:\n  - keyless:\n      identities:\n      - issuer: https://token.actions.githubusercontent.com\n        subject: release@acme.example\n",
    }],
    check: Check::Kubernetes(anybody),
};

fn anybody(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for identity in manifests.objects.iter().flat_map(images::identities) {
        for keys in [["subject", "subjectRegExp"], ["issuer", "issuerRegExp"]] {
            let [exact, pattern] = keys;
            let value = identity.get(exact).or_else(|| identity.get(pattern));
            let value = value.or_else(|| identity.get("subjectExpression"));
            let missing = value.is_none_or(|value| value.text().is_none_or(str::is_empty));
            let open = value.filter(|it| it.text().is_some_and(images::is_anything));
            if missing {
                let message = format!("no `{exact}` says who may sign");
                report.at(&RULE, super::first_key(&identity), message);
            } else if let Some(value) = open {
                report.at(&RULE, value.at(), format!("every {exact} fits"));
            }
        }
    }
}
