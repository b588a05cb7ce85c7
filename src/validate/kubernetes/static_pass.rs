//! Authorities that accept everything.

use super::Manifests;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kubernetes-static-pass",
        summary: "A policy passes images without looking at them",
        help: "Name the key or the identity that signs them.",
        severity: Severity::Warning,
        page: "docs/rules/kubernetes-static-pass.md",
    },
    why: "An authority with `static: {action: pass}` is content with every image that the policy \
           is about, and any one authority is enough.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: images}\nspec:\n  images: [{glob: ghcr.io/acme/**}]\n  authorities: [{static: {action: pass}}]\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: images}\nspec:\n  images: [{glob: ghcr.io/acme/**}]\n  authorities:\n  - keyless:\n      identities:\n      - issuer: https://token.actions.githubusercontent.com\n        subject: release@acme.example\n",
    }],
    check: Check::Kubernetes(passes),
};

fn passes(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for object in manifests
        .objects
        .iter()
        .filter(|it| it.kind == "ClusterImagePolicy")
    {
        let authorities = object.node.get("spec").and_then(|it| it.get("authorities"));
        for authority in authorities
            .iter()
            .flat_map(crate::document::yaml::Node::items)
        {
            let fixed = authority.get("static").and_then(|it| it.get("action"));
            if let Some(action) = fixed.filter(|it| it.text() == Some("pass")) {
                report.at(&RULE, action.at(), "every image of the policy passes");
            }
        }
    }
}
