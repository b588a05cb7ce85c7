//! Namespaces of the node.

use super::Manifests;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kubernetes-host-namespace",
        summary: "A pod shares its node's network, processes or IPC",
        help: "Delete the key.",
        severity: Severity::Warning,
        page: "docs/rules/kubernetes-host-namespace.md",
    },
    why: "With the node's network no NetworkPolicy holds and every service on its loopback \
           answers; with its processes the pod sees, and may signal, what runs beside it. In \
           manifests that are not for agents this is a note.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  automountServiceAccountToken: false\n  securityContext: {runAsNonRoot: true}\n  hostNetwork: true\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    resources: {limits: {cpu: \"1\", memory: 2Gi}}\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  automountServiceAccountToken: false\n  securityContext: {runAsNonRoot: true}\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    resources: {limits: {cpu: \"1\", memory: 2Gi}}\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
    }],
    check: Check::Kubernetes(shared),
};

fn shared(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for pod in &manifests.pods {
        for key in ["hostNetwork", "hostPID", "hostIPC"] {
            let flag = pod.spec.get(key);
            if let Some(flag) = flag.filter(|flag| flag.text() == Some("true")) {
                let message = format!("`{key}` takes the pod out of its sandbox");
                report
                    .at(&RULE, flag.at(), message)
                    .severity(pod.severity());
            }
        }
    }
}
