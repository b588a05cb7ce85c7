//! Kubernetes manifests, with the policies of Kyverno and policy-controller.
//!
//! People's own manifests are left alone: what is about pods speaks up for those of agents, and says
//! of others at most a note.

mod any_identity;
mod audit_only;
mod bundle_type;
mod capabilities;
mod count;
mod dead_field;
mod digest;
mod docker_socket;
mod failure_action;
mod host_namespace;
mod host_path;
mod images;
mod matches_nothing;
mod missing_limits;
mod open_egress;
mod pod_security_label;
mod privileged;
mod removed_kind;
mod run_as_root;
mod service_account_token;
mod static_pass;
mod unanchored_identity;
mod unpinned_image;
mod unused_attestor;
mod view;

use std::ops::Range;

pub(super) use view::{Manifests, Object};

use super::{Report, Rule, Subject, rule::Check};
use crate::document::yaml::{Node, Yaml};

pub(super) static RULES: &[&Rule] = &[
    &any_identity::RULE,
    &audit_only::RULE,
    &bundle_type::RULE,
    &capabilities::RULE,
    &count::RULE,
    &dead_field::RULE,
    &digest::RULE,
    &docker_socket::RULE,
    &failure_action::RULE,
    &host_namespace::RULE,
    &host_path::RULE,
    &matches_nothing::RULE,
    &missing_limits::RULE,
    &open_egress::RULE,
    &pod_security_label::RULE,
    &privileged::RULE,
    &removed_kind::RULE,
    &run_as_root::RULE,
    &service_account_token::RULE,
    &static_pass::RULE,
    &unanchored_identity::RULE,
    &unpinned_image::RULE,
    &unused_attestor::RULE,
];

/// Looks at manifests with every rule.
pub(super) fn check(subject: Subject<'_>, tree: &Yaml, report: &mut Report<'_>) {
    let view = Manifests::new(tree, subject.source);
    for rule in RULES {
        if let Check::Kubernetes(check) = rule.check {
            check(&view, report);
        }
    }
}

/// Where a finding about a container as a whole points: its name.
fn name_of(container: &Node<'_>) -> Range<usize> {
    let name = container.get("name").map(|name| name.at());
    name.unwrap_or_else(|| first_key(container))
}

/// Where a finding about a mapping as a whole points: its first key.
fn first_key(node: &Node<'_>) -> Range<usize> {
    let first = node.own_entries().next();
    first.map_or_else(|| node.at(), |(key, _)| key.at())
}
