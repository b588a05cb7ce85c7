//! Where things stand in a text.

use std::ops::Range;

use super::insertion;
use crate::document::{
    Comment,
    edit::Edit,
    line,
    yaml::{Kind, Node, Style, Yaml},
};

/// A text with its comments.
pub(super) struct Layout<'t> {
    pub(super) text: &'t str,
    comments: &'t [Comment],
}

impl<'t> Layout<'t> {
    pub(super) fn new(text: &'t str, tree: &'t Yaml) -> Self {
        Self {
            text,
            comments: tree.comments(),
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    pub(super) fn slice(&self, range: Range<usize>) -> Option<&'t str> {
        self.text.get(range)
    }

    /// Whether `node` is a list or mapping in brackets.
    ///
    /// A block may begin with an item in brackets, and then begins where that does.
    pub(super) fn is_flow(&self, node: &Node<'_>) -> bool {
        let start = node.at().start;
        let first = match node.kind() {
            Kind::Sequence => node.items().next(),
            Kind::Mapping => node.own_entries().next().map(|(key, _)| key),
            _ => return false,
        };
        let is_inside = first.is_none_or(|first| first.at().start != start);
        matches!(self.byte(start), Some(b'[' | b'{')) && is_inside
    }

    /// Whether `node` is a list or mapping without brackets.
    pub(super) fn is_block(&self, node: &Node<'_>) -> bool {
        matches!(node.kind(), Kind::Sequence | Kind::Mapping) && !self.is_flow(node)
    }

    /// The bytes of `node`, quotes included; nothing where aliases hide them.
    pub(super) fn span(&self, node: &Node<'_>) -> Option<Range<usize>> {
        let at = node.at();
        if self.is_flow(node) {
            return Some(at);
        }
        let last = match node.kind() {
            Kind::Sequence => node.items().last(),
            Kind::Mapping => {
                let (key, value) = node.own_entries().last()?;
                let start = self.span(&key)?.start;
                let end = self.value_end(&key, &value)?;
                let first = node.own_entries().next()?.0;
                let first = self.span(&first)?.start.min(start);
                return (start >= at.start).then_some(first..end);
            }
            _ => {
                let is_quoted = node.scalar().is_some_and(|it| it.style == Style::Quoted);
                let quote = usize::from(is_quoted);
                return Some(at.start.checked_sub(quote)?..at.end + quote);
            }
        };
        let end = self.span(&last?)?.end;
        (end >= at.start).then_some(at.start..end)
    }

    /// Where the value of `key` ends, also where it is an alias of one before it.
    pub(super) fn value_end(&self, key: &Node<'_>, value: &Node<'_>) -> Option<usize> {
        let key = self.span(key)?;
        if value.at().start >= key.end {
            return self.span(value).map(|it| it.end);
        }
        let colon = self.next(key.end);
        let alias = self.next(colon + 1);
        if self.byte(colon) != Some(b':') || self.byte(alias) != Some(b'*') {
            return None;
        }
        let rest = self.text.get(alias..)?;
        let length = rest.find(|c: char| c.is_whitespace() || ",]}".contains(c));
        Some(alias + length.unwrap_or(rest.len()))
    }

    /// The first byte from `at` on that is neither white space nor comment.
    pub(super) fn next(&self, mut at: usize) -> usize {
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            at += rest.len() - rest.trim_start().len();
            let after = self.comments.partition_point(|it| it.at.start < at);
            match self.comments.get(after).filter(|it| it.at.start == at) {
                Some(comment) if comment.at.end > at => at = comment.at.end,
                _ => return at,
            }
        }
    }

    /// The comma behind what ends at `at`.
    pub(super) fn comma(&self, at: usize) -> Option<usize> {
        let next = self.next(at);
        (self.byte(next) == Some(b',')).then_some(next)
    }

    pub(super) fn line_start(&self, at: usize) -> usize {
        line::line_start(self.text, at)
    }

