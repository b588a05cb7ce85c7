//! Agents that are root.

use super::Manifests;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kubernetes-run-as-root",
        summary: "An agent's container may run as root",
        help: "Set `securityContext.runAsNonRoot: true`.",
        severity: Severity::Warning,
        page: "docs/rules/kubernetes-run-as-root.md",
    },
    why: "Without it the image decides, and most images say root. Root in a container is one \
           kernel bug, or one mounted folder, away from root of the node.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  automountServiceAccountToken: false\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    resources: {limits: {cpu: \"1\", memory: 2Gi}}\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  automountServiceAccountToken: false\n  securityContext: {runAsNonRoot: true}\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    resources: {limits: {cpu: \"1\", memory: 2Gi}}\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
    }],
    check: Check::Kubernetes(root),
};

fn root(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for pod in manifests.pods.iter().filter(|pod| pod.is_agent) {
        let whole = pod.spec.get("securityContext");
        for container in &pod.containers {
            let own = container.get("securityContext");
            let value = |key: &str| {
                let own = own.and_then(|it| it.get(key));
                own.or_else(|| whole.and_then(|it| it.get(key)))
            };
            if let Some(user) = value("runAsUser").filter(|user| user.text() == Some("0")) {
                report.at(&RULE, user.at(), "user 0 is root");
            } else if value("runAsNonRoot").and_then(|it| it.text()) != Some("true") {
                let message = "nothing keeps the image from running as root";
                report.at(&RULE, super::name_of(container), message);
            }
        }
    }
}
