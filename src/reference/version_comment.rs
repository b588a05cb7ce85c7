//! The comment behind a reference, as people and robots write it: `# v4.3.1`, `# tag=v4 why`.
//!
//! A comment that tells something else loses none of its words. Its version is
//! - the word that `tag=`, `pin@` and their like mark, whatever follows,
//! - a version that stands alone, or before another `#` or a linter's directive,
//! - the first word before other words, unless they tell about versions themselves (`# v2: not v3`,
//!   `# v2 is broken`): behind a tag one of its line (`@v4 # v4.3.1 why`), behind a commit or a
//!   branch one of three numbers, or any before `(`, `-` and `,`.

use std::ops::Range;

use super::{Spot, SpotPart, VersionComment};
use crate::model::version::{Flavor, TagVersion};

const BLANK: [char; 2] = [' ', '\t'];

/// What a linter or a robot reads, which tells nothing about the version before it.
const DIRECTIVES: [&str; 8] = [
    "zizmor:",
    "fullsend:",
    "renovate:",
    "ratchet:",
    "checkov:",
    "yamllint",
    "nosemgrep",
    "noqa",
];

/// What makes a sentence of the version before it.
const VERBS: [&str; 14] = [
    "is", "isn't", "was", "has", "had", "does", "doesn't", "to", "breaks", "fails", "needs",
    "leaks", "crashes", "works",
];

/// What makes a range of versions of the one before it, behind `and` or `or`.
const RANGES: [&str; 8] = [
    "later", "newer", "higher", "above", "up", "older", "lower", "below",
];

/// The comment on the line behind byte `end` of `text`, and where its version is or would be; what
/// stands there is pinned to `pin`: a tag, a branch or a commit.
///
/// There is no such place where something else follows on the line. The brackets that end a flow
/// collection may stand between; `true` says so.
pub(super) fn behind(
    text: &str,
    end: usize,
    pin: &str,
) -> (Option<VersionComment>, Option<Spot>, bool) {
    let rest = text.get(end..).unwrap_or_default();
    let line = rest.split(['\n', '\r']).next().unwrap_or_default();
    let closers = line.trim_start_matches([' ', '\t', '}', ']', ',']);
    let before = line[..line.len() - closers.len()].trim_end_matches(BLANK);
    let (start, line) = (end + before.len(), &line[before.len()..]);
    let is_flow = !before.is_empty();
    let trimmed = line.trim_start_matches(BLANK);
    if trimmed.is_empty() {
        return (None, Some(missing(start)), is_flow);
    }
    let gap = line.len() - trimmed.len();
    let Some(body) = trimmed.strip_prefix('#').filter(|_| gap > 0) else {
        return (None, None, is_flow);
    };
    let found = version_in(body, pin);
    let comment = VersionComment {
        version: found
            .as_ref()
            .map(|found| body[found.word.clone()].to_owned()),
        text: body.trim().to_owned(),
    };
    let Some(found) = found else {
        return (Some(comment), Some(missing(start)), is_flow);
    };
    let base = start + gap + 1;
    let (part, at) = match found.next {
        Some(next) => (SpotPart::Version, base + found.whole.start..base + next),
        None => (SpotPart::Comment, start..base + found.whole.end),
    };
    let spot = Spot {
        part,
        text: text[at.clone()].to_owned(),
        at,
        value: base + found.word.start..base + found.word.end,
        lead: String::new(),
        is_plain: false,
    };
    (Some(comment), Some(spot), is_flow)
}

/// The place of a comment that is not there.
fn missing(at: usize) -> Spot {
    Spot {
        part: SpotPart::Comment,
        at: at..at,
        text: String::new(),
        value: at..at,
        lead: " # ".to_owned(),
        is_plain: false,
    }
}

/// `version` so that it is read as one behind `new`, in the place that the version has in the
/// comment `told` behind `old`; before all of a comment that has none.
pub(super) fn marked(version: &str, told: Option<&VersionComment>, old: &str, new: &str) -> String {
    let told = told.map_or("", |told| told.text.as_str());
    let (before, after) = match version_in(told, old) {
        Some(found) => (&told[..found.word.start], &told[found.word.end..]),
        None => ("", ""),
    };
    let body = format!("{before}{version}{after}");
    let end = before.len() + version.len();
    match version_in(&body, new) {
        Some(found) if found.word == (before.len()..end) => version.to_owned(),
        _ => format!("tag={version}"),
    }
}

/// A version within the body of a comment.
struct Found {
    /// The version.
    word: Range<usize>,
    /// The same with what marks it, `tag=` or `pin@`.
    whole: Range<usize>,
    /// Where the next of its words begins; nothing at the end of the comment, or of what another
    /// `#` parts from it.
    next: Option<usize>,
}