    /// The end of the line of `at`, before its line break.
    pub(super) fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        let is_crlf = rest.len() > line.len() && line.ends_with('\r');
        at + line.len() - usize::from(is_crlf)
    }

    /// The end of the line of `at`, if only a comment may stand between.
    pub(super) fn clear_line_end(&self, at: usize) -> Option<usize> {
        let end = self.line_end(at);
        (self.next(at) >= end).then_some(end)
    }

    /// Where the line break begins that ends the line before that of `at`.
    pub(super) fn previous_end(&self, at: usize) -> Option<usize> {
        let start = self.line_start(at);
        let before = self.text.get(..start)?.strip_suffix('\n')?;
        Some(before.strip_suffix('\r').unwrap_or(before).len())
    }

    /// What stands before `at` on its line.
    pub(super) fn prefix(&self, at: usize) -> &'t str {
        self.text.get(self.line_start(at)..at).unwrap_or_default()
    }

    /// How far `at` is from the line's start, where no more than the dashes of items stand between.
    pub(super) fn column(&self, at: usize) -> Option<usize> {
        line::column(self.text, at)
    }

    /// White space as wide as what stands before `at`.
    pub(super) fn indent_of(&self, at: usize) -> String {
        " ".repeat(self.prefix(at).len())
    }

    /// The white space at the start of the line of `at`.
    pub(super) fn margin(&self, at: usize) -> &'t str {
        let line = self.text.get(self.line_start(at)..).unwrap_or_default();
        let length = line.len() - line.trim_start_matches([' ', '\t']).len();
        line.get(..length).unwrap_or_default()
    }

    /// The whole lines from that of `start` to that of `end`, with the line break before them: what
    /// was put behind a line takes with it no more than came.
    pub(super) fn lines(&self, start: usize, end: usize) -> Option<Range<usize>> {
        let last = self.clear_line_end(end)?;
        if let Some(before) = self.previous_end(start) {
            return Some(before..last);
        }
        let rest = self.text.get(last..)?;
        let line_break = ["\r\n", "\n"].into_iter().find(|it| rest.starts_with(it));
        Some(self.line_start(start)..last + line_break.map_or(0, str::len))
    }

    /// The comment `note` behind what ends at `at`, in place of the one that is there.
    pub(super) fn note(&self, at: usize, note: &str) -> Option<Edit> {
        let end = self.clear_line_end(at)?;
        let old = self.comments.iter().find(|it| it.at.start >= at);
        let (at, gap) = match old.filter(|it| it.at.end <= end) {
            Some(old) => (old.at.clone(), ""),
            None => (at..at, " "),
        };
        let text = format!("{gap}# {note}");
        if note.chars().any(char::is_control) {
            return None;
        }
        Some(Edit { at, text })
    }

    /// Puts `pad` before each line of `range` but the first, empty lines aside.
    pub(super) fn indented(&self, range: Range<usize>, pad: &str) -> Vec<Edit> {
        let starts = self.line_starts(range);
        starts
            .map(|start| insertion(start, pad.to_owned()))
            .collect()
    }

    /// Takes `width` spaces from each line of `range` but the first, empty lines aside.
    pub(super) fn outdented(&self, range: Range<usize>, width: usize) -> Option<Vec<Edit>> {
        let pad = " ".repeat(width);
        let starts = self.line_starts(range);
        starts
            .map(|start| {
                self.text.get(start..)?.strip_prefix(&pad)?;
                Some(Edit {
                    at: start..start + width,
                    text: String::new(),
                })
            })
            .collect()
    }

    fn line_starts(&self, range: Range<usize>) -> impl Iterator<Item = usize> {
        let text = self.text.get(range.clone()).unwrap_or_default();
        let starts = text
            .match_indices('\n')
            .map(move |(at, _)| range.start + at + 1);
        starts.filter(|start| {
            let line = self.text.get(*start..).unwrap_or_default().lines().next();
            line.is_some_and(|line| !line.trim().is_empty())
        })
    }
}
