//! Which rule of a policy decides about a request, and how: what the sandbox's proxy would do, without
//! a sandbox.
//!
//! Host, port and program choose the network policies; a request that none of them covers never gets
//! a connection. Endpoints with a protocol then look at each request: the one with the most specific
//! `path` says how it is treated, and the rules of all of them, deny rules first, whether it passes.

mod decision;
mod request;
mod rules;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use decision::{Decision, Ending, Place, ShownRequest, Tried};
pub use request::{Request, RequestError};

use super::{
    Policy, address, glob,
    view::{Endpoint, Network},
};
use crate::{
    document::{DocumentError, Source, yaml},
    model::files::NoFiles,
    report::finding::Severity,
    validate::{Kind, Subject},
};

/// More policies are tried, but not listed.
const MAX_LISTED: usize = 50;

/// Says how the sandbox of the policy `bytes`, the file `file`, would treat `request`.
pub fn simulate(file: &Path, bytes: &[u8], request: &Request) -> Result<Decision, DocumentError> {
    let source = Source::decode(file, bytes)?;
    let tree = yaml::parse(&source)?;
    let subject = Subject {
        source: &source,
        files: &NoFiles,
    };
    let policy = Policy::new(subject, &tree);
    let found = crate::validate::check(file, bytes, Some(Kind::OpenshellPolicy), &NoFiles);
    let is_error = |severity: Severity| severity == Severity::Error;
    let errors = found
        .problems
        .iter()
        .filter(|it| is_error(it.finding.severity));
    let mut trial = Trial::new(&policy, request);
    let verdict = trial.verdict();
    let mut conditions = trial.conditions;
    match errors.count() {
        0 => {}
        count => conditions.push(format!(
            "the policy has {count} error(s), for which the gateway may refuse it as a whole: \
             `fullsend validate` lists them"
        )),
    }
    Ok(Decision {
        schema_version: 1,
        file: file.to_string_lossy().into_owned(),
        generation: policy.generation.map(|generation| generation.to_string()),
        request: request.shown(),
        outcome: verdict.ending,
        allowed: verdict.ending.is_allowed(),
        reason: verdict.reason,
        decided_by: verdict.place,
        tried: trial.tried,
        conditions,
    })
}

/// How a request ends, and by what.
struct Verdict {
    ending: Ending,
    reason: String,
    place: Option<Place>,
}

impl Verdict {
    fn new(ending: Ending, reason: impl Into<String>, place: Option<Place>) -> Self {
        Self {
            ending,
            reason: reason.into(),
            place,
        }
    }
}

/// One request and one policy.
struct Trial<'p, 'a> {
    policy: &'p Policy<'a>,
    request: &'p Request,
    tried: Vec<Tried>,
    conditions: Vec<String>,
}

/// An endpoint that the request came to, with its network policy.
#[derive(Clone, Copy)]
struct Reached<'p, 'a> {
    network: &'p Network<'a>,
    endpoint: Endpoint<'a>,
}

impl<'p, 'a> Trial<'p, 'a> {
    fn new(policy: &'p Policy<'a>, request: &'p Request) -> Self {
        Self {
            policy,
            request,
            tried: Vec::new(),
            conditions: Vec::new(),
        }
    }

    fn verdict(&mut self) -> Verdict {
        if let Some(reason) = self.always_closed() {
            return Verdict::new(Ending::Denied, reason, None);
        }
        let reached = self.reached();
        if reached.is_empty() {
            return Verdict::new(Ending::Denied, self.why_nothing(), None);
        }
        if let Some(reason) = self.address_refused(&reached) {
            let place = self.place(reached[0], "its addresses");
            return Verdict::new(Ending::Denied, reason, Some(place));
        }
        if let Some(verdict) = self.uninspected(&reached) {
            return verdict;
        }
        self.inspected(&reached)
    }

    /// What no policy opens.
    fn always_closed(&self) -> Option<String> {
        let Request { host, port, .. } = self.request;
        let closed = address::literal(host).is_some_and(address::is_closed);
        if closed || address::is_closed_name(host) {
            return Some(format!(
                "`{host}` is loopback, link-local or a metadata service, which no policy opens"
            ));
        }
        address::CLOSED_PORTS.contains(port).then(|| {
            format!("port {port} belongs to a cluster's own machinery, which no policy opens")
        })
    }

