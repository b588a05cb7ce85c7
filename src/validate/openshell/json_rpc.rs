//! Endpoints whose requests are calls.

use super::{Policy, view::Endpoint};
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-json-rpc",
        summary: "An endpoint of JSON-RPC or MCP has rules that are refused",
        help: "Write `rules` with an `allow.method` each.",
        severity: Severity::Error,
        page: "docs/rules/openshell-json-rpc.md",
    },
    why: "These protocols know neither `access` nor paths. `json-rpc` wants rules with exact \
           methods or `*`; `mcp` wants rules, or `mcp.allow_all_known_mcp_methods: true`, and no \
           `method: \"*\"`. A policy that departs from it is refused.",
    bad: &[
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: tools.example.com\n        port: 443\n        protocol: mcp\n        enforcement: enforce\n        access: full\n    binaries: [{path: /usr/bin/gh}]\n",
        },
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: tools.example.com\n        port: 443\n        protocol: json-rpc\n        enforcement: enforce\n        rules: [{allow: {method: \"reports.*\"}}]\n    binaries: [{path: /usr/bin/gh}]\n",
        },
    ],
    good: &[
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: tools.example.com\n        port: 443\n        protocol: mcp\n        enforcement: enforce\n        rules: [{allow: {method: tools/list}}]\n    binaries: [{path: /usr/bin/gh}]\n",
        },
        Example {
            path: "policy.yaml",
            text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: tools.example.com\n        port: 443\n        protocol: json-rpc\n        enforcement: enforce\n        rules: [{allow: {method: reports.search}}]\n    binaries: [{path: /usr/bin/gh}]\n",
        },
    ],
    check: Check::Openshell(calls),
};

fn calls(policy: &Policy<'_>, report: &mut Report<'_>) {
    for endpoint in policy.endpoints() {
        let protocol = endpoint.inspection();
        if !matches!(protocol.as_str(), "mcp" | "json-rpc") {
            continue;
        }
        if let Some(access) = endpoint.get("access").filter(|it| it.text() != Some("")) {
            let message = format!("`access` is not for {protocol}");
            report.at(&RULE, access.at(), message);
        } else if endpoint.list("rules").is_empty() && !takes_all(endpoint) {
            report.at(&RULE, endpoint.at(), format!("{protocol} wants `rules`"));
        }
        for matcher in endpoint.matchers() {
            for key in ["path", "query"] {
                if let Some(node) = matcher.get(key).filter(|it| it.text() != Some("")) {
                    let message = format!("rules of {protocol} know no `{key}`");
                    report.at(&RULE, node.at(), message);
                }
            }
            let method = matcher.get("method").and_then(|node| node.scalar());
            let Some(method) = method else { continue };
            let is_glob = method.value.contains(['*', '?', '[', '{']);
            let tools = protocol == "mcp" && method.value.starts_with("tools/");
            let all = protocol == "json-rpc" && method.value == "*";
            if is_glob && !tools && !all {
                report.at(&RULE, method.at, "the method must be an exact one here");
            }
        }
    }
}

fn takes_all(endpoint: &Endpoint<'_>) -> bool {
    let options = endpoint.get("mcp");
    let all = options.and_then(|it| it.get("allow_all_known_mcp_methods"));
    all.and_then(|it| it.text()) == Some("true")
}
