//! Signed requests.

use super::Policy;
use crate::{
    report::finding::{self, Severity},
    validate::{Example, Report, Rule, rule::Check},
};

pub(super) static RULE: Rule = Rule {
    about: finding::Rule {
        id: "openshell-signing",
        summary: "The signing of an endpoint's requests is incomplete",
        help: "Name the service, and leave the body alone.",
        severity: Severity::Error,
        page: "docs/rules/openshell-signing.md",
    },
    why: "An endpoint with `credential_signing` needs `signing_service`, and cannot rewrite the \
           body that it signs. The gateway refuses the policy otherwise.",
    bad: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n        credential_signing: sigv4\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    good: &[Example {
        path: "policy.yaml",
        text: "version: 1\nnetwork_policies:\n  github:\n    endpoints:\n      - host: api.github.com\n        port: 443\n        protocol: rest\n        enforcement: enforce\n        access: read-only\n        credential_signing: sigv4\n        signing_service: s3\n    binaries: [{path: /usr/bin/gh}]\n",
    }],
    check: Check::Openshell(signing),
};

fn signing(policy: &Policy<'_>, report: &mut Report<'_>) {
    for endpoint in policy.endpoints() {
        let signing = endpoint.get("credential_signing");
        let Some(signing) = signing.filter(|it| !matches!(it.text(), None | Some(""))) else {
            continue;
        };
        if endpoint.text("signing_service").is_empty() {
            report.at(&RULE, signing.at(), "`signing_service` is missing");
        }
        if endpoint.text("request_body_credential_rewrite") == "true" {
            let message = "a body that is signed cannot be rewritten";
            report.at(&RULE, signing.at(), message);
        }
    }
}
