//! What looks like a secret.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

/// How sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secret {
    /// The form of it tells: what it is.
    Known(&'static str),
    /// The variable's name says so, and the value looks random.
    Likely,
}

/// Longer values are data.
const MAX_VALUE: usize = 8_192;

/// Forms that nothing else has.
const FORMS: &[(&str, &str)] = &[
    (
        r"\b(?:glpat|glrt|gldt|glptt|glcbt|glsoat|glft|glimt|glagent|gloas)-[0-9A-Za-z_.-]{20,}",
        "a GitLab token",
    ),
    (
        r"\b(?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_[0-9A-Za-z_]{60,})",
        "a GitHub token",
    ),
    (r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", "an AWS access key"),
    (r"\bxox[abprs]-[0-9A-Za-z-]{20,}", "a Slack token"),
    (
        r"\bsk-(?:ant|proj)-[0-9A-Za-z_-]{20,}",
        "an API key of an inference provider",
    ),
    (r"\bnpm_[0-9A-Za-z]{36}\b", "an npm token"),
    (r"\bpypi-[0-9A-Za-z_-]{50,}", "a PyPI token"),
    (r"\bAIza[0-9A-Za-z_-]{35}", "a Google API key"),
    (r"\bhf_[0-9A-Za-z]{34}\b", "a Hugging Face token"),
    (r"-----BEGIN [A-Z ]*PRIVATE KEY-----", "a private key"),
    (
        r"\beyJ[0-9A-Za-z_-]{16,}\.eyJ[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}",
        "a signed token",
    ),
];

static KNOWN: LazyLock<Option<RegexSet>> =
    LazyLock::new(|| RegexSet::new(FORMS.iter().map(|(form, _)| form)).ok());

static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:passw(?:or)?d|secret|token|api_?key|access_?key|private_?key)$").ok()
});

/// Whether `text` holds what can be nothing but a secret: no line of it is shown then.
pub(super) fn is_in(text: &str) -> bool {
    KNOWN.as_ref().is_some_and(|known| known.is_match(text))
}

/// What kind of secret the variable `name` holds, if it holds one.
pub(super) fn kind(name: &str, value: &str) -> Option<Secret> {
    if value.len() > MAX_VALUE || value.contains("EXAMPLE") {
        return None;
    }
    if let Some(form) = KNOWN.as_ref()?.matches(value).iter().next() {
        return Some(Secret::Known(FORMS[form].1));
    }
    (NAME.as_ref()?.is_match(name) && is_random(value)).then_some(Secret::Likely)
}

/// Long, of letters of both cases and digits, and without the repetitions of words.
fn is_random(value: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"+/=_-.".contains(&b);
    let has = |kind: fn(&u8) -> bool| value.bytes().any(|b| kind(&b));
    let mixed =
        has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    value.len() >= 20 && value.bytes().all(plain) && mixed && entropy(value) > 3.7
}

/// Bits per byte.
fn entropy(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let all: f64 = counts.iter().map(|count| f64::from(*count)).sum();
    let shares = counts.iter().filter(|count| **count > 0);
    shares
        .map(|count| f64::from(*count) / all)
        .map(|share| -share * share.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_from_settings() {
        let jwt = format!("eyJ{0}.eyJ{0}.{0}", "a1B2c3D4e5F6g7H8");
        for (value, secret) in [
            (["glpat", "-AbCdEfGhIjKlMnOpQrSt"].concat(), true),
            (["gh", "p_", &"a1".repeat(18)].concat(), true),
            (jwt, true),
            ("AKIAIOSFODNN7EXAMPLE".to_owned(), false),
            ("glpat-short".to_owned(), false),
        ] {
            let found = matches!(kind("X", &value), Some(Secret::Known(_)));
            assert_eq!(found, secret, "{value}");
        }
        for (name, value, secret) in [
            ("API_TOKEN", "9fK2mQ7xVb4LpT8sWz3RyHc6", true),
            ("API_TOKEN", "$OTHER", false),
            ("DB_PASSWORD", "postgres", false),
            ("SECRET_KEY_BASE", "9fK2mQ7xVb4LpT8sWz3RyHc6", false),
            ("API_TOKEN", "aaaaaaaaaaaaaaaaaaaaB1", false),
        ] {
            assert_eq!(
                kind(name, value) == Some(Secret::Likely),
                secret,
                "{name}={value}"
            );
        }
    }

    #[test]
    fn every_form_is_a_pattern() {
        assert!(KNOWN.is_some() && NAME.is_some());
    }
}
