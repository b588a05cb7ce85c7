//! What a rule demands of attestations: their type, their signer and single values of their
//! predicate.

use std::str::FromStr;

use super::{
    condition::Condition,
    policy::Requirement,
    suggest::suggest,
    value::{ValueError, excerpt},
};

/// An attestation that an image must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationRequirement {
    /// What it must say.
    pub predicate_type: PredicateType,
    /// Who must have signed it; whoever may sign the image where absent.
    pub by: Option<Requirement>,
    /// What its predicate must hold, all of it.
    pub conditions: Vec<Condition>,
}

impl AttestationRequirement {
    /// Asks for an attestation of this type by whoever may sign the image.
    pub fn of_type(predicate_type: PredicateType) -> Self {
        Self {
            predicate_type,
            by: None,
            conditions: Vec::new(),
        }
    }
}

/// The kind of an attestation: one or more predicate types that say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PredicateType {
    /// As it was written: one of cosign's short names, or the URI.
    pub name: String,
    uris: Vec<String>,
    /// Whether a version may follow any of the URIs.
    versioned: bool,
}

/// The provenance of SLSA 0.2.
pub(super) const SLSA_02: &str = "https://slsa.dev/provenance/v0.2";
/// The provenance of SLSA 1.0 and later.
pub(super) const SLSA_1: &str = "https://slsa.dev/provenance/v1";

/// What the signature itself is in cosign's bundles; it says nothing about the image.
const SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";

/// cosign's short names, and whether tools append a version to the URI.
///
/// `slsaprovenance` is 0.2 alone for cosign; both versions say who built what from where, and the
/// tools that write them have moved from the one to the other.
const SHORT_NAMES: [(&str, &[&str], bool); 10] = [
    ("slsaprovenance", &[SLSA_02, SLSA_1], false),
    ("slsaprovenance02", &[SLSA_02], false),
    ("slsaprovenance1", &[SLSA_1], false),
    ("link", &["https://in-toto.io/Link/v1"], false),
    ("spdx", &["https://spdx.dev/Document"], true),
    ("spdxjson", &["https://spdx.dev/Document"], true),
    ("cyclonedx", &["https://cyclonedx.org/bom"], true),
    (
        "vuln",
        &["https://cosign.sigstore.dev/attestation/vuln/v1"],
        false,
    ),
    ("openvex", &["https://openvex.dev/ns"], true),
    (
        "custom",
        &["https://cosign.sigstore.dev/attestation/v1"],
        false,
    ),
];

impl PredicateType {
    const MAX_LENGTH: usize = 512;

    /// Whether a statement whose `predicateType` is `uri` is of this kind.
    ///
    /// A URI that was written in full is compared exactly. The short names `spdx`, `spdxjson`,
    /// `cyclonedx` and `openvex` take the plain URI and every version of it, such as
    /// `https://spdx.dev/Document/v2.3`.
    pub fn accepts(&self, uri: &str) -> bool {
        self.uris
            .iter()
            .any(|known| match uri.strip_prefix(known.as_str()) {
                Some("") => true,
                Some(rest) => self.versioned && rest.strip_prefix("/v").is_some_and(is_version),
                None => false,
            })
    }

    /// Whether nothing but SLSA's provenance, of a version known here, is of this kind.
    pub(super) fn is_slsa(&self) -> bool {
        self.uris.iter().all(|uri| uri == SLSA_02 || uri == SLSA_1)
    }
}

impl FromStr for PredicateType {
    type Err = ValueError;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        let short = SHORT_NAMES.iter().find(|(name, ..)| *name == written);
        if let Some((_, uris, versioned)) = short {
            return Ok(Self {
                name: written.to_owned(),
                uris: uris.iter().map(|&uri| uri.to_owned()).collect(),
                versioned: *versioned,
            });
        }
        if written == SIGNATURE {
            return Err(
                ValueError::new("this is the type of signatures, not of an attestation")
                    .mend("leave it out: `key` and `keyless` ask for a signature already"),
            );
        }
        if !is_uri(written) {
            return Err(unknown(written));
        }
        Ok(Self {
            name: written.to_owned(),
            uris: vec![written.to_owned()],
            versioned: false,
        })
    }
}

