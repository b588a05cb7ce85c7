//! Where a text holds expressions.

use std::ops::Range;

/// `${{`.
const OPEN: &str = "${{";

/// A stretch of a text that GitHub reads as an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::validate::github) struct Found {
    /// With `${{` and `}}`.
    pub(in crate::validate::github) whole: Range<usize>,
    /// Without them.
    pub(in crate::validate::github) inside: Range<usize>,
    /// Whether there is a `}}`; without one the text goes no further.
    pub(in crate::validate::github) closed: bool,
}

/// The expressions of `text`, in order.
pub(in crate::validate::github) fn find(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut done = 0;
    while let Some(start) = text[done..].find(OPEN) {
        let start = done + start;
        let inside = start + OPEN.len();
        let close = close_of(&text.as_bytes()[inside..]);
        let end = close.map_or(text.len(), |close| inside + close);
        found.push(Found {
            whole: start..(end + 2).min(text.len()),
            inside: inside..end,
            closed: close.is_some(),
        });
        if close.is_none() {
            break;
        }
        done = end + 2;
    }
    found
}

/// Where the first `}}` begins that is in no string.
fn close_of(text: &[u8]) -> Option<usize> {
    let mut quoted = false;
    for (index, byte) in text.iter().enumerate() {
        match byte {
            b'\'' => quoted = !quoted,
            b'}' if !quoted && text.get(index + 1) == Some(&b'}') => return Some(index),
            _ => {}
        }
    }
    None
}
