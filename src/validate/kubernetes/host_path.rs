//! Folders of the node.

use super::Manifests;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kubernetes-host-path",
        summary: "An agent's pod mounts a folder of its node",
        help: "Use an emptyDir, or a volume of the cluster's.",
        severity: Severity::Warning,
        page: "docs/rules/kubernetes-host-path.md",
    },
    why: "What an agent writes there other pods and the node itself read; what it reads there \
           was not meant for it. Pod Security refuses such pods from `baseline` on.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  automountServiceAccountToken: false\n  securityContext: {runAsNonRoot: true}\n  volumes:\n  - name: src\n    hostPath: {path: /srv/src}\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    resources: {limits: {cpu: \"1\", memory: 2Gi}}\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  automountServiceAccountToken: false\n  securityContext: {runAsNonRoot: true}\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    resources: {limits: {cpu: \"1\", memory: 2Gi}}\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
    }],
    check: Check::Kubernetes(folder),
};

fn folder(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for pod in manifests.pods.iter().filter(|pod| pod.is_agent) {
        for path in pod.host_paths() {
            // Another rule speaks of sockets.
            if path.text().is_some_and(|path| !path.contains(".sock")) {
                report.at(&RULE, path.at(), "a folder of the node");
            }
        }
    }
}
