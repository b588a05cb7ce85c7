//! Conditions on single values of an attestation's predicate, compared without input or output.

use serde_json::{Number, Value};

use super::value::{ValueError, excerpt, printable};

/// One value of a predicate and what it must equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Where the value may stand, each an RFC 6901 pointer into the predicate.
    pub pointers: Vec<String>,
    /// What it must be: any one of these.
    pub expected: Vec<Value>,
    /// How the two are compared.
    pub comparison: Comparison,
}

/// How a value of a predicate is compared with what is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The same text, number, `true`, `false` or `null`.
    Exact,
    /// The same repository: `git+`, `.git` and `@REF` around the value's URL are left out.
    Repository,
}

/// Why a predicate does not satisfy a condition: where, what was expected and what was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the predicate's {at} is {found}, not {expected}")]
pub struct ConditionMismatch {
    at: String,
    expected: String,
    found: String,
}

impl Condition {
    /// Checks `predicate`: what stands at the pointers must be as expected.
    ///
    /// Where several pointers lead to something, all of it must be: versions of a format keep a
    /// value in different places, and whoever fills in a stray one must not decide. Objects and
    /// lists are never as expected, and neither is nothing at all.
    pub fn holds(&self, predicate: &Value) -> Result<(), ConditionMismatch> {
        let mut is_found = false;
        for pointer in &self.pointers {
            let Some(value) = predicate.pointer(pointer) else {
                continue;
            };
            is_found = true;
            if !self
                .expected
                .iter()
                .any(|expected| self.same(expected, value))
            {
                return Err(self.mismatch(&format!("`{pointer}`"), shown(value)));
            }
        }
        if is_found {
            return Ok(());
        }
        let places: Vec<String> = self.pointers.iter().map(|at| format!("`{at}`")).collect();
        Err(self.mismatch(&places.join(" or "), "absent".to_owned()))
    }

    fn same(&self, expected: &Value, found: &Value) -> bool {
        match self.comparison {
            Comparison::Repository => {
                let found = found.as_str().map(repository_of);
                found.is_some() && found == expected.as_str()
            }
            Comparison::Exact => match (expected, found) {
                (Value::Number(a), Value::Number(b)) => same_number(a, b),
                (Value::Array(_) | Value::Object(_), _) => false,
                (a, b) => a == b,
            },
        }
    }

    fn mismatch(&self, at: &str, found: String) -> ConditionMismatch {
        const MOST_SHOWN: usize = 3;
        let few: Vec<String> = self.expected.iter().take(MOST_SHOWN).map(shown).collect();
        let more = self.expected.len() - few.len();
        let expected = match few.as_slice() {
            [one] => one.clone(),
            _ if more > 0 => format!("one of {} and {more} more", few.join(", ")),
            _ => format!("one of {}", few.join(", ")),
        };
        ConditionMismatch {
            at: printable(at),
            expected,
            found,
        }
    }
}

/// JSON knows one kind of number: `1` and `1.0` are the same, and nothing is rounded.
fn same_number(a: &Number, b: &Number) -> bool {
    /// Larger integers have neighbours with the same floating point number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if a.is_f64() == b.is_f64() {
        return a == b;
    }
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.abs() < EXACT && a.to_bits() == b.to_bits(),
        _ => false,
    }
}

/// A value for people, short and on one line.
fn shown(value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::String(text) => format!("`{}`", excerpt(text)),
        scalar => format!("`{scalar}`"),
    }
}

/// The repository that `uri` names, without what formats write around it.
///
/// `git+https://github.com/acme/app@refs/heads/main` and `https://github.com/acme/app.git` both
/// name `https://github.com/acme/app`. Only a full reference or a commit is taken for what
/// follows the `@`, so that no part of a path can be mistaken for it.
fn repository_of(uri: &str) -> &str {
    let url = uri.strip_prefix("git+").unwrap_or(uri);
    let url = match url.split_once('@') {
        Some((url, reference)) if is_reference(reference) => url,
        _ => url,
    };
    url.strip_suffix(".git").unwrap_or(url)
}

/// A commit, or a reference in full; git has no `..` in either, which would climb up a path.
fn is_reference(text: &str) -> bool {
    let commit = matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
    commit || (text.starts_with("refs/") && !text.contains(".."))
}

/// Reads a repository's URL, `https://HOST/PATH`, as [`Comparison::Repository`] compares it.
pub(super) fn parse_repository_url(text: &str) -> Result<String, ValueError> {
    let refuse = |problem: &str, mend: String| Err(ValueError::new(problem).mend(mend));
    let url = text.strip_prefix("git+").unwrap_or(text);
    if let Some((url, _)) = url.split_once('@') {
        return refuse(
            "a source is a repository, without git reference",
            format!(
                "write `{}`, and ask for the reference with `predicate:`",
                excerpt(url)
            ),
        );
    }
    let url = url.trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    let path = url
        .strip_prefix("https://")
        .and_then(|rest| rest.split_once('/'));
    if super::forge::secure_url(url).is_none() || path.is_none_or(|(_, path)| path.is_empty()) {
        return refuse(
            &format!("`{}` is not the URL of a repository", excerpt(text)),
            "write for example `https://github.com/OWNER/NAME`".to_owned(),
        );
    }
    Ok(url.to_owned())
}

/// Reads an RFC 6901 pointer to a value inside a predicate.
pub(super) fn parse_pointer(text: &str) -> Result<String, ValueError> {
    const MAX_LENGTH: usize = 256;
    let problem = if text.len() > MAX_LENGTH {
        format!("a JSON pointer has at most {MAX_LENGTH} characters")
    } else if !text.starts_with('/') {
        format!("`{}` is not a JSON pointer", excerpt(text))
    } else if text.chars().any(char::is_control) {
        "a JSON pointer has no control characters here".to_owned()
    } else if text
        .split('~')
        .skip(1)
        .any(|rest| !rest.starts_with(['0', '1']))
    {
        return Err(ValueError::new("`~` stands alone in a JSON pointer")
            .mend("write `~0` for `~` and `~1` for a `/` inside a name"));
    } else {
        return Ok(text.to_owned());
    };
    Err(ValueError::new(problem).mend("write for example `/buildDefinition/buildType`"))
}

#[cfg(test)]
mod tests;
