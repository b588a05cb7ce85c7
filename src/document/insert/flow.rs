//! Edits of lists and mappings in brackets, whose entries are parted by commas: all of JSON, and
//! some of YAML.

use std::ops::Range;

use super::{Document, Value, insertion};
use crate::document::{
    edit::Edit,
    yaml::{Kind, Node},
};

/// The bytes of each entry of `holder`.
fn entries(document: &Document<'_>, holder: &Node<'_>) -> Option<Vec<Range<usize>>> {
    let layout = &document.layout;
    if holder.kind() == Kind::Sequence {
        let items = holder.items();
        return items.map(|item| layout.span(&item)).collect();
    }
    let entries = holder.own_entries();
    entries
        .map(|(key, value)| Some(layout.span(&key)?.start..layout.value_end(&key, &value)?))
        .collect()
}

/// The last entry of `holder` becomes `value`, of `key` if it is a mapping.
pub(super) fn add(
    document: &Document<'_>,
    holder: &Node<'_>,
    key: Option<&str>,
    value: &Value,
) -> Option<Vec<Edit>> {
    let entry = match key {
        Some(key) => document.hand.flow_entry(key, value)?,
        None => document.hand.flow(value)?,
    };
    let entries = entries(document, holder)?;
    let inside = holder.at().start + 1..holder.at().end.checked_sub(1)?;
    match &entries[..] {
        [] => Some(vec![first(document, inside, &entry)?]),
        [before @ .., last] => {
            let before = before.last().map_or(inside.start, |it| it.end);
            behind(document, before, last, inside.end, &entry)
        }
    }
}

/// The only entry between brackets.
fn first(document: &Document<'_>, inside: Range<usize>, entry: &str) -> Option<Edit> {
    let (layout, hand) = (&document.layout, &document.hand);
    let is_open = layout.slice(inside.clone())?.contains('\n');
    let text = if is_open {
        let margin = layout.margin(inside.end);
        format!("{}{margin}{}{entry}", hand.eol, hand.step)
    } else {
        entry.to_owned()
    };
    Some(insertion(inside.start, text))
}

/// An entry behind `last`; the one before that ends at `before`.
fn behind(
    document: &Document<'_>,
    before: usize,
    last: &Range<usize>,
    close: usize,
    entry: &str,
) -> Option<Vec<Edit>> {
    let (layout, hand) = (&document.layout, &document.hand);
    let trailing = layout.comma(last.end);
    let is_own_line = layout.slice(before..last.start)?.contains('\n');
    if !is_own_line {
        let gap = hand.comma().trim_start_matches(',');
        let edit = match trailing {
            Some(comma) => insertion(comma + 1, format!("{gap}{entry},")),
            None => insertion(last.end, format!("{}{entry}", hand.comma())),
        };
        return Some(vec![edit]);
    }
    let line = format!("{}{}{entry}", hand.eol, layout.margin(last.start));
    let end = trailing.map_or(last.end, |comma| comma + 1);
    let line_end = layout.line_end(end);
    let at = if line_end > close { end } else { line_end };
    Some(match trailing {
        Some(_) => vec![insertion(at, format!("{line},"))],
        None => vec![insertion(last.end, ",".to_owned()), insertion(at, line)],
    })
}

/// The entry `number` of `holder` goes.
pub(super) fn remove(
    document: &Document<'_>,
    holder: &Node<'_>,
    number: usize,
) -> Option<Vec<Edit>> {
    let layout = &document.layout;
    let entries = entries(document, holder)?;
    let at = entries.get(number)?;
    let comma = layout.comma(at.end);
    let end = comma.map_or(at.end, |comma| comma + 1);
    // The comma before it parted it from the others.
    let before = number.checked_sub(1).and_then(|it| entries.get(it));
    let before = before.and_then(|it| layout.comma(it.end));
    let removed = |at: Range<usize>| Edit {
        at,
        text: String::new(),
    };
    let is_own_line = layout.prefix(at.start).trim().is_empty();
    let line_end = layout.clear_line_end(end);
    if let (true, Some(line_end)) = (is_own_line, line_end) {
        let lines = removed(layout.previous_end(at.start)?..line_end);
        let parting = before.filter(|_| comma.is_none());
        let parting = parting.map(|comma| removed(comma..comma + 1));
        return Some(parting.into_iter().chain([lines]).collect());
    }
    Some(vec![removed(match (before, comma) {
        (Some(before), None) => before..at.end,
        (Some(before), Some(comma)) => before + 1..comma + 1,
        (None, _) => at.start..entries.get(number + 1).map_or(end, |next| next.start),
    })])
}

/// The brackets of `list` go.
pub(super) fn unlist(list: &Node<'_>) -> Vec<Edit> {
    let at = list.at();
    let bracket = |at| Edit {
        at: at..at + 1,
        text: String::new(),
    };
    vec![bracket(at.start), bracket(at.end.saturating_sub(1))]
}
