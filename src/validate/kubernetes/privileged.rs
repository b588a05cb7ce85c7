//! Containers that own their node.

use super::Manifests;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kubernetes-privileged",
        summary: "A container is privileged",
        help: "Delete `privileged`, and add the one capability that is needed.",
        severity: Severity::Warning,
        page: "docs/rules/kubernetes-privileged.md",
    },
    why: "A privileged container can do to its node whatever root can: an agent that gets out of \
           its prompt gets out of its sandbox. In manifests that are not for agents this is a \
           note.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  automountServiceAccountToken: false\n  securityContext: {runAsNonRoot: true}\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    resources: {limits: {cpu: \"1\", memory: 2Gi}}\n    securityContext: {privileged: true}\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  automountServiceAccountToken: false\n  securityContext: {runAsNonRoot: true}\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    resources: {limits: {cpu: \"1\", memory: 2Gi}}\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
    }],
    check: Check::Kubernetes(privileged),
};

fn privileged(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for pod in &manifests.pods {
        for container in &pod.containers {
            let security = container.get("securityContext");
            let flag = security.and_then(|it| it.get("privileged"));
            if let Some(flag) = flag.filter(|flag| flag.text() == Some("true")) {
                let problem = report.at(&RULE, flag.at(), "root of the node, for all it matters");
                problem.severity(pod.severity());
            }
        }
    }
}
