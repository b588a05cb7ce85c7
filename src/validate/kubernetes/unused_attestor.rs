//! Signers that no rule asks for.

use super::Manifests;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kyverno-unused-attestor",
        summary: "A policy names a signer and never asks for its signature",
        help: "Ask for it in `validations`: `verifyImageSignatures(image, [attestors.NAME]) > \
                0`.",
        severity: Severity::Warning,
        page: "docs/rules/kyverno-unused-attestor.md",
    },
    why: "An ImageValidatingPolicy judges by the expressions in `validations` alone. Attestors \
           that none of them names are never looked at.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: policies.kyverno.io/v1\nkind: ImageValidatingPolicy\nmetadata: {name: images}\nspec:\n  validationActions: [Deny]\n  matchImageReferences: [{glob: ghcr.io/acme/*}]\n  attestors:\n  - name: release\n    cosign:\n      keyless:\n        identities: [{issuer: https://accounts.google.com, subject: release@acme.example}]\n  validations:\n  - expression: images.containers.all(image, image != \"\")\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: policies.kyverno.io/v1\nkind: ImageValidatingPolicy\nmetadata: {name: images}\nspec:\n  validationActions: [Deny]\n  matchImageReferences: [{glob: ghcr.io/acme/*}]\n  attestors:\n  - name: release\n    cosign:\n      keyless:\n        identities: [{issuer: https://accounts.google.com, subject: release@acme.example}]\n  validations:\n  - expression: images.containers.map(image, verifyImageSignatures(image, [attestors.release])).all(n, n > 0)\n",
    }],
    check: Check::Kubernetes(unused),
};

fn unused(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for object in manifests.kyverno() {
        let Some(spec) = object.node.get("spec").filter(|_| object.is_image_policy()) else {
            continue;
        };
        let lists = ["validations", "variables"].into_iter();
        let lists = lists.filter_map(|key| spec.get(key));
        let expressions = lists.flat_map(|list| list.items());
        let expressions: String = expressions
            .filter_map(|it| it.get("expression")?.text())
            .collect::<Vec<_>>()
            .join("\n");
        let attestors = spec.get("attestors");
        // More than anybody reads; each is looked up in the text.
        let names = attestors
            .iter()
            .flat_map(crate::document::yaml::Node::items);
        for attestor in names.take(200) {
            let name = attestor.get("name").and_then(|it| it.scalar());
            let Some(name) = name else { continue };
            let named = expressions.contains(&format!("attestors.{}", name.value))
                || expressions.contains(&format!("attestors[\"{}\"]", name.value))
                || expressions.contains(&format!("attestors['{}']", name.value));
            if !named {
                report.at(&RULE, name.at, "no expression asks for this signer");
            }
        }
    }
}
