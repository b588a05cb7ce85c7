//! Labels that Pod Security does not know.

use super::Manifests;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kubernetes-pod-security-label",
        summary: "A namespace's label of Pod Security is none",
        help: "Write privileged, baseline or restricted, and `latest` or v1.N for versions.",
        severity: Severity::Error,
        page: "docs/rules/kubernetes-pod-security-label.md",
    },
    why: "A level that is misspelled is one that Pod Security cannot enforce; depending on the \
           label, the namespace is refused, or the mode stays at what the cluster has by default.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: agents\n  labels: {pod-security.kubernetes.io/enforce: restrictive}\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: agents\n  labels: {pod-security.kubernetes.io/enforce: restricted}\n",
    }],
    check: Check::Kubernetes(labels),
};

use crate::config::suggest;

const LEVELS: &[&str] = &["privileged", "baseline", "restricted"];
const LABELS: &[&str] = &[
    "enforce",
    "enforce-version",
    "audit",
    "audit-version",
    "warn",
    "warn-version",
];

fn labels(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    for object in manifests.objects.iter().filter(|it| it.kind == "Namespace") {
        for (key, value) in object.labels() {
            let Some(text) = key.text() else { continue };
            let Some(label) = text.strip_prefix("pod-security.kubernetes.io/") else {
                continue;
            };
            if !LABELS.contains(&label) {
                let problem = report.at(&RULE, key.at(), "Pod Security reads no such label");
                problem.severity(Severity::Warning);
                continue;
            }
            let Some(value) = value.scalar() else {
                continue;
            };
            // A template fills it in.
            if value.value.contains(['$', '{']) {
                continue;
            }
            if label.ends_with("-version") {
                if !is_version(value.value) {
                    report.at(
                        &RULE,
                        value.at,
                        "neither `latest` nor a version such as v1.36",
                    );
                }
            } else if !LEVELS.contains(&value.value) {
                let near = suggest(value.value, LEVELS.iter().copied());
                let problem = report.at(&RULE, value.at, "Pod Security knows no such level");
                if let Some(near) = near {
                    problem.help(format!("Did you mean `{near}`?"));
                }
            }
        }
    }
}

fn is_version(text: &str) -> bool {
    let minor = text.strip_prefix("v1.");
    let digits = |minor: &str| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit());
    text == "latest" || minor.is_some_and(digits)
}
