//! What looks like a secret, and what is not shown because it could be one.

use std::{ops::Range, sync::LazyLock};

use regex::{Regex, RegexSet};

use crate::document::{DocumentError, Problem};

/// How sure it is that a variable holds a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secret {
    /// The form of it tells: what it is.
    Known(&'static str),
    /// The variable's name speaks of one, and the value looks random.
    Likely,
}

/// Longer values are data.
const MAX_VALUE: usize = 8_192;

/// Forms that nothing else has.
const FORMS: &[(&str, &str)] = &[
    (
        r"\b(?:glpat|glrt|glrtr|gldt|glptt|glcbt|glsoat|glft|glimt|glagent|gloas)-[0-9A-Za-z_.-]{20,}",
        "a GitLab token",
    ),
    (
        r"\bGR1348941[0-9A-Za-z_-]{20}",
        "a registration token of GitLab's runners",
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
    Regex::new(r"(?i)passw(?:or)?d|secret|token|api_?key|access_?key|private_?key").ok()
});

/// Words of values that name a secret, stand for one or show what one looks like.
const EXAMPLES: [&str; 8] = [
    "example",
    "token",
    "redacted",
    "your",
    "xxxx",
    "secret",
    "change",
    "placeholder",
];

/// Words of settings' lines that are not shown, as a secret may stand behind them.
const WORDS: [&str; 8] = [
    "accountkey",
    "auth",
    "key=",
    "password",
    "passwd",
    "privatekey",
    "secret",
    "token",
];

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

/// Whether `value`, written where only secrets stand, is one itself and no name, reference or example
/// of one.
pub(super) fn is_one(value: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"+/=_-.".contains(&b);
    let lower = value.to_ascii_lowercase();
    value.len() >= 16
        && value.bytes().all(plain)
        && value.contains(|c: char| c.is_ascii_digit())
        && value.contains(|c: char| c.is_ascii_alphabetic())
        && !value.starts_with('/')
        && !value.starts_with("__")
        && !EXAMPLES.iter().any(|word| lower.contains(word))
}

/// Whether it is one wherever it stands: long, and without the repetitions of words.
fn is_random(value: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| value.bytes().any(|b| kind(&b));
    let is_mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    let is_hex = value.len() >= 32 && value.bytes().all(|b| b.is_ascii_hexdigit());
    is_one(value)
        && (is_hex || (is_mixed && value.len() >= 20))
        && entropy(value) > if is_hex { 3.0 } else { 3.7 }
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

/// The lines of `text` that may hold a secret, in order.
pub(super) fn lines(text: &str) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let lower = line.to_ascii_lowercase();
        let sets = lower.contains('=') && !lower.contains("overwrite");
        if is_in(line) || (sets && WORDS.iter().any(|word| lower.contains(word))) {
            lines.push(start..start + line.len());
        }
        start += line.len();
    }
    lines
}

/// The same without its place where that would show a line that may hold a secret.
pub(super) fn concealed(text: &str, error: DocumentError) -> DocumentError {
    let (Some(place), Problem::Syntax { language, reason }) = (error.position, &error.problem)
    else {
        return error;
    };
    let shows = |line: &Range<usize>| line.start <= place.offset && place.offset <= line.end;
    if !lines(text).iter().any(shows) {
        return error;
    }
    let line = place.line;
    let problem = Problem::Syntax {
        language,
        reason: format!("{reason} (line {line}, which may hold a secret and is not shown)"),
    };
    DocumentError {
        position: None,
        problem,
        ..error
    }
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
            ("SECRET_KEY_BASE", "9fK2mQ7xVb4LpT8sWz3RyHc6", true),
            ("BUILD_ID", "9fK2mQ7xVb4LpT8sWz3RyHc6", false),
            ("API_TOKEN", "0f9c3a7d5e1b8264c0d9e7f3a1b5d826", true),
            ("API_TOKEN", "00000000000000000000000000000a00", false),
            ("API_TOKEN", "9fK2mQ7xYourKeyHere4LpT8s", false),
            ("TOKEN_FILE", "/run/9fK2mQ7xVb4LpT8sWz3RyHc6", false),
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
    fn a_value_in_a_secrets_place_may_be_shorter() {
        for (value, secret) in [
            ("a1b2c3d4e5f6a7b8", true),
            ("a1b2c3d4e5f6a7b", false),
            ("abcdefghijklmnop", false),
            ("1234567890123456", false),
            ("${RUNNER_TOKEN_1}x", false),
            ("__RUNNER_1_VALUE__", false),
            ("/etc/gitlab-runner/1", false),
            ("changeme-changeme-1", false),
        ] {
            assert_eq!(is_one(value), secret, "{value}");
        }
    }

    #[test]
    fn lines_of_secrets_are_told_by_their_words_and_forms() {
        let known = ["glrt", "-t1_A7cdEfGh2jKlMn0pQr5t"].concat();
        let text = format!("a = 1\npassword = \"x\"\n# token\nb: {known}\noverwrite_token = 1\n");
        let shown = lines(&text).into_iter().map(|line| &text[line]);
        let known = format!("b: {known}\n");
        assert_eq!(shown.collect::<Vec<_>>(), ["password = \"x\"\n", &known]);
    }

    #[test]
    fn every_form_is_a_pattern() {
        assert!(KNOWN.is_some() && NAME.is_some());
    }
}