/// The short names, for the schema.
pub(super) fn short_names() -> impl Iterator<Item = &'static str> {
    SHORT_NAMES.iter().map(|(name, ..)| *name)
}

fn unknown(written: &str) -> ValueError {
    let error = ValueError::new(format!(
        "`{}` is not a type of attestation",
        excerpt(written)
    ));
    let known: Vec<&str> = short_names().collect();
    let known = known.join(", ");
    error.mend(match suggest(written, short_names()) {
        Some(near) => format!("did you mean `{near}`? Known: {known}, or a URI"),
        None => format!("write a URI, or one of: {known}"),
    })
}

/// A scheme and something after it; nothing is ever fetched from it.
fn is_uri(text: &str) -> bool {
    let scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    };
    let body = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic());
    let parts = text.split_once(':');
    text.len() <= PredicateType::MAX_LENGTH
        && parts.is_some_and(|(before, rest)| scheme(before) && body(rest))
}

/// Numbers with single dots between them.
fn is_version(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.len() <= 16 && text.split('.').all(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(written: &str, uri: &str) -> bool {
        written.parse::<PredicateType>().unwrap().accepts(uri)
    }

    #[test]
    fn short_names_are_those_of_cosign() {
        for (name, uri) in [
            ("custom", "https://cosign.sigstore.dev/attestation/v1"),
            ("slsaprovenance", "https://slsa.dev/provenance/v0.2"),
            ("slsaprovenance02", "https://slsa.dev/provenance/v0.2"),
            ("slsaprovenance1", "https://slsa.dev/provenance/v1"),
            ("spdx", "https://spdx.dev/Document"),
            ("spdxjson", "https://spdx.dev/Document"),
            ("cyclonedx", "https://cyclonedx.org/bom"),
            ("link", "https://in-toto.io/Link/v1"),
            ("vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"),
            ("openvex", "https://openvex.dev/ns"),
        ] {
            assert!(accepts(name, uri), "{name}");
        }
    }

    #[test]
    fn versions_follow_where_tools_write_them() {
        for (name, uri) in [
            ("slsaprovenance", SLSA_1),
            ("spdxjson", "https://spdx.dev/Document/v2.3"),
            ("cyclonedx", "https://cyclonedx.org/bom/v1.6"),
            ("openvex", "https://openvex.dev/ns/v0.2.0"),
        ] {
            assert!(accepts(name, uri), "{name}");
        }
        for (name, uri) in [
            ("slsaprovenance02", SLSA_1),
            ("slsaprovenance1", SLSA_02),
            ("slsaprovenance", "https://slsa.dev/provenance/v0.2.1"),
            ("spdx", "https://spdx.dev/Documents"),
            ("spdx", "https://spdx.dev/Document/"),
            ("spdx", "https://spdx.dev/Document/v"),
            ("spdx", "https://spdx.dev/Document/v2..3"),
            ("spdx", "https://spdx.dev/Document/v2.3/evil"),
            (
                "https://spdx.dev/Document",
                "https://spdx.dev/Document/v2.3",
            ),
            ("custom", "https://cosign.sigstore.dev/attestation/vuln/v1"),
            ("vuln", ""),
        ] {
            assert!(!accepts(name, uri), "{name} {uri}");
        }
    }

    #[test]
    fn what_is_no_type_is_refused_with_a_mend() {
        let hint = |text: &str| text.parse::<PredicateType>().unwrap_err().hint().unwrap();
        assert!(hint("slsa-provenance").contains("did you mean `slsaprovenance`?"));
        assert!(hint("provenance").starts_with("write a URI, or one of: slsaprovenance, "));
        assert!(hint(SIGNATURE).contains("already"));
        let long = format!("https://a.b/{}", "c".repeat(600));
        for bad in ["", ":", "https:", "1:x", "a b:c", "https://a.b/c d", &long] {
            assert!(bad.parse::<PredicateType>().is_err(), "{bad:?}");
        }
    }
}
