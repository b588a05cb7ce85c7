//! How the author of a document writes, so that an entry looks as the others do.

use super::{Notation, Value, layout::Layout};
use crate::document::{
    quote::yaml_scalar,
    yaml::{Kind, Node, Style},
};

/// How the author of a document writes.
pub(super) struct Hand {
    notation: Notation,
    /// What ends a line.
    pub(super) eol: &'static str,
    /// What one more level of JSON is indented by.
    pub(super) step: String,
    /// How far a block's mapping is indented below its key.
    map_offset: usize,
    /// How far the dashes of a list are indented below its key.
    list_offset: usize,
    /// What texts of JSON stand in.
    quote: char,
    has_bare_keys: bool,
    /// What stands behind a key, and between items on one line.
    colon: String,
    comma: String,
}

/// More spaces are somebody's art.
const WIDEST: usize = 8;

impl Hand {
    pub(super) fn read(layout: &Layout<'_>, root: Option<Node<'_>>, notation: Notation) -> Self {
        let first_line = layout.text.split_once('\n').map(|(line, _)| line);
        let mut hand = Self {
            notation,
            eol: if first_line.is_some_and(|it| it.ends_with('\r')) {
                "\r\n"
            } else {
                "\n"
            },
            step: "  ".to_owned(),
            map_offset: 2,
            list_offset: 2,
            quote: '"',
            has_bare_keys: false,
            colon: ": ".to_owned(),
            comma: ", ".to_owned(),
        };
        if let Some(root) = root {
            match notation {
                Notation::Yaml => hand.read_yaml(layout, root),
                Notation::Json(_) => hand.read_json(layout, root),
            }
        }
        hand
    }

    pub(super) fn is_yaml(&self) -> bool {
        self.notation == Notation::Yaml
    }

    pub(super) fn list_offset(&self) -> usize {
        self.list_offset
    }

    pub(super) fn comma(&self) -> &str {
        &self.comma
    }

    /// Takes the first mapping and the first list below a key for the others.
    fn read_yaml(&mut self, layout: &Layout<'_>, root: Node<'_>) {
        let mut open = vec![root];
        let (mut map, mut list) = (None, None);
        while let Some(node) = open.pop() {
            for (key, value) in node.own_entries() {
                let offset = offset(layout, &key, &value);
                match value.kind() {
                    Kind::Mapping => map = map.or(offset),
                    Kind::Sequence => list = list.or(offset),
                    _ => {}
                }
                open.push(value);
            }
            open.extend(node.items());
            if map.is_some() && list.is_some() {
                break;
            }
        }
        self.map_offset = map.filter(|it| *it > 0).unwrap_or(self.map_offset);
        self.list_offset = list.unwrap_or(self.list_offset);
    }

    /// Takes the root's first entry, and the first list of two, for the others.
    fn read_json(&mut self, layout: &Layout<'_>, root: Node<'_>) {
        let Some((key, value)) = root.own_entries().next() else {
            return;
        };
        let (Some(name), Some(at)) = (layout.span(&key), layout.span(&value)) else {
            return;
        };
        let before = layout.prefix(name.start);
        if !before.is_empty() && before.trim().is_empty() {
            before.clone_into(&mut self.step);
        }
        self.has_bare_keys = layout.slice(name.start..name.end) == key.text();
        let plain = |it: &&str| it.len() <= WIDEST && !it.contains(['\n', '/']);
        if let Some(colon) = layout.slice(name.end..at.start).filter(plain) {
            colon.clone_into(&mut self.colon);
        }
        if !self.colon.ends_with(' ') && !layout.text.trim_end().contains('\n') {
            ",".clone_into(&mut self.comma);
        }
        let mut open = vec![root];
        while let Some(node) = open.pop() {
            let is_text = |it: &Node<'_>| it.scalar().is_some_and(|it| it.style == Style::Quoted);
            let children = node.own_entries().map(|(_, value)| value);
            let children: Vec<_> = children.chain(node.items()).collect();
            let mut texts = children.iter().filter(|it| is_text(it));
            if let Some(span) = texts.find_map(|it| layout.span(it)) {
                let is_single = layout.slice(span.start..span.start + 1) == Some("'");
                self.quote = if is_single { '\'' } else { '"' };
                break;
            }
            open.extend(children);
        }
    }

    /// A text as a value, in the notation's own way.
    fn text(&self, text: &str) -> String {
        if !self.is_yaml() {
            return self.json_text(text);
        }
        // GitLab's variables begin like that, and nothing of YAML does.
        match text.strip_prefix('$').filter(|it| it.starts_with('C')) {
            Some(rest) if yaml_scalar(rest) == rest => text.to_owned(),
            _ => yaml_scalar(text),
        }
    }

