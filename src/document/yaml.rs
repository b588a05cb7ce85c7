//! YAML as a tree in which every node knows its bytes.
//!
//! An alias is the node that it repeats, so that what is found through it is shown where it is
//! written. The tree is bounded as it is built: whoever walks it, however often aliases repeat its
//! parts, meets at most [`MAX_NODES`] nodes, [`MAX_DEPTH`] deep.

use std::{collections::HashMap, ops::Range};

use serde_saphyr::granit_parser::{self, ErrorKind, Event, Parser, ScalarStyle};

use super::{DocumentError, Problem, Source};

/// The deepest nesting, aliases followed; workflows and manifests stay below 20.
pub const MAX_DEPTH: usize = 64;

/// The most nodes of one file with its aliases expanded; a megabyte of plain lists has as many.
pub const MAX_NODES: usize = 300_000;

/// The documents of one YAML file.
#[derive(Clone, Debug, Default)]
pub struct Yaml {
    nodes: Vec<Raw>,
    documents: Vec<usize>,
}

/// A node of a [`Yaml`] tree.
#[derive(Clone, Copy, Debug)]
pub struct Node<'t> {
    tree: &'t Yaml,
    id: usize,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// After `|` or `>`.
    Block,
}

/// A single value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar<'t> {
    /// The value, with escapes and folds undone.
    pub value: &'t str,
    /// The bytes of the file between the quotes; they differ from the value where there are
    /// escapes or folds.
    pub at: Range<usize>,
    /// How it is written.
    pub style: Style,
}

#[derive(Clone, Debug)]
struct Raw {
    content: Content,
    at: Range<usize>,
    tag: Option<String>,
    /// How many nodes a walk meets here, and how deep it gets.
    weight: usize,
    depth: usize,
}

#[derive(Clone, Debug)]
enum Content {
    Scalar(String, Style),
    Mapping(Vec<(usize, usize)>),
    Sequence(Vec<usize>),
}

/// Parses every document of `source`.
pub fn parse(source: &Source<'_>) -> Result<Yaml, DocumentError> {
    let (body, base) = source.body();
    let mut builder = Builder {
        source,
        base,
        tree: Yaml::default(),
        open: Vec::new(),
        anchors: HashMap::new(),
        weight: 0,
    };
    for next in Parser::new_from_str_with_options(body, options()) {
        let (event, span) = next.map_err(|error| builder.refused(&error))?;
        let range = span.byte_range().unwrap_or_default();
        builder.event(event, range.start + base..range.end + base)?;
    }
    Ok(builder.tree)
}

fn options() -> granit_parser::Options {
    granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    }
}

/// The tree as far as it was read.
struct Builder<'s, 'a> {
    source: &'s Source<'a>,
    /// The bytes before the parser's first.
    base: usize,
    tree: Yaml,
    open: Vec<Open>,
    anchors: HashMap<usize, usize>,
    /// That of the finished documents.
    weight: usize,
}

/// A collection that has not ended.
struct Open {
    id: usize,
    key: Option<usize>,
}

impl Builder<'_, '_> {
    fn event(&mut self, event: Event<'_>, at: Range<usize>) -> Result<(), DocumentError> {
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                    _ => Style::Quoted,
                };
                let at = content_of(self.source, at, style);
                let content = Content::Scalar(value.into_owned(), style);
                let id = self.node(content, at, anchor, tag.as_deref());
                self.ended(id)
            }
            Event::MappingStart(_, anchor, tag) => {
                let id = self.node(Content::Mapping(Vec::new()), at, anchor, tag.as_deref());
                self.open.push(Open { id, key: None });
                Ok(())
            }
            Event::SequenceStart(_, anchor, tag) => {
                let id = self.node(Content::Sequence(Vec::new()), at, anchor, tag.as_deref());
                self.open.push(Open { id, key: None });
                Ok(())
            }
            Event::MappingEnd | Event::SequenceEnd => match self.open.pop() {
                Some(open) => {
                    self.tree.nodes[open.id].at.end = at.end;
                    self.ended(open.id)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(id) if self.open.iter().any(|open| open.id == *id) => {
                    Err(self.source.error(at.start, Problem::Cycle))
                }
                Some(id) => self.ended(*id),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn node(
        &mut self,
        content: Content,
        at: Range<usize>,
        anchor: usize,
        tag: Option<&granit_parser::Tag>,
    ) -> usize {
        let id = self.tree.nodes.len();
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        self.tree.nodes.push(Raw {
            content,
            at,
            tag: tag.map(granit_parser::Tag::original),
            weight: 1,
            depth: 1,
        });
        id
    }

    /// Puts the finished node `id`, which may be repeated by an alias, where it belongs.
    fn ended(&mut self, id: usize) -> Result<(), DocumentError> {
        let (weight, depth, start) = {
            let node = &self.tree.nodes[id];
            (node.weight, node.depth, node.at.start)
        };
        let Some(open) = self.open.last_mut() else {
            self.tree.documents.push(id);
            self.weight = self.weight.saturating_add(weight);
            return self.bounded(self.weight, start);
        };
        let parent = &mut self.tree.nodes[open.id];
        match &mut parent.content {
            Content::Mapping(entries) => match open.key.take() {
                Some(key) => entries.push((key, id)),
                None => open.key = Some(id),
            },
            Content::Sequence(items) => items.push(id),
            Content::Scalar(..) => {}
        }
        parent.weight = parent.weight.saturating_add(weight);
        parent.depth = parent.depth.max(depth + 1);
        if parent.depth > MAX_DEPTH {
            return Err(self.source.error(start, too_deep()));
        }
        let weight = parent.weight;
        self.bounded(weight, start)
    }

    fn bounded(&self, weight: usize, start: usize) -> Result<(), DocumentError> {
        if weight > MAX_NODES {
            let problem = Problem::TooManyNodes { limit: MAX_NODES };
            return Err(self.source.error(start, problem));
        }
        Ok(())
    }

    fn refused(&self, error: &granit_parser::ScanError) -> DocumentError {
        let offset = error.marker().byte_offset().unwrap_or_default() + self.base;
        let problem = match error.kind() {
            ErrorKind::RecursionLimitExceeded => too_deep(),
            _ => Problem::syntax("YAML", &error.info()),
        };
        self.source.error(offset, problem)
    }
}

fn too_deep() -> Problem {
    Problem::TooDeep { limit: MAX_DEPTH }
}

/// The bytes of a scalar's content: without quotes, or without what a block's header adds.
fn content_of(source: &Source<'_>, at: Range<usize>, style: Style) -> Range<usize> {
    let written = source.slice(at.clone());
    match style {
        Style::Quoted if written.len() >= 2 => at.start + 1..at.end - 1,
        Style::Quoted => at,
        Style::Plain => at.start..at.start + written.trim_end().len(),
        Style::Block => {
            let body = match written.strip_prefix(['|', '>']) {
                Some(rest) => rest.find('\n').map_or("", |end| &rest[end..]),
                None => written,
            };
            let end = at.start + written.trim_end().len();
            let start = at.end - body.trim_start().len();
            start.min(end)..end
        }
    }
}

impl Yaml {
    /// The root of each document that holds anything.
    pub fn documents(&self) -> impl Iterator<Item = Node<'_>> {
        self.documents.iter().map(|id| self.node(*id))
    }

    fn node(&self, id: usize) -> Node<'_> {
        Node { tree: self, id }
    }
}

