//! Rights beyond those of a user.

use super::Manifests;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kubernetes-capabilities",
        summary: "An agent's container keeps capabilities",
        help: "Set `capabilities: {drop: [ALL]}` and `allowPrivilegeEscalation: false`; add back \
                by name what is needed.",
        severity: Severity::Warning,
        page: "docs/rules/kubernetes-capabilities.md",
    },
    why: "Container runtimes leave about fourteen capabilities to root, raw network packets \
           among them, and programs with a set-user-ID bit give them to anybody.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  automountServiceAccountToken: false\n  securityContext: {runAsNonRoot: true}\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    resources: {limits: {cpu: \"1\", memory: 2Gi}}\n    securityContext: {allowPrivilegeEscalation: false}\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  automountServiceAccountToken: false\n  securityContext: {runAsNonRoot: true}\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    resources: {limits: {cpu: \"1\", memory: 2Gi}}\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
    }],
    check: Check::Kubernetes(kept),
};

fn kept(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for pod in manifests.pods.iter().filter(|pod| pod.is_agent) {
        for container in &pod.containers {
            let security = container.get("securityContext");
            let capabilities = security.and_then(|it| it.get("capabilities"));
            let dropped = capabilities.and_then(|it| it.get("drop"));
            let all = dropped.is_some_and(|list| list.items().any(|it| it.text() == Some("ALL")));
            let escalation = security.and_then(|it| it.get("allowPrivilegeEscalation"));
            let message = if !all {
                "capabilities are not dropped"
            } else if escalation.and_then(|it| it.text()) != Some("false") {
                "programs may still gain privileges"
            } else {
                continue;
            };
            report.at(&RULE, super::name_of(container), message);
        }
    }
}
