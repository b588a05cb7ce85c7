//! Agents without limits.

use super::Manifests;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kubernetes-missing-limits",
        summary: "An agent's container has no limit of CPU or memory",
        help: "Set `resources.limits` to what the agent has in fullsend.yaml.",
        severity: Severity::Warning,
        page: "docs/rules/kubernetes-missing-limits.md",
    },
    why: "Without a limit of memory an agent takes the node's, and the kernel ends whichever pod \
           it likes; the run then looks like a failure of the agent.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  automountServiceAccountToken: false\n  securityContext: {runAsNonRoot: true}\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  automountServiceAccountToken: false\n  securityContext: {runAsNonRoot: true}\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    resources: {limits: {cpu: \"1\", memory: 2Gi}}\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
    }],
    check: Check::Kubernetes(limits),
};

fn limits(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for pod in manifests.pods.iter().filter(|pod| pod.is_agent) {
        for container in &pod.containers {
            let resources = container.get("resources");
            let limits = resources.and_then(|it| it.get("limits"));
            let missing = ["memory", "cpu"].into_iter();
            let missing: Vec<&str> = missing
                .filter(|key| limits.is_none_or(|limits| limits.get(key).is_none()))
                .collect();
            if !missing.is_empty() {
                let message = format!("no limit of {}", missing.join(" and "));
                report.at(&RULE, super::name_of(container), message);
            }
        }
    }
}
