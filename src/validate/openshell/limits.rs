//! More than the gateway takes.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-limits",
        summary: "A policy has more of something than the gateway takes",
        help: "Have fewer of them, or name folders rather than files.",
        severity: Severity::Error,
        page: "docs/rules/openshell-limits.md",
    },
    why: "The gateway takes one document, 256 paths in the filesystem policy, 10 middlewares \
           with 32 patterns of hosts each, and no two middlewares of the same order.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_middlewares:\n  a: {middleware: m, order: 1, endpoints: {include: [a.example]}}\n  b: {middleware: m, order: 1, endpoints: {include: [b.example]}}\nnetwork_policies: {}\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_middlewares:\n  a: {middleware: m, order: 1, endpoints: {include: [a.example]}}\n  b: {middleware: m, order: 2, endpoints: {include: [b.example]}}\nnetwork_policies: {}\n",
    }],
    check: Check::Openshell(limits),
};

use std::collections::HashSet;

use crate::document::yaml::Node;

const MAX_PATHS: usize = 256;
const MAX_MIDDLEWARES: usize = 10;
const MAX_PATTERNS: usize = 32;

fn limits(policy: &Policy<'_>, report: &mut Report<'_>) {
    let Some(root) = policy.root else { return };
    if policy.documents > 1 {
        let message = "the file has several documents: only one can be a policy";
        report.at(&RULE, first(&root), message);
    }
    if let Some(section) = root.get("filesystem_policy") {
        let lists = ["read_only", "read_write"].into_iter();
        let paths = lists.filter_map(|key| section.get(key));
        if paths.flat_map(|list| list.items()).count() > MAX_PATHS {
            let message = format!("more than {MAX_PATHS} paths");
            report.at(&RULE, first(&section), message);
        }
    }
    if let Some(section) = root.get("network_middlewares") {
        middlewares(&section, report);
    }
}

fn middlewares(section: &Node<'_>, report: &mut Report<'_>) {
    let entries = section.entries();
    if entries.len() > MAX_MIDDLEWARES {
        let message = format!("more than {MAX_MIDDLEWARES} middlewares");
        report.at(&RULE, first(section), message);
    }
    let mut orders = HashSet::new();
    for (key, middleware) in entries {
        let order = middleware.get("order").and_then(|node| node.text());
        if !orders.insert(order.unwrap_or("0")) {
            let message = "another middleware has the same order";
            report.at(&RULE, key.at(), message);
        }
        let selector = middleware.get("endpoints");
        let lists = ["include", "exclude"].into_iter();
        let lists = lists.filter_map(|list| selector.and_then(|it| it.get(list)));
        if lists.flat_map(|list| list.items()).count() > MAX_PATTERNS {
            let message = format!("more than {MAX_PATTERNS} patterns of hosts");
            report.at(&RULE, key.at(), message);
        }
        let included = selector.and_then(|it| it.get("include"));
        if included.is_none_or(|list| list.items().next().is_none()) {
            report.at(&RULE, key.at(), "`endpoints.include` names no host");
        }
    }
}

/// The first key of a mapping.
fn first(node: &Node<'_>) -> std::ops::Range<usize> {
    let key = node.own_entries().next().map(|(key, _)| key.at());
    key.unwrap_or_else(|| node.at())
}
