//! Versions and digests that must not run.

use std::{fmt, path::PathBuf, str::FromStr};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    agent::image,
    checker::{Checker, text},
    diagnostic::{ConfigError, Diagnostic},
    schema,
    value::{ValueError, excerpt},
    version::Version,
    yaml::{self, Field, Located},
};
use crate::model::{digest::Digest, image::ImageReference};

/// Where the deny list is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DenySource {
    /// A file; where relative, beside fullsend.yaml.
    File(PathBuf),
    /// An https URL, or http to a loopback address.
    Url(String),
    /// An artifact in a registry.
    Oci(ImageReference),
}

/// What happens when the deny list cannot be fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DenyUnavailable {
    /// The run goes on with a warning.
    #[default]
    Warn,
    /// The run is refused.
    Refuse,
}

/// A parsed deny list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DenyList(Vec<Denied>);

/// An entry of the deny list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// What is denied.
    pub subject: DeniedSubject,
    /// Why, for people.
    pub reason: String,
    /// What to run instead: a tag and the digest that it must have.
    pub replacement: Option<Replacement>,
}

/// What an entry denies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeniedSubject {
    /// Every image with this version as its tag.
    Version(Version),
    /// The image with this digest, whatever its name.
    Digest(Digest),
}

/// A replacement, `tag@digest`, in the denied image's own repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    tag: String,
    digest: Digest,
}

/// A version or a digest that nobody may run.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Denied", transform = schema::denied)]
pub(super) struct RawDenied {
    /// The image's version, with or without a leading `v`.
    #[schemars(schema_with = "schema::semver")]
    version: Field<String>,
    /// The image's digest.
    #[schemars(schema_with = "schema::digest")]
    digest: Field<String>,
    /// Why, for those who are refused.
    #[schemars(schema_with = "schema::text")]
    reason: Field<String>,
    /// What to run instead: `TAG@sha256:…`.
    #[schemars(schema_with = "schema::replacement")]
    replacement: Field<String>,
}

impl FromStr for DenySource {
    type Err = ValueError;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        if let Some(reference) = written.strip_prefix("oci:") {
            return image(reference.trim_start_matches("//")).map(Self::Oci);
        }
        if written.contains("://") {
            return super::forge::secure_url(written)
                .map(Self::Url)
                .ok_or_else(|| {
                    ValueError::new(format!("`{}` is not an https URL", excerpt(written)))
                        .mend("write a file, an https URL without credentials, or `oci:REF`")
                });
        }
        Ok(Self::File(PathBuf::from(text(written)?)))
    }
}

impl DenySource {
    /// The host that is asked for it, with its port; none for a file.
    pub fn host(&self) -> Option<String> {
        match self {
            Self::File(_) => None,
            Self::Oci(image) => Some(image.repository().host().to_owned()),
            Self::Url(url) => {
                let url = url::Url::parse(url).ok()?;
                let host = url.host_str()?;
                Some(match url.port() {
                    Some(port) => format!("{host}:{port}"),
                    None => host.to_owned(),
                })
            }
        }
    }
}

impl fmt::Display for DenySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url(url) => f.write_str(url),
            Self::Oci(reference) => write!(f, "oci:{reference}"),
        }
    }
}

impl FromStr for DenyUnavailable {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "warn" => Ok(Self::Warn),
            "refuse" => Ok(Self::Refuse),
            other => Err(super::one_of("choice", other, &["warn", "refuse"])),
        }
    }
}

impl DenyList {
    pub(super) fn of(entries: Vec<Denied>) -> Self {
        Self(entries)
    }

    /// Adds the entries of `other` behind its own.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The entries in their order.
    pub fn entries(&self) -> &[Denied] {
        &self.0
    }

    /// What to run instead of `image`, which `entry` denies. It is not yet verified.
    ///
    /// A replacement that is denied itself is none.
    pub fn replacement(&self, image: &ImageReference, entry: &Denied) -> Option<ImageReference> {
        let replacement = entry.replacement_of(image)?;
        let denied = self.find(&replacement, replacement.digest());
        denied.is_none().then_some(replacement)
    }

    /// More entries than this are refused.
    pub const MAX_ENTRIES: usize = 10_000;

    /// Reads a list in YAML or JSON; `name` is the file's name in messages.
    pub fn parse(text: &[u8], name: &str) -> Result<Self, ConfigError> {
        let (written, text) =
            yaml::parse::<Vec<Located<RawDenied>>>(text, name, "an empty list is written `[]`")?;
        let mut checker = Checker::default();
        let entries: Vec<_> = written
            .iter()
            .filter_map(|entry| Denied::check(entry, &mut checker))
            .collect();
        let diagnostics = checker.into_diagnostics();
        if diagnostics.is_empty() {
            Ok(Self(entries))
        } else {
            Err(ConfigError::new(name, &text, diagnostics))
        }
    }

    /// The first entry that denies `image`, by its tag, its own digest or the resolved `digest`.
    pub fn find(&self, image: &ImageReference, digest: Option<&Digest>) -> Option<&Denied> {
        self.0.iter().find(|denied| match &denied.subject {
            DeniedSubject::Version(version) => image.tag().is_some_and(|tag| version.is(tag)),
            DeniedSubject::Digest(bad) => image.digest() == Some(bad) || digest == Some(bad),
        })
    }
}

