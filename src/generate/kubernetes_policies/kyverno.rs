//! Kyverno's policies, of both kinds.

use super::{Limit, cluster::namespace_name, notes, patterns, signers};
use crate::{
    config::{Requirement, Rule},
    generate::{Draft, GenerateError, Request},
    template::kubernetes_policies::{
        KyvernoClusterPolicy, KyvernoImagePolicy, Signer, SignerSet, WildcardRule,
    },
};

/// Where Kyverno looks for keys.
const KEYS: &str = "kyverno";

/// The policy whose rules are told by expressions, which say all that fullsend.yaml does.
pub(super) fn image_policy(request: &Request<'_>, rules: &[Rule]) -> Result<Draft, GenerateError> {
    let mut attestors = Attestors::default();
    let mut expression = named();
    for (index, rule) in rules.iter().enumerate() {
        attestors.repository = rule.signature_repository.as_ref().map(ToString::to_string);
        let condition = attestors
            .condition(&rule.requirement, index)
            .map_err(|limit| limit.of(rule, "kyverno"))?;
        let images = cel(&patterns::regexp(rule.pattern.as_str()));
        expression.push(format!("image.matches({images}) ? {condition} :"));
    }
    expression.push("false".to_owned());
    let mut notes = notes(request, rules, KEYS);
    notes.push(
        "This kind of policy has no switch for the format of signatures: where Kyverno finds no \
         bundles of cosign 3, take --set engines=kyverno-cluster-policy."
            .to_owned(),
    );
    let context = KyvernoImagePolicy {
        namespace: namespace_name(request)?.to_owned(),
        attestors: attestors.signers,
        repositories: attestors.repositories,
        expression,
        notes,
    };
    Draft::new("kubernetes/kyverno-image-policy.yaml", &context)
}

/// Refuses an image that is not named in full: the patterns are about full names, and an earlier
/// rule must not be passed by leaving out what a registry adds.
fn named() -> Vec<String> {
    let host = r"^(localhost|[a-z0-9-]+(\.[a-z0-9-]+)+|[a-z0-9-]+:[0-9]+)(:[0-9]+)?/";
    let alias = r"^(docker\.io/[^/]+$|[a-z0-9-]+\.docker\.io/)";
    vec![
        format!("!image.matches({}) ? false :", cel(host)),
        format!("image.matches({}) ? false :", cel(alias)),
    ]
}

/// `text` as a string of Kyverno's expression language.
fn cel(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
    format!("'{escaped}'")
}

/// The signers that conditions name.
#[derive(Default)]
struct Attestors {
    signers: Vec<Signer>,
    repositories: Vec<Option<String>>,
    /// Where the signatures of the rule at hand are.
    repository: Option<String>,
}

impl Attestors {
    fn condition(&mut self, requirement: &Requirement, rule: usize) -> Result<String, Limit> {
        let joined = |parts: Vec<String>, sign: &str| format!("({})", parts.join(sign));
        match requirement {
            Requirement::Key(_) | Requirement::Keyless(_) => {
                let name = format!("rule{}signer{}", rule + 1, self.signers.len() + 1);
                let condition = format!("verifyImageSignatures(image, [attestors.{name}]) > 0");
                self.signers.push(signers::signer(requirement, name)?);
                self.repositories.push(self.repository.clone());
                Ok(condition)
            }
            Requirement::Any(members) => Ok(joined(self.conditions(members, rule)?, " || ")),
            Requirement::All(members) => Ok(joined(self.conditions(members, rule)?, " && ")),
            Requirement::Threshold { count, of } => {
                distinct(of)?;
                let each = self.conditions(of, rule)?.join(", ");
                Ok(format!("[{each}].filter(signed, signed).size() >= {count}"))
            }
        }
    }

    fn conditions(&mut self, members: &[Requirement], rule: usize) -> Result<Vec<String>, Limit> {
        let each = members.iter();
        each.map(|member| self.condition(member, rule)).collect()
    }
}

fn distinct(members: &[Requirement]) -> Result<(), Limit> {
    if signers::are_distinct(members) {
        return Ok(());
    }
    Err(Limit::new(
        "counts signers of which one signature could serve two, where the policy counts entries",
    ))
}

/// The policy of before, whose rules are told by wildcards.
pub(super) fn cluster_policy(
    request: &Request<'_>,
    rules: &[Rule],
) -> Result<Draft, GenerateError> {
    const ENGINE: &str = "kyverno-cluster-policy";
    let mut written: Vec<WildcardRule> = Vec::new();
    let mut known = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let refuse = |limit: Limit| limit.of(rule, ENGINE);
        let pattern = rule.pattern.as_str();
        let wildcards = patterns::wildcards(pattern)
            .ok_or_else(|| refuse(Limit::new("has a pattern that its wildcards cannot say")))?;
        known.push(wildcards.pattern());
        let mut exclude = wildcards.exclude;
        for (earlier, written) in rules[..index].iter().zip(&written) {
            if !patterns::may_meet(earlier.pattern.as_str(), pattern) {
                continue;
            }
            // Skipping what the earlier rule skips itself would leave it to nobody.
            if !written.exclude.is_empty() {
                return Err(refuse(Limit::new(
                    "is about images that an earlier rule is about, too, which has a single star",
                )));
            }
            exclude.extend(written.include.iter().cloned());
        }
        let sets = sets(&rule.requirement, index).map_err(refuse)?;
        written.push(WildcardRule {
            pattern: pattern.to_owned(),
            include: wildcards.include,
            exclude,
            repository: rule.signature_repository.as_ref().map(ToString::to_string),
            sets,
        });
    }
    let context = KyvernoClusterPolicy {
        namespace: namespace_name(request)?.to_owned(),
        format: match request.settings.get("signature-format") {
            "legacy" => "Cosign",
            _ => "SigstoreBundle",
        },
        rules: written,
        known: known.join(" | "),
        notes: notes(request, rules, KEYS),
    };
    Draft::new("kubernetes/kyverno-cluster-policy.yaml", &context)
}

/// Sets of signers of which each must be met.
fn sets(requirement: &Requirement, rule: usize) -> Result<Vec<SignerSet>, Limit> {
    let named = |members: &[Requirement], count| -> Result<Vec<SignerSet>, Limit> {
        let signers = members.iter().enumerate().map(|(index, member)| {
            signers::signer(member, format!("signer {} of rule {}", index + 1, rule + 1))
        });
        let signers = signers.collect::<Result<Vec<_>, _>>()?;
        Ok(vec![SignerSet { count, signers }])
    };
    match requirement {
        Requirement::Key(_) | Requirement::Keyless(_) => {
            named(std::slice::from_ref(requirement), None)
        }
        Requirement::Any(members) => named(members, Some(1)),
        Requirement::All(members) => {
            let each = members.iter().map(|member| sets(member, rule));
            Ok(each.collect::<Result<Vec<_>, _>>()?.concat())
        }
        Requirement::Threshold { count, of } => {
            distinct(of)?;
            named(of, Some(*count))
        }
    }
}