    /// The endpoints for the request's host, port and program, in the order of their policies' keys.
    fn reached(&mut self) -> Vec<Reached<'p, 'a>> {
        let mut networks: Vec<&'p Network<'a>> = self.policy.networks.iter().collect();
        networks.sort_by_key(|network| network.key);
        let mut reached = Vec::new();
        for network in networks {
            let endpoints = network.endpoints.iter();
            let here: Vec<_> = endpoints.filter(|it| self.is_for(it)).copied().collect();
            let result = if here.is_empty() {
                format!(
                    "names no endpoint for {}:{}",
                    self.request.host, self.request.port
                )
            } else if !self.has_program(network) {
                "the endpoint fits, but the program is not listed".to_owned()
            } else {
                let fits = here
                    .into_iter()
                    .map(|endpoint| Reached { network, endpoint });
                reached.extend(fits);
                "endpoint and program fit".to_owned()
            };
            if self.tried.len() < MAX_LISTED {
                let line = self.policy.subject.source.span(&network.at).start.line;
                let policy = network.key.to_owned();
                self.tried.push(Tried {
                    policy,
                    result,
                    line,
                });
            }
        }
        reached
    }

    /// Whether `endpoint` is for the request's host and port.
    fn is_for(&self, endpoint: &Endpoint<'_>) -> bool {
        let request = self.request;
        let ports = endpoint.ports();
        if !ports.iter().any(|(port, _)| *port == request.port) {
            return false;
        }
        let pattern = endpoint.text("host").to_ascii_lowercase();
        let host = request.host.to_ascii_lowercase();
        if pattern.is_empty() {
            return !endpoint.list("allowed_ips").is_empty();
        }
        if pattern.contains('*') {
            // A wildcard is about names.
            let is_address = address::literal(&host).is_some();
            return !is_address && glob::matches(&pattern, '.', &host);
        }
        pattern.trim_matches(['[', ']']) == host
    }

    /// Whether one of the request's programs is listed.
    fn has_program(&self, network: &Network<'_>) -> bool {
        network.programs().any(|(path, _)| {
            let glob = path.contains('*').then(|| glob::Glob::new(path, '/'));
            let mut binaries = self.request.binaries.iter();
            binaries.any(|binary| match &glob {
                None => path == binary,
                Some(glob) => glob.as_ref().is_some_and(|glob| glob.matches(binary)),
            })
        })
    }

    fn why_nothing(&self) -> String {
        let Request { host, port, .. } = self.request;
        if self.policy.networks.is_empty() {
            return "the policy opens no network at all".to_owned();
        }
        let fits = |tried: &&Tried| tried.result.starts_with("the endpoint fits");
        match self.tried.iter().find(fits) {
            Some(tried) => {
                let policy = &tried.policy;
                format!(
                    "`{policy}` opens {host}:{port}, but not to this program: one is known by its \
                     real path, symbolic links followed"
                )
            }
            None => format!("no network policy opens {host}:{port}"),
        }
    }

    /// Why the host's address is not reached; what cannot be known here becomes a condition.
    fn address_refused(&mut self, reached: &[Reached<'_, '_>]) -> Option<String> {
        let ranges: Vec<&str> = reached
            .iter()
            .flat_map(|it| it.endpoint.list("allowed_ips"))
            .filter_map(|node| node.text())
            .collect();
        let is_wildcard = |it: &Reached<'_, '_>| it.endpoint.text("host").contains('*');
        let Some(address) = address::literal(&self.request.host) else {
            let condition = if !ranges.is_empty() {
                format!("the name must resolve into {}", ranges.join(", "))
            } else if reached.iter().all(is_wildcard) {
                "the name must not resolve to a private address: a wildcard without `allowed_ips` \
                 is for public ones"
                    .to_owned()
            } else {
                "the name must not resolve to loopback, link-local or a metadata service".to_owned()
            };
            self.conditions.push(condition);
            return None;
        };
        let inside = |range: &&str| -> bool {
            address::Range::parse(range).is_some_and(|range| range.contains(address))
        };
        if !ranges.is_empty() && !ranges.iter().any(inside) {
            return Some(format!(
                "{address} is in none of the endpoint's `allowed_ips`"
            ));
        }
        None
    }

    /// The verdict where nobody looks at requests.
    fn uninspected(&self, reached: &[Reached<'_, '_>]) -> Option<Verdict> {
        let encrypted = self.request.url.scheme() == "https";
        let configured = reached.iter().find(|it| {
            let keys = ["protocol", "tls", "allowed_ips"];
            keys.iter().any(|key| it.endpoint.get(key).is_some())
        });
        let skipped = configured.filter(|it| encrypted && it.endpoint.text("tls") == "skip");
        if let Some(it) = skipped {
            let reason = "the endpoint's `tls: skip` leaves the connection encrypted: its rules are \
                          never asked";
            let place = self.place(*it, "its `tls`");
            return Some(Verdict::new(Ending::Uninspected, reason, Some(place)));
        }
        if reached
            .iter()
            .any(|it| !it.endpoint.inspection().is_empty())
        {
            return None;
        }
        let reason = "the endpoint has no `protocol`: every method and path passes";
        let place = self.place(reached[0], "the whole of it");
        Some(Verdict::new(Ending::Uninspected, reason, Some(place)))
    }

