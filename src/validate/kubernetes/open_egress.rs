//! Agents that reach everything.

use super::Manifests;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "kubernetes-open-egress",
        summary: "A network policy for agents opens all that leaves",
        help: "List the networks and ports that agents need.",
        severity: Severity::Warning,
        page: "docs/rules/kubernetes-open-egress.md",
    },
    why: "A rule without `to` allows every destination, the cluster's own services and the \
           clouds' metadata addresses among them.",
    bad: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: egress, namespace: fullsend-agents}\nspec: {podSelector: {}, policyTypes: [Egress], egress: [{}]}\n",
    }],
    good: &[Example {
        path: "manifests.yaml",
        text: "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: egress, namespace: fullsend-agents}\nspec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 203.0.113.0/24}}]}]}\n",
    }],
    check: Check::Kubernetes(open),
};

fn open(manifests: &Manifests<'_>, report: &mut Report<'_>) {
    let policies = manifests.objects.iter();
    for object in policies.filter(|it| it.kind == "NetworkPolicy" && it.is_agents) {
        let rules = object.node.get("spec").and_then(|spec| spec.get("egress"));
        for rule in rules.iter().flat_map(crate::document::yaml::Node::items) {
            let to = rule.get("to").map_or(0, |to| to.items().count());
            if to == 0 {
                report.at(&RULE, rule.at(), "every destination is open");
            }
        }
    }
}
