//! Agents' images that can change.

use super::{Manifests, view::Pod};
use crate::{
    model::text::excerpt,
    report::finding::{self, Severity},
    validate::{
        Example, Report, Rule,
        loose::{self, Loose, Places},
        rule::Check,
    },
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kubernetes-unpinned-image",
        summary: "An agent's image is not pinned by its digest",
        help: "Run `fullsend pin`, or write the tag with `@sha256:` and the digest.",
        severity: Severity::Warning,
        page: "docs/rules/kubernetes-unpinned-image.md",
    },
    why: "A tag can be moved to another image after the one that it named was verified, and \
           nodes that have the old one keep it.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  automountServiceAccountToken: false\n  securityContext: {runAsNonRoot: true}\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:latest\n    resources: {limits: {cpu: \"1\", memory: 2Gi}}\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  automountServiceAccountToken: false\n  securityContext: {runAsNonRoot: true}\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    resources: {limits: {cpu: \"1\", memory: 2Gi}}\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
    }],
    check: Check::Kubernetes(pinned),
};

fn pinned(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    let pods = manifests.pods.iter().filter(|pod| pod.is_agent);
    let agents: Places = pods.flat_map(Pod::places).collect();
    let references = manifests.references.iter();
    for reference in references.filter(|it| agents.hold(it)) {
        let message = match Loose::of(reference) {
            None => continue,
            Some(Loose::Malformed(reason)) => {
                loose::malformed(&excerpt(&reference.written), reason)
            }
            Some(_) => "no digest says which image this is".to_owned(),
        };
        report.at(&RULE, reference.span.bytes(), message);
    }
}
