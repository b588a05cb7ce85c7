//! The verdict for people: what was decided, who signed, and why the others did not count.

use std::fmt::Write as _;

use super::verification::{Format, Method, Signature, Verification};

/// The text of `verification`, with a final newline.
pub fn text(verification: &Verification) -> String {
    let mut text = format!("{}: {}\n", verification.image, verification.verdict);
    // Writing to a String cannot fail.
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<9} {value}");
    };
    for (name, value) in [
        ("reason", &verification.reason),
        ("digest", &verification.digest),
        ("platform", &verification.platform),
    ] {
        if let Some(value) = value {
            row(name, value);
        }
    }
    if let Some(rule) = verification.rule {
        row("rule", &rule.to_string());
    }
    for signature in &verification.signatures {
        text.push_str(&signature_text(signature));
    }
    text
}

fn signature_text(signature: &Signature) -> String {
    let format = match signature.format {
        Format::Bundle => "bundle",
        Format::Legacy => "legacy",
    };
    let method = match signature.method {
        Some(Method::Key) => "key",
        Some(Method::Keyless) => "keyless",
        None => "unreadable",
    };
    let mut text = format!("  signature {format}, {method}: {}\n", signature.verdict);
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "    {name:<9} {value}");
    };
    let claim = |name: &str| signature.claims.get(name).cloned();
    let logged = signature.log.as_ref().map(|log| {
        let at = log.logged_at.as_deref().unwrap_or("an unproven time");
        format!("at {at}, entry {}", log.index)
    });
    for (name, value) in [
        ("signer", signature.identity.clone()),
        ("issuer", signature.issuer.clone()),
        ("source", claim("source_repository_uri")),
        ("commit", claim("source_repository_digest")),
        ("logged", logged),
        ("reason", signature.reason.clone()),
    ] {
        if let Some(value) = value {
            row(name, &value);
        }
    }
    text
}
