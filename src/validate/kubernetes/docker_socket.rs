//! The socket of the node's container runtime.

use super::Manifests;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kubernetes-docker-socket",
        summary: "A pod mounts the socket of the node's container runtime",
        help: "Build images by a rootless builder, and start agents by pods of their own.",
        severity: Severity::Warning,
        page: "docs/rules/kubernetes-docker-socket.md",
    },
    why: "Whoever can write to that socket starts containers outside of every limit of the \
           cluster, privileged ones included. In manifests that are not for agents this is a \
           note.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  automountServiceAccountToken: false\n  securityContext: {runAsNonRoot: true}\n  volumes:\n  - name: docker\n    hostPath: {path: /var/run/docker.sock}\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    resources: {limits: {cpu: \"1\", memory: 2Gi}}\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  automountServiceAccountToken: false\n  securityContext: {runAsNonRoot: true}\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    resources: {limits: {cpu: \"1\", memory: 2Gi}}\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
    }],
    check: Check::Kubernetes(socket),
};

fn socket(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for pod in &manifests.pods {
        for path in pod.host_paths() {
            let Some(text) = path.scalar() else { continue };
            let runtimes = ["docker.sock", "containerd.sock", "crio.sock", "podman.sock"];
            if runtimes.iter().any(|name| text.value.ends_with(name)) {
                let message = "the container runtime of the node, with all that it can start";
                report.at(&RULE, text.at, message).severity(pod.severity());
            }
        }
    }
}