impl Denied {
    /// The replacement in the repository of `image`.
    pub fn replacement_of(&self, image: &ImageReference) -> Option<ImageReference> {
        let Replacement { tag, digest } = self.replacement.as_ref()?;
        format!("{}:{tag}@{digest}", image.repository())
            .parse()
            .ok()
    }

    pub(super) fn check(written: &Located<RawDenied>, checker: &mut Checker) -> Option<Self> {
        let raw = &written.value;
        if raw.reason.get().is_none() {
            checker.missing(&written.at, "reason", "say why, for those who are refused");
        }
        let version = checker.parse::<Version>(&raw.version);
        let digest = checker.field(&raw.digest, parse_digest);
        let subject = match (raw.version.get(), raw.digest.get()) {
            (Some(_), None) => version.map(DeniedSubject::Version),
            (None, Some(_)) => digest.map(DeniedSubject::Digest),
            _ => {
                checker.report(
                    Diagnostic::about(
                        &written.at,
                        "an entry names either a `version` or a `digest`",
                    )
                    .help("to deny both, write two entries"),
                );
                None
            }
        };
        let reason = checker.field(&raw.reason, text);
        let replacement = checker.parse(&raw.replacement);
        Some(Self {
            subject: subject?,
            reason: reason?,
            replacement,
        })
    }
}

impl Replacement {
    /// The tag, for people and for tools that know no digests.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// What the tag must lead to.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }
}

impl FromStr for Replacement {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || {
            ValueError::new(format!("`{}` is not a replacement", excerpt(text)))
                .mend("write `TAG@sha256:…`: a tag alone could be moved to anything")
        };
        let (tag, digest) = text.split_once('@').ok_or_else(refuse)?;
        if !crate::model::image::is_tag(tag) {
            return Err(refuse());
        }
        Ok(Self {
            tag: tag.to_owned(),
            digest: parse_digest(digest)?,
        })
    }
}

fn parse_digest(text: &str) -> Result<Digest, ValueError> {
    text.parse()
        .map_err(|error: crate::model::digest::DigestError| ValueError::new(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(text: &str) -> ImageReference {
        text.parse().unwrap()
    }

    #[test]
    fn yaml_and_json_are_the_same_list() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let yaml = format!(
            "- version: v1.3.0\n  reason: leaks\n  replacement: 1.2.4@{digest}\n\
             - digest: {digest}\n  reason: worse\n"
        );
        let json = format!(
            "[\n\t{{\"version\": \"1.3.0\", \"reason\": \"leaks\",\n\t\t\"replacement\": \"1.2.4@{digest}\"}},\n\
             \t{{\"digest\": \"{digest}\", \"reason\": \"worse\"}}\n]\n"
        );
        let of_yaml = DenyList::parse(yaml.as_bytes(), "deny.yaml").unwrap();
        assert_eq!(
            DenyList::parse(json.as_bytes(), "deny.json").unwrap(),
            of_yaml
        );
        let denied = of_yaml.find(&image("a.b/c:v1.3.0"), None).unwrap();
        assert_eq!(denied.reason, "leaks");
        let replacement = denied.replacement_of(&image("a.b/c:1.3.0")).unwrap();
        assert_eq!(replacement, image(&format!("a.b/c:1.2.4@{digest}")));
        assert!(
            of_yaml
                .find(&image(&format!("x.y/z@{digest}")), None)
                .is_some()
        );
        assert!(of_yaml.find(&image("a.b/c:1.3.1"), None).is_none());
        assert_eq!(DenyList::parse(b"[]", "deny.yaml"), Ok(DenyList::default()));
    }

    #[test]
    fn bad_entries_are_refused_with_their_place() {
        for (bad, message) in [
            (
                "- {version: 1.3.0}",
                "deny.yaml:1:3: the key `reason` is missing",
            ),
            ("- {reason: x}", "deny.yaml:1:3: an entry names either"),
            (
                "- {digest: x, reason: x}",
                "deny.yaml:1:12: a digest starts with",
            ),
            (
                "- {version: 1.3.0, reason: x, replacement: 1.2.4}",
                "deny.yaml:1:44: `1.2.4` is not",
            ),
            (
                "- {version: 1.3.0, why: x}",
                "deny.yaml:1:20: unknown key `why`",
            ),
            ("{}", "deny.yaml:1:1: expected a list"),
            ("", "deny.yaml: the file is empty"),
        ] {
            let error = DenyList::parse(bad.as_bytes(), "deny.yaml").unwrap_err();
            assert!(error.to_string().starts_with(message), "{bad}: {error}");
        }
    }

    #[test]
    fn sources_are_files_urls_or_artifacts() {
        let file = |path: &str| DenySource::File(PathBuf::from(path));
        assert_eq!("deny.yaml".parse(), Ok(file("deny.yaml")));
        let url = "https://acme.example/deny.json";
        assert_eq!(url.parse(), Ok(DenySource::Url(url.to_owned())));
        let artifact = DenySource::Oci(image("ghcr.io/acme/deny:1"));
        assert_eq!("oci:ghcr.io/acme/deny:1".parse(), Ok(artifact));
        for bad in [
            "",
            "http://acme.example/x",
            "https://u:p@acme.example/x",
            "oci:",
            "oci:a.b/c",
            "s3://a",
        ] {
            assert!(bad.parse::<DenySource>().is_err(), "{bad:?}");
        }
    }
}
