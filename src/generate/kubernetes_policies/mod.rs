//! `kubernetes-policies`: a namespace for agents, and fullsend.yaml's `verify:` block in the policy
//! languages of a cluster.
//!
//! What a language cannot say is an error, or a comment in the file where it only refuses more.

mod cluster;
mod controller;
mod kyverno;
mod patterns;
mod signers;
#[cfg(test)]
mod tests;

use super::{Draft, GenerateError, Kind, Request, Setting, Values};
use crate::config::{Coverage, Rule};

pub(super) static KIND: Kind = Kind {
    name: "kubernetes-policies",
    about: "a namespace for agents, and whose images run there",
    settings: SETTINGS,
    path: None,
    draft,
};

const SETTINGS: &[Setting] = &[
    Setting {
        key: "namespace",
        help: "The namespace that agents run in",
        default: "fullsend-agents",
        values: Values::Text("NAME"),
    },
    Setting {
        key: "pod-security",
        help: "The level of Pod Security that is enforced there",
        default: "restricted",
        values: Values::OneOf(&["restricted", "baseline"]),
    },
    Setting {
        key: "runtime-class",
        help: "The sandbox that pods run in, if the nodes have one",
        default: "none",
        values: Values::OneOf(&["none", "gvisor", "kata"]),
    },
    Setting {
        key: "pods",
        help: "How many pods run at once, each as large as the largest agent",
        default: "10",
        values: Values::Number(1, 1000),
    },
    Setting {
        key: "egress",
        help: "The networks that agents may reach; 0.0.0.0/0 leaves out private ones",
        default: "0.0.0.0/0",
        values: Values::List("CIDR"),
    },
    Setting {
        key: "ports",
        help: "The ports that they may reach there",
        default: "443",
        values: Values::List("PORT"),
    },
    Setting {
        key: "engines",
        help: "What judges images, if fullsend.yaml says whose are accepted; by default the first: \
               Kyverno by ImageValidatingPolicy or by ClusterPolicy, which is \
               deprecated, or Sigstore's policy-controller",
        default: "",
        values: Values::SomeOf(&[
            "kyverno",
            "kyverno-cluster-policy",
            "policy-controller",
            "none",
        ]),
    },
    Setting {
        key: "signature-format",
        help: "How images are signed: cosign 3 writes bundles, cosign before it the legacy format",
        default: "bundle",
        values: Values::OneOf(&["bundle", "legacy"]),
    },
    Setting {
        key: "attestations",
        help: "What to do about `attestations:` of a rule, which these policies do not ask for",
        default: "refuse",
        values: Values::OneOf(&["refuse", "leave-out"]),
    },
];

/// Why a rule cannot be said in a policy language, to be read behind its name.
#[derive(Debug)]
struct Limit(&'static str);

impl Limit {
    fn new(reason: &'static str) -> Self {
        Self(reason)
    }

    fn of(self, rule: &Rule, engine: &str) -> GenerateError {
        GenerateError::Config {
            message: format!("the rule for `{}` {}", rule.pattern, self.0),
            hint: format!(
                "`{engine}` cannot say it: change the rule, or choose another of `--set engines=`; \
                 `fullsend verify` and `fullsend exec` judge by all of it"
            ),
        }
    }
}

fn draft(request: &Request<'_>) -> Result<Vec<Draft>, GenerateError> {
    let mut drafts = vec![cluster::namespace(request)?];
    drafts.extend(cluster::runtime_class(request)?);
    let mut engines = request.settings.list("engines");
    if engines.is_empty() && !request.config.verify.is_empty() {
        engines.push("kyverno");
    }
    if engines.is_empty() || engines.contains(&"none") {
        return Ok(drafts);
    }
    let rules = rules(request)?;
    for engine in ["kyverno", "kyverno-cluster-policy", "policy-controller"] {
        if engines.contains(&engine) {
            drafts.push(match engine {
                "kyverno" => kyverno::image_policy(request, rules)?,
                "kyverno-cluster-policy" => kyverno::cluster_policy(request, rules)?,
                _ => controller::policies(request, rules)?,
            });
        }
    }
    Ok(drafts)
}

/// The rules of fullsend.yaml, which must be ones that any of the engines can judge by.
fn rules<'a>(request: &Request<'a>) -> Result<&'a [Rule], GenerateError> {
    let rules = request.config.verify.as_slice();
    if rules.is_empty() {
        return Err(GenerateError::Config {
            message: "fullsend.yaml has no `verify:`, so no image could run".to_owned(),
            hint: "add it, or write `--set engines=none`".to_owned(),
        });
    }
    let refuses = request.settings.get("attestations") == "refuse";
    for rule in rules {
        let limit = if refuses && !rule.attestations.is_empty() {
            Limit::new("asks for attestations (`--set attestations=leave-out` does without)")
        } else if matches!(rule.coverage, Coverage::Manifest | Coverage::Both) {
            Limit::new("asks for signatures of each platform, where a cluster knows the index")
        } else {
            continue;
        };
        return Err(limit.of(rule, "a cluster's policy"));
    }
    Ok(rules)
}

/// What every policy says in its first lines.
fn notes(request: &Request<'_>, rules: &[Rule], key_namespace: &str) -> Vec<String> {
    let mut notes = signers::secrets(rules, key_namespace);
    for rule in rules.iter().filter(|rule| !rule.attestations.is_empty()) {
        notes.push(format!(
            "Left out: the attestations that the rule for {} asks for.",
            rule.pattern
        ));
    }
    if request.config.deny.is_some() {
        notes.push(
            "Left out: the deny list of fullsend.yaml, which only fullsend itself reads."
                .to_owned(),
        );
    }
    notes
}