    fn json_text(&self, text: &str) -> String {
        let quoted = serde_json::Value::from(text).to_string();
        let inside = quoted.trim_matches('"');
        // What only one of the two quotes has to escape stays with JSON's own.
        if self.quote == '\'' && !text.contains(['"', '\'', '\\']) {
            return format!("'{inside}'");
        }
        quoted
    }

    fn key(&self, key: &str) -> String {
        let is_word = |c: char| c.is_ascii_alphabetic() || c == '_';
        if self.has_bare_keys && !key.is_empty() && key.chars().all(is_word) {
            return key.to_owned();
        }
        self.text(key)
    }

    /// `value` on one line, in brackets; nothing where it has comments.
    pub(super) fn flow(&self, value: &Value) -> Option<String> {
        Some(match value {
            Value::Text(text) => self.text(text),
            Value::Number(number) => number.to_string(),
            Value::Noted(..) => return None,
            Value::List(items) => {
                let items: Option<Vec<_>> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", items?.join(&self.comma))
            }
            Value::Map(entries) => {
                let entries = entries.iter();
                let entries: Option<Vec<_>> = entries
                    .map(|(key, value)| self.flow_entry(key, value))
                    .collect();
                format!("{{{}}}", entries?.join(&self.comma))
            }
        })
    }

    /// `key: value` on one line.
    pub(super) fn flow_entry(&self, key: &str, value: &Value) -> Option<String> {
        let (key, value) = (self.key(key), self.flow(value)?);
        Some(format!("{key}{}{value}", self.colon))
    }

    /// `value` on one line, in the place of `old`: a version that stood without quotes goes on to.
    pub(super) fn flow_like(&self, value: &Value, old: &Node<'_>) -> Option<String> {
        let (Value::Text(text) | Value::Noted(text, _)) = value else {
            return self.flow(value);
        };
        let is_bare = |it: &str| {
            let parts = it.split('.').count();
            let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
            parts >= 3 && it.chars().all(good) && it.starts_with(|c: char| c.is_ascii_digit())
        };
        let old = old.scalar().filter(|it| it.style == Style::Plain);
        let is_plain = self.is_yaml() && old.is_some_and(|it| is_bare(it.value)) && is_bare(text);
        Some(if is_plain {
            text.clone()
        } else {
            self.text(text)
        })
    }

    /// The lines of a mapping or list whose first stands at `column` already; `indent` is what
    /// stands before the others.
    pub(super) fn block(&self, value: &Value, column: usize, indent: &str) -> Option<String> {
        let line = format!("{}{indent}", self.eol);
        match value {
            Value::Map(entries) if !entries.is_empty() => {
                let lines = entries.iter();
                let lines: Option<Vec<_>> = lines
                    .map(|(key, value)| self.block_entry(key, value, column))
                    .collect();
                Some(lines?.join(&line))
            }
            Value::List(items) if !items.is_empty() => {
                let items = items.iter();
                let items: Option<Vec<_>> =
                    items.map(|item| self.block_item(item, column, 1)).collect();
                Some(items?.join(&line))
            }
            Value::Noted(text, note) if !note.chars().any(char::is_control) => {
                Some(format!("{} # {note}", self.text(text)))
            }
            _ => self.flow(value),
        }
    }

    /// `key: value` whose key stands at `column`.
    pub(super) fn block_entry(&self, key: &str, value: &Value, column: usize) -> Option<String> {
        let offset = match value {
            Value::Map(entries) if !entries.is_empty() => self.map_offset,
            Value::List(items) if !items.is_empty() => self.list_offset,
            _ => {
                let value = self.block(value, column, "")?;
                return Some(format!("{}: {value}", self.text(key)));
            }
        };
        let column = column + offset;
        let indent = " ".repeat(column);
        let block = self.block(value, column, &indent)?;
        Some(format!("{}:{}{indent}{block}", self.text(key), self.eol))
    }

    /// `- value` whose dash stands at `column`.
    pub(super) fn block_item(&self, value: &Value, column: usize, gap: usize) -> Option<String> {
        let column = column + 1 + gap;
        let block = self.block(value, column, &" ".repeat(column))?;
        Some(format!("-{}{block}", " ".repeat(gap)))
    }
}

/// How far the block `value` is indented below its key.
fn offset(layout: &Layout<'_>, key: &Node<'_>, value: &Node<'_>) -> Option<usize> {
    if !layout.is_block(value) {
        return None;
    }
    let key = layout.column(layout.span(key)?.start)?;
    let start = match value.items().next() {
        Some(item) => super::block::dash(layout, &item)?,
        None => layout.span(value)?.start,
    };
    let offset = layout.column(start)?.checked_sub(key)?;
    (offset <= WIDEST).then_some(offset)
}
