//! SQL that would be enforced.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-sql-enforce",
        summary: "An endpoint of protocol sql is to be enforced",
        help: "Write `enforcement: audit`: statements are only logged.",
        severity: Severity::Error,
        page: "docs/rules/openshell-sql-enforce.md",
    },
    why: "The gateway cannot parse SQL well enough to refuse a statement, so it refuses the \
           policy. Give the agent a database user that may do no more than it should.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: db.example.com\n        port: 5432\n        protocol: sql\n        enforcement: enforce\n        access: full\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: db.example.com\n        port: 5432\n        protocol: sql\n        enforcement: audit\n        access: full\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(sql),
};

fn sql(policy: &Policy<'_>, report: &mut Report<'_>) {
    for endpoint in policy.endpoints() {
        let enforcement = endpoint.get("enforcement");
        let enforced = enforcement.filter(|node| node.text() == Some("enforce"));
        if let Some(node) = enforced.filter(|_| endpoint.inspection() == "sql") {
            report.at(&RULE, node.at(), "statements of SQL can only be logged");
        }
    }
}
