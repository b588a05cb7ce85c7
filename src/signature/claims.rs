//! Whom a certificate names, in our own types.

use std::collections::BTreeMap;

use sigstore_verify::crypto::{CertificateInfo, FulcioCiClaims};

use crate::config::Claims;

/// The owner that a certificate names; proven only where a check has returned it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Owner {
    /// The subject; empty where the certificate names none.
    pub(super) identity: String,
    /// The OIDC issuer; empty where the certificate names none.
    pub(super) issuer: String,
    /// The claims that a policy compares.
    pub(super) claims: Claims,
    /// The claims that reports show, by their names in Fulcio's `docs/oid-info.md`.
    pub(super) shown_claims: BTreeMap<String, String>,
}

impl Owner {
    pub(super) fn of(certificate: &CertificateInfo) -> Self {
        let identity = certificate.identity.as_ref();
        Self {
            identity: identity.map_or_else(String::new, ToString::to_string),
            issuer: certificate.issuer.clone().unwrap_or_default(),
            claims: compared(&certificate.ci_claims),
            shown_claims: shown(&certificate.ci_claims),
        }
    }
}

/// Certificates before 2023 have only the deprecated claims.
fn compared(claims: &FulcioCiClaims) -> Claims {
    let old = &claims.deprecated_github;
    let either = |new: &Option<String>, old: &Option<String>| new.clone().or_else(|| old.clone());
    Claims {
        source_repository: either(&claims.source_repository_uri, &old.workflow_repository),
        source_ref: either(&claims.source_repository_ref, &old.workflow_ref),
        trigger: either(&claims.build_trigger, &old.workflow_trigger),
    }
}

fn shown(claims: &FulcioCiClaims) -> BTreeMap<String, String> {
    [
        ("build_signer_uri", &claims.build_signer_uri),
        ("build_signer_digest", &claims.build_signer_digest),
        ("runner_environment", &claims.runner_environment),
        ("source_repository_uri", &claims.source_repository_uri),
        ("source_repository_digest", &claims.source_repository_digest),
        ("source_repository_ref", &claims.source_repository_ref),
        (
            "source_repository_identifier",
            &claims.source_repository_identifier,
        ),
        (
            "source_repository_owner_uri",
            &claims.source_repository_owner_uri,
        ),
        ("build_config_uri", &claims.build_config_uri),
        ("build_config_digest", &claims.build_config_digest),
        ("build_trigger", &claims.build_trigger),
        ("run_invocation_uri", &claims.run_invocation_uri),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
    .collect()
}
