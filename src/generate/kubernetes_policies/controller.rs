//! The policies of Sigstore's policy-controller.

use super::{Limit, notes, patterns, signers};
use crate::{
    config::{Identity, Requirement, Rule},
    generate::{Draft, GenerateError, Request},
    template::kubernetes_policies::{ClusterImagePolicies, ClusterImagePolicy},
};

const ENGINE: &str = "policy-controller";

/// A policy for each signer that must have signed: an image must meet every policy that it matches.
pub(super) fn policies(request: &Request<'_>, rules: &[Rule]) -> Result<Draft, GenerateError> {
    let mut policies = Vec::new();
    let mut notes = notes(request, rules, "cosign-system");
    for (index, rule) in rules.iter().enumerate() {
        let pattern = rule.pattern.as_str();
        let refuse = |limit: Limit| limit.of(rule, ENGINE);
        let meets = |earlier: &&Rule| patterns::may_meet(earlier.pattern.as_str(), pattern);
        if rules[..index].iter().find(meets).is_some() {
            return Err(refuse(Limit::new(
                "is about images that an earlier rule is about, too, and an image would have to meet \
                 both",
            )));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "._/:*-".contains(c);
        if !pattern.chars().all(plain) {
            let limit = Limit::new("has a pattern that its globs cannot say");
            return Err(refuse(limit));
        }
        let groups = groups(&rule.requirement).map_err(refuse)?;
        for (number, group) in groups.iter().enumerate() {
            let name = format!("fullsend-rule-{}-{}", index + 1, number + 1);
            policies.push(policy(rule, name, group, &mut notes).map_err(refuse)?);
        }
    }
    let context = ClusterImagePolicies {
        format: match request.settings.get("signature-format") {
            "legacy" => "legacy",
            _ => "bundle",
        },
        policies,
        notes,
    };
    Draft::new("kubernetes/cluster-image-policies.yaml", &context)
}

fn policy(
    rule: &Rule,
    name: String,
    group: &[&Requirement],
    notes: &mut Vec<String>,
) -> Result<ClusterImagePolicy, Limit> {
    let mut signers = Vec::new();
    for (number, member) in group.iter().enumerate() {
        let signer = signers::signer(member, format!("signer-{}", number + 1))?;
        if !signer.claims.is_empty() {
            claims_are_of_signer(member)?;
            let note = format!(
                "Not asked for here: that the workflow which signs for {} was called by its own \
                 repository. See that no other repository can call it (on: workflow_call).",
                rule.pattern
            );
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        signers.push(signer);
    }
    Ok(ClusterImagePolicy {
        name,
        pattern: rule.pattern.to_string(),
        globs: patterns::globs(rule.pattern.as_str()),
        signers,
        repository: rule.signature_repository.as_ref().map(ToString::to_string),
    })
}

/// The controller knows no claims; only the one that a signer's own repository makes goes without
/// saying, for whoever keeps others from calling its workflow.
fn claims_are_of_signer(requirement: &Requirement) -> Result<(), Limit> {
    let Requirement::Keyless(keyless) = requirement else {
        return Ok(());
    };
    let source = keyless.source();
    let own = match keyless.identity() {
        Identity::GitHub { repository, .. } => Some(repository),
        _ => None,
    };
    if source.repository.as_ref() == own && source.r#ref.is_none() && source.trigger.is_none() {
        return Ok(());
    }
    Err(Limit::new(
        "asks for claims of the source (`source_repository`, `source_ref`, `trigger`)",
    ))
}

/// Groups of which each must be met by any of its members.
fn groups(requirement: &Requirement) -> Result<Vec<Vec<&Requirement>>, Limit> {
    match requirement {
        Requirement::Key(_) | Requirement::Keyless(_) => Ok(vec![vec![requirement]]),
        Requirement::Any(members) => Ok(vec![members.iter().collect()]),
        Requirement::All(members) => {
            let each = members.iter().map(groups);
            Ok(each.collect::<Result<Vec<_>, _>>()?.concat())
        }
        Requirement::Threshold { count: 1, of } => Ok(vec![of.iter().collect()]),
        Requirement::Threshold { count, of } if *count == of.len() && signers::are_distinct(of) => {
            Ok(of.iter().map(|member| vec![member]).collect())
        }
        Requirement::Threshold { .. } => {
            Err(Limit::new("has a threshold: this engine knows any and all"))
        }
    }
}