/// The version of a comment behind `pin`; none where nothing is pinned yet.
fn version_in(body: &str, pin: &str) -> Option<Found> {
    if pin.is_empty() {
        return None;
    }
    let start = body.len() - body.trim_start().len();
    let mut rest = &body[start..];
    if let Some(after) = rest.strip_prefix("renovate:") {
        rest = after.trim_start();
    }
    let (rest, marked) = unmarked(rest);
    let word = rest
        .split_whitespace()
        .next()
        .filter(|_| !rest.starts_with(char::is_whitespace))?;
    let word = word.trim_end_matches([',', ';', ':', '.', ')']);
    let from = body.len() - rest.len();
    let word = from..from + word.len();
    let behind = &body[word.end..];
    let others = behind.trim_start();
    let alone = others.is_empty() || (others.starts_with('#') && others.len() < behind.len());
    let text = &body[word.clone()];
    let is_one = if marked {
        !text.is_empty()
    } else {
        is_version(text, alone) && (alone || is_of_pin(text, behind, pin))
    };
    is_one.then(|| Found {
        whole: start..word.end,
        next: (!alone).then_some(body.len() - others.len()),
        word,
    })
}

/// Whether the version `word` before the words `behind` is that of `pin`.
fn is_of_pin(word: &str, behind: &str, pin: &str) -> bool {
    let rest = behind.trim_start();
    if DIRECTIVES.iter().any(|start| rest.starts_with(start)) {
        return true;
    }
    if behind.starts_with(':') || is_about_versions(rest) {
        return false;
    }
    let Some(version) = TagVersion::parse(word, Flavor::Git) else {
        return false;
    };
    let is_full = version.is_exact() && version.precision() >= 3;
    let pin = pin.strip_prefix("refs/tags/").unwrap_or(pin);
    match TagVersion::parse(pin, Flavor::Git) {
        _ if word == pin => true,
        Some(pin) => {
            let is_marked = is_full || word.contains(['v', 'V']);
            is_marked && (version.refines(&pin) || pin.refines(&version))
        }
        None => is_full || rest.starts_with(['(', '-', ',']),
    }
}

/// Whether the words behind a version make a statement about versions, which another one in its
/// place would falsify.
fn is_about_versions(rest: &str) -> bool {
    let is_sign = |c: char| !c.is_ascii_alphanumeric();
    let mut words = rest
        .split_whitespace()
        .take_while(|word| !word.starts_with('#'))
        .map(|word| word.trim_matches(is_sign));
    let mut first = words.clone();
    let starts = match first.next() {
        Some("and" | "or") => first.next().is_some_and(|next| RANGES.contains(&next)),
        Some(verb) => VERBS.contains(&verb),
        None => false,
    };
    starts || words.any(|word| is_version(word, false))
}

/// `text` without what says that a version follows, and whether that was there.
fn unmarked(text: &str) -> (&str, bool) {
    if let Some(ratchet) = text.strip_prefix("ratchet:") {
        let word = ratchet.split_whitespace().next().unwrap_or_default();
        return match word.rfind('@') {
            Some(at) => (&ratchet[at + 1..], true),
            None => (text, false),
        };
    }
    for name in ["tag", "pin", ""] {
        let Some(after) = text.strip_prefix(name) else {
            continue;
        };
        if let Some(version) = after.trim_start().strip_prefix(['=', '@']) {
            return (version.trim_start(), true);
        }
        if name == "pin" && after.starts_with(BLANK) {
            let rest = after.trim_start();
            return match rest.strip_prefix("tag=") {
                Some(version) => (version, true),
                None => (rest, false),
            };
        }
    }
    (text, false)
}

/// Whether `word` names a version: `v4`, `1.2.3-rc.1`, `action-x/v1.2`; a bare number of up to
/// three digits only where it is `alone`.
fn is_version(word: &str, alone: bool) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "._/+-".contains(c);
    if !word.chars().all(known) {
        return false;
    }
    let name = word.rsplit('/').next().unwrap_or(word);
    // `codeql-bundle-v2.16.0`
    let starts = name.match_indices('-').map(|(at, _)| at + 1);
    std::iter::once(0).chain(starts).any(|start| {
        let tail = &name[start..];
        let number = tail.strip_prefix(['v', 'V']);
        let digits = number.unwrap_or(tail);
        let suffix = digits.trim_start_matches(|c: char| c.is_ascii_digit());
        let count = digits.len() - suffix.len();
        let dotted = suffix
            .strip_prefix('.')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let whole = suffix.is_empty() || suffix.starts_with(['.', '-', '+', '_']);
        let bare = alone && start == 0 && word == digits && suffix.is_empty() && count <= 3;
        count > 0 && whole && (number.is_some() || dotted || bare)
    })
}
