//! The comment behind a reference, as people and robots write it: `# v4.3.1`, `# tag=v4 why`.
//!
//! Only the first words can be the version, so that a comment that tells something else loses none
//! of them: `# 3 retries` has no version, `# 3` has.

use std::ops::Range;

use super::{Spot, SpotPart, VersionComment};

const BLANK: [char; 2] = [' ', '\t'];

/// The comment on the line behind byte `end` of `text`, and where its version is or would be.
///
/// There is no such place where something else follows on the line. The brackets that end a flow
/// collection may stand between; `true` says so.
pub(super) fn behind(text: &str, end: usize) -> (Option<VersionComment>, Option<Spot>, bool) {
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
    let found = version_in(body);
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

/// `version` so that it is read as one in the place of `spot`.
pub(super) fn marked(version: &str, spot: &Spot) -> String {
    let before = spot.text.get(..spot.value.start - spot.at.start);
    let is_marked = before.is_some_and(|before| before.trim_end().ends_with(['=', '@']));
    let alone = spot.part == SpotPart::Comment;
    if is_marked || is_version(version, alone) {
        version.to_owned()
    } else {
        format!("tag={version}")
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

fn version_in(body: &str) -> Option<Found> {
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
        is_version(text, alone)
    };
    is_one.then(|| Found {
        whole: start..word.end,
        next: (!alone).then_some(body.len() - others.len()),
        word,
    })
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
