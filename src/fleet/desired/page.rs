//! fleet.yaml, read twice over: what it means, and where each of its values stands.

use std::{ops::Range, path::Path};

use super::{EditError, FLEET_FILE};
use crate::{
    config::{Denied, Fleet, parse_fleet},
    document::{
        Source,
        edit::{Edit, apply},
        yaml::{self, Node, Style, Yaml},
    },
};

/// fleet.yaml with its meaning and its places.
pub(super) struct Page<'t> {
    pub(super) text: &'t str,
    pub(super) fleet: Fleet,
    tree: Yaml,
}

/// What an edited file has to mean.
pub(super) struct Wanted {
    /// All of it but the deny list.
    pub(super) fleet: Fleet,
    /// What the deny list has besides what it had.
    pub(super) denied: Vec<Denied>,
}

impl<'t> Page<'t> {
    pub(super) fn read(text: &'t str) -> Result<Self, EditError> {
        let fleet = parse_fleet(text.as_bytes(), FLEET_FILE).map_err(EditError::Config)?;
        let unread = || shape(text, 0, "read it");
        let source = Source::decode(Path::new(FLEET_FILE), text.as_bytes());
        let source = source.map_err(|_| unread())?;
        let tree = yaml::parse(&source).map_err(|_| unread())?;
        Ok(Self { text, fleet, tree })
    }

    /// What it means now.
    pub(super) fn wanted(&self) -> Wanted {
        Wanted {
            fleet: self.fleet.clone(),
            denied: Vec::new(),
        }
    }

    /// The value of a key of the whole file.
    pub(super) fn top(&self, key: &str) -> Option<Node<'_>> {
        self.tree.documents().next()?.get(key)
    }

    /// A ring's name and what is said of it.
    pub(super) fn ring(&self, name: &str) -> Option<(Node<'_>, Node<'_>)> {
        let mut rings = self.top("rings")?.own_entries();
        rings.find(|(key, _)| key.text() == Some(name))
    }

    /// The bytes of `node` with its quotes.
    pub(super) fn whole(&self, node: &Node<'_>) -> Range<usize> {
        let at = node.at();
        match node.scalar().map(|scalar| scalar.style) {
            Some(Style::Quoted) => at.start.saturating_sub(1)..at.end + 1,
            _ => at,
        }
    }

    /// Whether a collection is written in braces or brackets.
    pub(super) fn is_flow(&self, node: &Node<'_>) -> bool {
        self.text[node.at().start..].starts_with(['{', '['])
    }

    /// The bytes of the lines that `at` touches, with the last one's end.
    pub(super) fn lines(&self, at: &Range<usize>) -> Range<usize> {
        let start = self.text[..at.start].rfind('\n').map_or(0, |it| it + 1);
        let rest = &self.text[at.end..];
        let end = rest
            .find('\n')
            .map_or(self.text.len(), |it| at.end + it + 1);
        start..end
    }

    /// The text with `edits`, which has to mean what is `wanted`.
    pub(super) fn edited(
        &self,
        edits: &[Edit],
        wanted: &Wanted,
        what: &str,
    ) -> Result<String, EditError> {
        let first = edits.iter().map(|edit| edit.at.start).min();
        let refused = || self.shape(first.unwrap_or_default(), what);
        let text = apply(self.text, edits).map_err(|_| refused())?;
        let fleet = parse_fleet(text.as_bytes(), FLEET_FILE).map_err(|_| refused())?;
        let denied = self.fleet.deny.entries().iter().chain(&wanted.denied);
        let same_list = fleet.deny.entries().iter().eq(denied);
        let rest = Fleet {
            deny: fleet.deny.clone(),
            ..wanted.fleet.clone()
        };
        if same_list && fleet == rest {
            Ok(text)
        } else {
            Err(refused())
        }
    }

    pub(super) fn shape(&self, at: usize, what: &str) -> EditError {
        shape(self.text, at, what)
    }
}

fn shape(text: &str, at: usize, what: &str) -> EditError {
    let before = text.as_bytes().iter().take(at);
    EditError::Shape {
        line: before.filter(|byte| **byte == b'\n').count() + 1,
        what: what.to_owned(),
    }
}
