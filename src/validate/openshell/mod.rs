//! Policies of the agents' sandbox, of both generations: what the gateway refuses, what it takes in
//! silence and then does not do, and which rule decides about a request.

mod access_value;
mod access_without_protocol;
mod address;
mod bad_value;
mod bad_word;
mod blocked_port;
mod broad_binary;
mod cidr;
mod duplicate_key;
mod empty_binaries;
mod enforcement_value;
mod filesystem_path;
mod generation;
mod glob;
mod glob_segment;
mod host_wildcard;
mod identity;
mod incomplete_endpoint;
mod json_rpc;
mod limits;
mod loopback;
mod mcp_versions;
mod merge_keys;
mod method;
mod missing_enforcement;
mod names;
mod newer_key;
mod no_baseline;
mod no_endpoints;
mod overlap;
mod port_and_ports;
mod relative_binary;
mod removed;
mod reserved_key;
mod rule_path;
mod rules_or_access;
mod schema;
mod signing;
mod simulate;
mod sql_enforce;
mod symlinked_binary;
mod tcp_fields;
mod tls_skip;
mod tls_value;
mod unknown_key;
mod version;
mod view;
mod walk;
mod wildcard_needs_allowed_ips;
mod wrong_type;

pub use generation::{Generation, UnknownGeneration};
pub use simulate::{Decision, Ending, Place, Request, RequestError, ShownRequest, Tried, simulate};
pub(super) use view::Policy;

use super::{Report, Rule, Subject, rule::Check};
use crate::document::yaml::{Node, Yaml};

pub(super) static RULES: &[&Rule] = &[
    &access_value::RULE,
    &access_without_protocol::RULE,
    &bad_value::RULE,
    &blocked_port::RULE,
    &broad_binary::RULE,
    &cidr::RULE,
    &duplicate_key::RULE,
    &empty_binaries::RULE,
    &enforcement_value::RULE,
    &filesystem_path::RULE,
    &glob_segment::RULE,
    &host_wildcard::RULE,
    &identity::RULE,
    &incomplete_endpoint::RULE,
    &json_rpc::RULE,
    &limits::RULE,
    &loopback::RULE,
    &mcp_versions::RULE,
    &merge_keys::RULE,
    &method::RULE,
    &missing_enforcement::RULE,
    &newer_key::RULE,
    &no_baseline::RULE,
    &no_endpoints::RULE,
    &overlap::RULE,
    &port_and_ports::RULE,
    &relative_binary::RULE,
    &removed::RULE,
    &reserved_key::RULE,
    &rule_path::RULE,
    &rules_or_access::RULE,
    &signing::RULE,
    &sql_enforce::RULE,
    &symlinked_binary::RULE,
    &tcp_fields::RULE,
    &tls_skip::RULE,
    &tls_value::RULE,
    &unknown_key::RULE,
    &version::RULE,
    &wildcard_needs_allowed_ips::RULE,
    &wrong_type::RULE,
];

/// Whether `root` is a policy by its keys.
pub(super) fn is_policy(root: &Node<'_>) -> bool {
    let has = |key: &str| root.get(key).is_some();
    let sections = ["filesystem_policy", "landlock", "network_middlewares"];
    has("network_policies") || (has("version") && sections.into_iter().any(has))
}

/// Looks at a policy with every rule.
pub(super) fn check(subject: Subject<'_>, tree: &Yaml, report: &mut Report<'_>) {
    let view = Policy::new(subject, tree);
    for rule in RULES {
        if let Check::Openshell(check) = rule.check {
            check(&view, report);
        }
    }
}
