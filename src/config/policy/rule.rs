//! Reads `verify`: the rules, each with its pattern, its signers and what it asks besides.

use std::str::FromStr;

use super::{
    Coverage, Rule,
    attestation::check_attestations,
    signer::{Parts, check_signer},
};
use crate::{
    config::{
        checker::Checker,
        diagnostic::Diagnostic,
        raw,
        value::{ValueError, excerpt},
        yaml::{Field, Located},
    },
    model::image::Repository,
};

/// More signers than any policy needs; each key is a file to read, each signature is held
/// against all of them.
const MAX_SIGNERS: usize = 64;

pub(in crate::config) fn rules(
    written: &Field<Vec<Located<raw::Rule>>>,
    checker: &mut Checker,
) -> Vec<Rule> {
    let Some(list) = written.get() else {
        return Vec::new();
    };
    if list.value.is_empty() {
        checker.report(
            Diagnostic::about(&list.at, "the policy is empty").help(
                "leave out `verify`, or add a rule: an image that no rule matches is refused",
            ),
        );
    }
    list.value
        .iter()
        .filter_map(|rule| check_rule(rule, checker))
        .collect()
}

fn check_rule(written: &Located<raw::Rule>, checker: &mut Checker) -> Option<Rule> {
    let raw = &written.value;
    if raw.r#match.get().is_none() {
        let mend = "name the images: `match: ghcr.io/OWNER/**`";
        checker.missing(&written.at, "match", mend);
    }
    let pattern = checker.parse(&raw.r#match);
    let requirement = check_signer(&written.at, &Parts::from(raw), 0, checker);
    let attestations = raw
        .attestations
        .get()
        .map(|list| check_attestations(list, checker))
        .unwrap_or_default();
    let coverage = checker.parse(&raw.signed).unwrap_or_default();
    let signature_repository = checker.field(&raw.signature_repository, parse_repository);
    let rule = Rule {
        attestations,
        coverage,
        signature_repository,
        ..Rule::new(pattern?, requirement?)
    };
    let others = rule
        .attestations
        .iter()
        .filter_map(|wanted| wanted.by.as_ref());
    let signers: usize = std::iter::once(&rule.requirement)
        .chain(others)
        .map(super::Requirement::signers)
        .sum();
    if signers > MAX_SIGNERS {
        let message =
            format!("the rule names {signers} signers, more than the {MAX_SIGNERS} allowed");
        checker.report(
            Diagnostic::about(&written.at, message)
                .help("split it by `match`, or name identities by patterns"),
        );
    }
    Some(rule)
}

impl FromStr for Coverage {
    type Err = ValueError;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        match written {
            "either" => Ok(Self::Either),
            "index" => Ok(Self::Index),
            "manifest" => Ok(Self::Manifest),
            "both" => Ok(Self::Both),
            other => Err(crate::config::one_of("coverage", other, &Self::NAMES)),
        }
    }
}

/// Reads a repository that holds signatures; its registry is always written out.
///
/// Where a missing one meant Docker Hub, a slip would look for signatures at a stranger's.
pub fn parse_repository(text: &str) -> Result<Repository, ValueError> {
    let host = text.split_once('/').map(|(host, _)| host);
    if host.is_none_or(|host| host != "localhost" && !host.contains(['.', ':'])) {
        let shown = excerpt(text);
        return Err(
            ValueError::new(format!("`{shown}` does not name its registry"))
                .mend("write for example `ghcr.io/OWNER/signatures`"),
        );
    }
    text.parse::<Repository>().map_err(|error| {
        ValueError::new(error.to_string())
            .mend("a repository is written `registry/path`, without scheme, tag or digest")
    })
}
