//! What the rules of one endpoint say about a request.

use super::Request;
use crate::{
    document::yaml::Node,
    validate::openshell::{
        glob,
        view::{Endpoint, last},
    },
};

/// What allows a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowing {
    /// The endpoint's `access`.
    Access,
    /// Its rule of this number, from 0.
    Rule(usize),
}

/// Whether the rules of `endpoint` are about requests for `path`.
///
/// Unlike the choice of who treats a request this follows the rules' own pattern language.
pub(super) fn covers(endpoint: &Endpoint<'_>, path: &str) -> bool {
    let selector = endpoint.text("path");
    selector.is_empty() || path_matches(selector, path)
}

/// The number of the deny rule of `endpoint` that `request` meets.
pub(super) fn denying(endpoint: &Endpoint<'_>, request: &Request) -> Option<usize> {
    let mut rules = endpoint.list("deny_rules").into_iter();
    rules.position(|rule| meets(&rule, request) && query_denied(&rule, request))
}

/// What of `endpoint` allows `request`.
pub(super) fn allowing(endpoint: &Endpoint<'_>, request: &Request) -> Option<Allowing> {
    let access = methods_of(endpoint.text("access"), &endpoint.inspection());
    if access.iter().any(|method| method_matches(method, request)) {
        return Some(Allowing::Access);
    }
    let mut rules = endpoint.list("rules").into_iter();
    let number = rules.position(|rule| {
        last(&rule, "allow")
            .is_some_and(|allow| meets(&allow, request) && query_allowed(&allow, request))
    });
    number.map(Allowing::Rule)
}

/// The methods that a preset stands for.
fn methods_of(access: &str, protocol: &str) -> &'static [&'static str] {
    match (access, protocol) {
        ("full", _) => &["*"],
        ("read-only", "websocket") => &["GET"],
        ("read-write", "websocket") => &["GET", "WEBSOCKET_TEXT"],
        ("read-only", _) => &["GET", "HEAD", "OPTIONS"],
        ("read-write", _) => &["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH"],
        _ => &[],
    }
}

/// Whether method and path of a rule, both of which it must have, are the request's.
fn meets(rule: &Node<'_>, request: &Request) -> bool {
    let text = |key| last(rule, key).and_then(|node| node.text());
    let (Some(method), Some(path)) = (text("method"), text("path")) else {
        return false;
    };
    method_matches(method, request) && path_matches(path, &request.path)
}

fn method_matches(method: &str, request: &Request) -> bool {
    let head = request.method == "HEAD" && method.eq_ignore_ascii_case("GET");
    method == "*" || head || method.eq_ignore_ascii_case(&request.method)
}

fn path_matches(pattern: &str, path: &str) -> bool {
    pattern == "**" || glob::matches(pattern, '/', path)
}

/// Whether the request has every parameter that the rule names, each with good values only.
fn query_allowed(rule: &Node<'_>, request: &Request) -> bool {
    parameters(rule).iter().all(|(key, matcher)| {
        let mut values = values_of(key, request).peekable();
        values.peek().is_some() && values.all(|value| value_matches(matcher, value))
    })
}

/// Whether the request has every parameter that the deny rule names, each with some bad value.
fn query_denied(rule: &Node<'_>, request: &Request) -> bool {
    parameters(rule)
        .iter()
        .all(|(key, matcher)| values_of(key, request).any(|value| value_matches(matcher, value)))
}

fn parameters<'a>(rule: &Node<'a>) -> Vec<(&'a str, Node<'a>)> {
    let query = last(rule, "query").into_iter();
    let entries = query.flat_map(|query| query.entries());
    entries
        .filter_map(|(key, value)| Some((key.text()?, value)))
        .collect()
}

fn values_of<'r>(key: &str, request: &'r Request) -> impl Iterator<Item = &'r str> {
    let pairs = request.query.iter().filter(move |(name, _)| name == key);
    pairs.map(|(_, value)| value.as_str())
}

fn value_matches(matcher: &Node<'_>, value: &str) -> bool {
    let fits = |pattern: &str| glob::matches(pattern, '.', value);
    if let Some(pattern) = matcher.text() {
        return fits(pattern);
    }
    let single = last(matcher, "glob").and_then(|glob| glob.text());
    let any = last(matcher, "any").into_iter();
    single.into_iter().any(fits)
        || any
            .flat_map(|list| list.items())
            .filter_map(|pattern| pattern.text())
            .any(fits)
}