impl<'t> Node<'t> {
    fn raw(&self) -> &'t Raw {
        &self.tree.nodes[self.id]
    }

    /// The bytes of the file from which the node was read.
    pub fn at(&self) -> Range<usize> {
        self.raw().at.clone()
    }

    /// The tag as it is written, `!reference`; nothing where there is none.
    pub fn tag(&self) -> Option<&'t str> {
        self.raw().tag.as_deref()
    }

    /// The single value; nothing for a mapping, a list, and for null.
    pub fn scalar(&self) -> Option<Scalar<'t>> {
        let Content::Scalar(value, style) = &self.raw().content else {
            return None;
        };
        let null =
            *style == Style::Plain && matches!(value.as_str(), "" | "~" | "null" | "Null" | "NULL");
        (!null).then(|| Scalar {
            value,
            at: self.at(),
            style: *style,
        })
    }

    /// The value of [`Node::scalar`].
    pub fn text(&self) -> Option<&'t str> {
        self.scalar().map(|scalar| scalar.value)
    }

    /// Whether this is a mapping.
    pub fn is_mapping(&self) -> bool {
        matches!(self.raw().content, Content::Mapping(_))
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> impl Iterator<Item = Node<'t>> + use<'t> {
        let items = match &self.raw().content {
            Content::Sequence(items) => items.as_slice(),
            _ => &[],
        };
        let tree = self.tree;
        items.iter().map(|id| tree.node(*id))
    }

    /// The keys and values of a mapping as written, `<<` included; none of anything else.
    pub fn own_entries(&self) -> impl Iterator<Item = (Node<'t>, Node<'t>)> + use<'t> {
        let entries = match &self.raw().content {
            Content::Mapping(entries) => entries.as_slice(),
            _ => &[],
        };
        let tree = self.tree;
        entries
            .iter()
            .map(|(key, value)| (tree.node(*key), tree.node(*value)))
    }

    /// The keys and values of a mapping, and of those that its merge keys (`<<`) bring.
    pub fn entries(&self) -> Vec<(Self, Self)> {
        let (merges, mut own): (Vec<_>, Vec<_>) = self
            .own_entries()
            .partition(|(key, _)| key.text() == Some("<<"));
        let merged = merges
            .into_iter()
            .flat_map(|(_, value)| value.one_or_more());
        own.extend(merged.flat_map(|mapping| mapping.entries()));
        own
    }

    /// The items of a list; of anything else, itself.
    fn one_or_more(self) -> Vec<Self> {
        match self.raw().content {
            Content::Sequence(_) => self.items().collect(),
            _ => vec![self],
        }
    }

    /// Every value of `key`: the mapping's own, twice where the key stands twice; else what merge
    /// keys (`<<`) bring.
    ///
    /// Readers differ in which of two equal keys they take, so none is left out.
    pub fn all(&self, key: &str) -> Vec<Self> {
        let values = |wanted: &str| -> Vec<Node<'t>> {
            self.own_entries()
                .filter(|(name, _)| name.text() == Some(wanted))
                .map(|(_, value)| value)
                .collect()
        };
        let own = values(key);
        if !own.is_empty() {
            return own;
        }
        let merged = values("<<").into_iter();
        merged
            .flat_map(Node::one_or_more)
            .flat_map(|mapping| mapping.all(key))
            .collect()
    }

    /// The first value of `key`.
    pub fn get(&self, key: &str) -> Option<Self> {
        self.all(key).into_iter().next()
    }
}
