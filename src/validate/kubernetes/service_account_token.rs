//! Agents that can speak to the cluster.

use super::Manifests;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kubernetes-service-account-token",
        summary: "An agent's pod gets a token for the cluster's API",
        help: "Set `automountServiceAccountToken: false`.",
        severity: Severity::Warning,
        page: "docs/rules/kubernetes-service-account-token.md",
    },
    why: "By default every pod finds a token of its service account in its filesystem. Whatever \
           that account may do, the agent may do, and whoever talks the agent into it.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  securityContext: {runAsNonRoot: true}\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    resources: {limits: {cpu: \"1\", memory: 2Gi}}\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Pod\nmetadata: {name: triage, namespace: fullsend-agents}\nspec:\n  automountServiceAccountToken: false\n  securityContext: {runAsNonRoot: true}\n  containers:\n  - name: agent\n    image: ghcr.io/acme/agent-sandbox:1.4.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    resources: {limits: {cpu: \"1\", memory: 2Gi}}\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
    }],
    check: Check::Kubernetes(token),
};

fn token(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for pod in manifests.pods.iter().filter(|pod| pod.is_agent) {
        let flag = pod.spec.get("automountServiceAccountToken");
        if flag.and_then(|flag| flag.text()) != Some("false") {
            let at = flag.map_or_else(|| super::first_key(&pod.spec), |flag| flag.at());
            report.at(&RULE, at, "the agent finds a token for the cluster's API");
        }
    }
}
