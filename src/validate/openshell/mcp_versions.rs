//! Versions of the Model Context Protocol.

use super::{Policy, schema::MCP_VERSIONS};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-mcp-versions",
        summary: "The versions of the Model Context Protocol are not ones that are known",
        help: "Write dates such as `2025-11-25`, each once.",
        severity: Severity::Error,
        page: "docs/rules/openshell-mcp-versions.md",
    },
    why: "From 0.1 on an endpoint of protocol mcp lists the versions that its clients may speak. \
           A list that is empty, repeats one or holds one that the gateway does not know is \
           refused, and so is one on an endpoint of another protocol.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: tools.example.com\n        port: 443\n        protocol: mcp\n        enforcement: enforce\n        mcp: {versions: [2024-11-05]}\n        rules: [{allow: {method: tools/list}}]\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: tools.example.com\n        port: 443\n        protocol: mcp\n        enforcement: enforce\n        mcp: {versions: [2025-11-25]}\n        rules: [{allow: {method: tools/list}}]\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(versions),
};

fn versions(policy: &Policy<'_>, report: &mut Report<'_>) {
    for endpoint in policy.endpoints() {
        let options = endpoint.get("mcp");
        let Some(list) = options.and_then(|it| it.get("versions")) else {
            continue;
        };
        if endpoint.inspection() != "mcp" {
            report.at(&RULE, list.at(), "`versions` are for protocol mcp");
        }
        let versions: Vec<_> = list.items().filter_map(|it| it.scalar()).collect();
        if versions.is_empty() {
            report.at(&RULE, list.at(), "no version is listed");
        }
        let mut seen = Vec::new();
        for version in versions {
            if seen.contains(&version.value) {
                report.at(&RULE, version.at, "the version is listed twice");
            } else if MCP_VERSIONS.contains(&version.value) {
                seen.push(version.value);
            } else if version.value > "2025-11-25" {
                // Newer than this program.
                let problem = report.at(&RULE, version.at, "the version is not known here");
                problem.severity(Severity::Note);
            } else {
                report.at(&RULE, version.at, "no release knows this version");
            }
        }
    }
}