    /// The verdict of rules.
    fn inspected(&mut self, reached: &[Reached<'_, '_>]) -> Verdict {
        let path = self.request.path.as_str();
        // Of equally specific ones the last counts, as `max_by_key` has it.
        let treating = reached
            .iter()
            .filter(|it| !it.endpoint.inspection().is_empty())
            .filter(|it| glob::selects(it.endpoint.text("path"), path))
            .max_by_key(|it| specificity(it.endpoint.text("path")));
        let Some(treating) = treating else {
            let reason = format!("no endpoint for this host covers the path `{path}`");
            return Verdict::new(Ending::Denied, reason, None);
        };
        let has_slash = path.contains("%2F");
        let allows_slash = treating.endpoint.get("allow_encoded_slash");
        if has_slash && allows_slash.and_then(|flag| flag.text()) != Some("true") {
            let reason = "the path holds an encoded slash, which the endpoint does not allow";
            let place = self.place(*treating, "`allow_encoded_slash`");
            return Verdict::new(Ending::Denied, reason, Some(place));
        }
        let protocol = treating.endpoint.inspection();
        if !matches!(protocol.as_str(), "rest" | "websocket") {
            let reason = format!(
                "the endpoint's protocol is {protocol}: the request's body decides, which method and \
                 URL do not tell"
            );
            let place = self.place(*treating, "its `protocol`");
            return Verdict::new(Ending::Undecided, reason, Some(place));
        }
        self.judged(reached, *treating)
    }

    fn judged(&mut self, reached: &[Reached<'_, '_>], treating: Reached<'_, '_>) -> Verdict {
        let Request { method, path, .. } = self.request;
        let enforced = treating.endpoint.text("enforcement") == "enforce";
        let refuse = |reason: String, place| {
            if enforced {
                return Verdict::new(Ending::Denied, reason, Some(place));
            }
            let written = treating.endpoint.text("enforcement");
            let why = if written.is_empty() {
                "without `enforcement` the endpoint only logs that".to_owned()
            } else {
                format!("the endpoint's enforcement is `{written}`: it only logs that")
            };
            Verdict::new(Ending::Audited, format!("{reason}, but {why}"), Some(place))
        };
        let asked: Vec<_> = reached
            .iter()
            .filter(|it| rules::covers(&it.endpoint, path))
            .collect();
        for it in &asked {
            if let Some(number) = rules::denying(&it.endpoint, self.request) {
                let place = self.rule_place(**it, "deny_rules", number);
                return refuse(format!("a deny rule is about {method} {path}"), place);
            }
        }
        for it in &asked {
            match rules::allowing(&it.endpoint, self.request) {
                Some(rules::Allowing::Access) => {
                    let access = it.endpoint.text("access");
                    let place = self.place(**it, "its `access`");
                    let reason = format!("`access: {access}` allows {method}");
                    return Verdict::new(Ending::Allowed, reason, Some(place));
                }
                Some(rules::Allowing::Rule(number)) => {
                    let place = self.rule_place(**it, "rules", number);
                    let reason = format!("a rule allows {method} {path}");
                    return Verdict::new(Ending::Allowed, reason, Some(place));
                }
                None => {}
            }
        }
        let place = self.place(treating, "no rule of it");
        refuse(format!("no rule allows {method} {path}"), place)
    }

    fn place(&self, it: Reached<'_, '_>, part: &str) -> Place {
        let at = it.endpoint.at();
        self.place_at(it, part, at)
    }

    fn rule_place(&self, it: Reached<'_, '_>, list: &str, number: usize) -> Place {
        let rule = it.endpoint.list(list).into_iter().nth(number);
        let at = rule.map_or_else(|| it.endpoint.at(), |rule| rule.at());
        self.place_at(it, &format!("`{list}` {}", number + 1), at)
    }

    fn place_at(&self, it: Reached<'_, '_>, part: &str, at: std::ops::Range<usize>) -> Place {
        let start = self.policy.subject.source.span(&at).start;
        Place {
            policy: it.network.key.to_owned(),
            part: format!("endpoint {}, {part}", it.endpoint.shown()),
            line: start.line,
            column: start.column,
        }
    }
}

/// How closely a selector describes a path.
fn specificity(selector: &str) -> usize {
    selector.chars().filter(|c| *c != '*').count()
}

impl Request {
    fn shown(&self) -> ShownRequest {
        ShownRequest {
            method: self.method.clone(),
            url: self.url.to_string(),
            host: self.host.clone(),
            port: self.port,
            path: self.path.clone(),
            binaries: self.binaries.clone(),
        }
    }
}
