//! The names that GitHub accepts for jobs and steps.

use std::{collections::HashSet, ops::Range};

use super::{grammar::short, view::Step};

/// The most characters of an id.
const MAX_LENGTH: usize = 99;

/// Why GitHub refuses `id`, as the end of a sentence; nothing where it does not.
pub(super) fn refused(id: &str) -> Option<&'static str> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        Some("does not begin with a letter or `_`")
    } else if !id.chars().all(legal) {
        Some("has other characters than letters, digits, `-` and `_`")
    } else if id.len() > MAX_LENGTH {
        Some("has 100 characters or more")
    } else if id.starts_with("__") {
        Some("begins with `__`, which GitHub keeps for itself")
    } else {
        None
    }
}

/// The ids of `steps` that are refused, or stand twice.
pub(super) fn wrong(steps: &[Step<'_>]) -> Vec<(Range<usize>, String)> {
    let mut seen = HashSet::new();
    let mut wrong = Vec::new();
    for id in steps.iter().filter_map(|step| step.id.as_ref()) {
        let name = short(id.value);
        if id.value.contains("${{") {
            continue;
        }
        if let Some(why) = refused(id.value) {
            wrong.push((id.at.clone(), format!("the id `{name}` {why}")));
        } else if !seen.insert(id.value.to_ascii_lowercase()) {
            let message = format!("another step of the job has the id `{name}`");
            wrong.push((id.at.clone(), message));
        }
    }
    wrong
}
