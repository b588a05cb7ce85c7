//! Edits of blocks of YAML, whose entries are parted by lines.

use std::ops::Range;

use super::{Document, Made, Value, insertion, layout::Layout};
use crate::document::{
    edit::Edit,
    yaml::{Kind, Node},
};

/// Where the dash of `item` stands, if it does so on the item's own line.
pub(super) fn dash(layout: &Layout<'_>, item: &Node<'_>) -> Option<usize> {
    let start = layout.span(item)?.start;
    let before = layout.prefix(start);
    let gap = before.len() - before.trim_end_matches(' ').len();
    let is_dash = before.trim_end_matches(' ').ends_with('-') && gap > 0;
    is_dash.then(|| start - gap - 1)
}

/// The last entry of `map` becomes `key: value`.
pub(super) fn add_entry(
    document: &Document<'_>,
    map: &Node<'_>,
    key: &str,
    value: &Value,
) -> Option<Vec<Edit>> {
    let layout = &document.layout;
    let span = layout.span(map)?;
    let column = layout.column(span.start)?;
    let end = layout.clear_line_end(span.end)?;
    let entry = document.hand.block_entry(key, value, column)?;
    let indent = " ".repeat(column);
    let text = format!("{}{indent}{entry}", document.hand.eol);
    Some(vec![insertion(end, text)])
}

/// The last item of `list` becomes `item`.
pub(super) fn add_item(
    document: &Document<'_>,
    list: &Node<'_>,
    item: &Value,
) -> Option<Vec<Edit>> {
    let layout = &document.layout;
    let first = list.items().next()?;
    let last = list.items().last()?;
    let dash = dash(layout, &first)?;
    let gap = layout.span(&first)?.start - dash - 1;
    let column = layout.column(dash)?;
    let end = layout.clear_line_end(layout.span(list)?.end)?;
    let item = item_like(document, &last, item, column, gap)?;
    let text = format!("{}{}{item}", document.hand.eol, " ".repeat(column));
    Some(vec![insertion(end, text)])
}

/// An item that is written as `sibling` is.
fn item_like(
    document: &Document<'_>,
    sibling: &Node<'_>,
    item: &Value,
    column: usize,
    gap: usize,
) -> Option<String> {
    let in_brackets = document.layout.is_flow(sibling) && matches!(item, Value::Map(_));
    let line = in_brackets.then(|| document.hand.flow(item)).flatten();
    match line {
        Some(line) => Some(format!("-{}{line}", " ".repeat(gap))),
        None => document.hand.block_item(item, column, gap),
    }
}

/// `list` below the key `name`, which has no value.
pub(super) fn begin_list(
    document: &Document<'_>,
    name: &Node<'_>,
    list: &Value,
) -> Option<Vec<Edit>> {
    let layout = &document.layout;
    let name = layout.span(name)?;
    let column = layout.column(name.start)? + document.hand.list_offset();
    let end = layout.line_end(name.end);
    let colon = layout.next(name.end);
    let is_clear = colon < end && layout.next(colon + 1) >= end;
    let indent = " ".repeat(column);
    let block = document.hand.block(list, column, &indent)?;
    let text = format!("{}{indent}{block}", document.hand.eol);
    is_clear.then(|| vec![insertion(end, text)])
}

/// The value `node` of the key `name` becomes the first item of a list, and `item` the second.
pub(super) fn listed(
    document: &Document<'_>,
    name: &Node<'_>,
    node: &Node<'_>,
    item: &Value,
) -> Option<(Vec<Edit>, Made)> {
    let layout = &document.layout;
    let (name, at) = (layout.span(name)?, layout.span(node)?);
    let end = layout.clear_line_end(at.end)?;
    let eol = document.hand.eol;
    let is_below = layout.line_start(name.start) != layout.line_start(at.start);
    let (made, column, width, begins) = if is_below {
        let column = layout.prefix(at.start).len();
        let begins = insertion(at.start, "- ".to_owned());
        (Made::Below, column, 2, begins)
    } else {
        let colon = layout.next(name.end);
        let offset = document.hand.list_offset();
        let column = layout.column(name.start)? + offset;
        let text = format!("{eol}{}-", " ".repeat(column));
        (Made::Pair, column, offset + 2, insertion(colon + 1, text))
    };
    let indent = " ".repeat(column);
    let item = item_like(document, node, item, column, 1)?;
    let mut edits = vec![begins];
    edits.extend(layout.indented(at, &" ".repeat(width)));
    edits.push(insertion(end, format!("{eol}{indent}{item}")));
    Some((edits, made))
}

/// Undoes [`listed`], which made `made`, for `list`, of which `item` is left.
pub(super) fn unlist(
    document: &Document<'_>,
    list: &Node<'_>,
    item: &Node<'_>,
    made: Made,
) -> Option<Vec<Edit>> {
    let layout = &document.layout;
    let dash = dash(layout, item)?;
    let at = layout.span(item)?;
    let removed = |at: Range<usize>| Edit {
        at,
        text: String::new(),
    };
    if made == Made::Below {
        let width = at.start - dash;
        let mut edits = vec![removed(dash..at.start)];
        edits.extend(layout.outdented(at, width)?);
        return Some(edits);
    }
    let key = layout.previous_end(dash)?;
    let column = layout.column(dash)?;
    let name = layout.margin(key).len();
    let mut edits = vec![removed(key..dash + 1)];
    let is_list = list.kind() == Kind::Sequence;
    edits.extend(layout.outdented(at, (column + 2).checked_sub(name)?)?);
    is_list.then_some(edits)
}

/// The entry or item `number` of `holder` goes, with its lines.
pub(super) fn remove(
    document: &Document<'_>,
    holder: &Node<'_>,
    number: usize,
) -> Option<Vec<Edit>> {
    let layout = &document.layout;
    let (start, end, next) = if holder.is_mapping() {
        let mut entries = holder.own_entries().skip(number);
        let (key, value) = entries.next()?;
        let next = entries.next().and_then(|(key, _)| layout.span(&key));
        let start = layout.span(&key)?.start;
        (start, layout.value_end(&key, &value)?, next)
    } else {
        let mut items = holder.items().skip(number);
        let item = items.next()?;
        (dash(layout, &item)?, layout.span(&item)?.end, None)
    };
    let at = if layout.prefix(start).trim().is_empty() {
        layout.lines(start, end)?
    } else {
        // The dash before it belongs to what follows then.
        start..next?.start
    };
    Some(vec![Edit {
        at,
        text: String::new(),
    }])
}
