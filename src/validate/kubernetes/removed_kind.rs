//! What Kubernetes no longer knows.

use super::Manifests;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kubernetes-removed-kind",
        summary: "A kind or a version of it was removed from Kubernetes",
        help: "Write the version that took its place.",
        severity: Severity::Error,
        page: "docs/rules/kubernetes-removed-kind.md",
    },
    why: "The API server refuses the manifest. PodSecurityPolicy is gone altogether since 1.25: \
           labels of the namespace took its place, and a policy that still lies in a repository \
           protects nothing.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: agents}\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: agents\n  labels: {pod-security.kubernetes.io/enforce: restricted}\n",
    }],
    check: Check::Kubernetes(removed),
};

/// Kind, the version that is gone, since which release, and what took its place.
const REMOVED: &[(&str, &str, &str, &str)] = &[
    (
        "PodSecurityPolicy",
        "policy/v1beta1",
        "1.25",
        "labels of Pod Security on the namespace",
    ),
    (
        "PodSecurityPolicy",
        "extensions/v1beta1",
        "1.16",
        "labels of Pod Security on the namespace",
    ),
    ("Deployment", "extensions/v1beta1", "1.16", "apps/v1"),
    ("Deployment", "apps/v1beta1", "1.16", "apps/v1"),
    ("Deployment", "apps/v1beta2", "1.16", "apps/v1"),
    ("DaemonSet", "extensions/v1beta1", "1.16", "apps/v1"),
    ("DaemonSet", "apps/v1beta2", "1.16", "apps/v1"),
    ("ReplicaSet", "extensions/v1beta1", "1.16", "apps/v1"),
    ("StatefulSet", "apps/v1beta1", "1.16", "apps/v1"),
    ("StatefulSet", "apps/v1beta2", "1.16", "apps/v1"),
    (
        "NetworkPolicy",
        "extensions/v1beta1",
        "1.16",
        "networking.k8s.io/v1",
    ),
    (
        "Ingress",
        "extensions/v1beta1",
        "1.22",
        "networking.k8s.io/v1",
    ),
    (
        "Ingress",
        "networking.k8s.io/v1beta1",
        "1.22",
        "networking.k8s.io/v1",
    ),
    ("CronJob", "batch/v1beta1", "1.25", "batch/v1"),
    ("PodDisruptionBudget", "policy/v1beta1", "1.25", "policy/v1"),
    (
        "RuntimeClass",
        "node.k8s.io/v1beta1",
        "1.25",
        "node.k8s.io/v1",
    ),
    (
        "ClusterRole",
        "rbac.authorization.k8s.io/v1beta1",
        "1.22",
        "rbac.authorization.k8s.io/v1",
    ),
    (
        "ClusterRoleBinding",
        "rbac.authorization.k8s.io/v1beta1",
        "1.22",
        "rbac.authorization.k8s.io/v1",
    ),
    (
        "Role",
        "rbac.authorization.k8s.io/v1beta1",
        "1.22",
        "rbac.authorization.k8s.io/v1",
    ),
    (
        "RoleBinding",
        "rbac.authorization.k8s.io/v1beta1",
        "1.22",
        "rbac.authorization.k8s.io/v1",
    ),
    (
        "HorizontalPodAutoscaler",
        "autoscaling/v2beta1",
        "1.25",
        "autoscaling/v2",
    ),
    (
        "HorizontalPodAutoscaler",
        "autoscaling/v2beta2",
        "1.26",
        "autoscaling/v2",
    ),
];

fn removed(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for object in &manifests.objects {
        let known = REMOVED
            .iter()
            .find(|(kind, version, ..)| *kind == object.kind && *version == object.version);
        if let Some((kind, version, since, instead)) = known {
            let message = format!("{version} {kind} was removed in Kubernetes {since}");
            let problem = report.at(&RULE, object.at.clone(), message);
            problem.help(format!("In its place: {instead}."));
            // What others keep for old clusters is theirs to know; but a policy protects nobody.
            if !object.is_agents {
                problem.severity(match *kind {
                    "PodSecurityPolicy" => Severity::Warning,
                    _ => Severity::Note,
                });
            }
        }
    }
}
