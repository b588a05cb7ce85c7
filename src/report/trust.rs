//! Which Sigstore instances are believed on this machine, for people and programs.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::text::printable;

/// What `fullsend trust show` and `fullsend trust update` print.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TrustReport {
    /// 1.
    pub schema_version: u8,
    /// The known instances, and those that were asked for.
    pub instances: Vec<TrustInstance>,
}

/// One Sigstore instance.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TrustInstance {
    /// `public-good`, `github`, or the start of the SHA-256 of a private one's TUF root.
    pub name: String,
    /// Where its trusted root is from; null where there is none that may be used.
    pub source: Option<TrustSource>,
    /// The repository that the cache was fetched from; null for what came with the program.
    pub url: Option<String>,
    /// The version of the TUF root that vouches for it; null for what came with the program.
    pub root_version: Option<u64>,
    /// When the first of its TUF signatures expires, RFC 3339; null for what came with the
    /// program.
    pub expires: Option<String>,
    /// Who is believed, in the order of the trusted root.
    pub authorities: Vec<Authority>,
    /// Why it may not be used; null where it may.
    pub reason: Option<String>,
}

/// Where a trusted root is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrustSource {
    /// It came with the program.
    Embedded,
    /// It was fetched by TUF.
    Cache,
}

/// Somebody whose signatures are believed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Authority {
    /// What for.
    pub kind: AuthorityKind,
    /// Its address; null where it has none.
    pub url: Option<String>,
    /// From when on, RFC 3339; null for always.
    pub from: Option<String>,
    /// Until when, RFC 3339; null for open.
    pub until: Option<String>,
}

/// What somebody is believed about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthorityKind {
    /// Whose key a certificate's is.
    Certificates,
    /// What a transparency log has taken in.
    Log,
    /// Which certificates were issued.
    CertificateLog,
    /// When something was signed.
    Time,
}

/// The short table for people, with a final newline.
pub fn text(report: &TrustReport) -> String {
    report.instances.iter().map(instance_text).collect()
}

fn instance_text(instance: &TrustInstance) -> String {
    let mut text = format!("{}\n", printable(&instance.name));
    // Writing to a String cannot fail.
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<9} {}", printable(value));
    };
    match instance.source {
        Some(TrustSource::Embedded) => row("source", "came with this program"),
        Some(TrustSource::Cache) => row("source", "cache"),
        None => {}
    }
    let version = instance.root_version.map(|version| version.to_string());
    for (name, value) in [
        ("fetched", &instance.url),
        ("root", &version),
        ("expires", &instance.expires),
        ("unusable", &instance.reason),
    ] {
        if let Some(value) = value {
            row(name, value);
        }
    }
    for authority in &instance.authorities {
        let kind = match authority.kind {
            AuthorityKind::Certificates => "CA",
            AuthorityKind::Log => "log",
            AuthorityKind::CertificateLog => "CT log",
            AuthorityKind::Time => "TSA",
        };
        let day = |moment: &Option<String>| {
            let day = moment.as_deref().map(|text| text.get(..10).unwrap_or(text));
            day.unwrap_or("open").to_owned()
        };
        let window = format!("{} to {}", day(&authority.from), day(&authority.until));
        let url = authority.url.as_deref().unwrap_or("-");
        row(kind, &format!("{window:<24}  {url}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_who_is_believed_and_what_is_missing() {
        let known = TrustInstance {
            name: "public-good".to_owned(),
            source: Some(TrustSource::Cache),
            url: Some("https://tuf.test/".to_owned()),
            root_version: Some(12),
            expires: Some("2026-12-01T00:00:00Z".to_owned()),
            authorities: vec![Authority {
                kind: AuthorityKind::Log,
                url: Some("https://rekor.test".to_owned()),
                from: Some("2021-01-12T11:53:27Z".to_owned()),
                until: None,
            }],
            reason: None,
        };
        let unusable = TrustInstance {
            name: "github".to_owned(),
            source: None,
            url: None,
            root_version: None,
            expires: None,
            authorities: Vec::new(),
            reason: Some("expired".to_owned()),
        };
        let report = TrustReport {
            schema_version: 1,
            instances: vec![known, unusable],
        };
        assert_eq!(
            text(&report),
            "public-good\n  source    cache\n  fetched   https://tuf.test/\n  root      12\n  \
             expires   2026-12-01T00:00:00Z\n  log       2021-01-12 to open        \
             https://rekor.test\ngithub\n  unusable  expired\n"
        );
    }
}
