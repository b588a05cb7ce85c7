//! The tree that YAML and JSON are read into, in which every node knows its bytes.
//!
//! It is bounded as it grows: whoever walks it, however often aliases repeat its parts, meets at
//! most [`MAX_NODES`] nodes, [`MAX_DEPTH`] deep. Its texts lie in one string and its children in
//! one list, so that a large checkout is read without an allocation for each value.

use std::{collections::HashSet, ops::Range};

use super::{Comment, DocumentError, Problem, Source};

/// The deepest nesting, aliases followed; workflows and manifests stay below 20.
pub const MAX_DEPTH: usize = 64;

/// The most nodes of one file with its aliases expanded; a megabyte of plain lists has as many.
pub const MAX_NODES: usize = 300_000;

/// The documents of one file of YAML, or the one of a file of JSON.
#[derive(Clone, Debug, Default)]
pub struct Yaml {
    nodes: Vec<Raw>,
    documents: Vec<usize>,
    /// The file's text, and behind it the values that are written in another way.
    text: String,
    /// The nodes below each collection, key and value by turns.
    children: Vec<usize>,
    comments: Vec<Comment>,
}

/// A node of a [`Yaml`] tree.
#[derive(Clone, Copy, Debug)]
pub struct Node<'t> {
    tree: &'t Yaml,
    id: usize,
}

/// What a node is by the core schema of YAML 1.2, or in JSON.
///
/// A value in quotes is a text, `yes` and `on` are texts, and a tag such as `!!str` decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number with a fraction or an exponent, infinity, or none.
    Float,
    /// Any other single value.
    Text,
    /// Keys and values.
    Mapping,
    /// A list.
    Sequence,
}

impl Kind {
    /// Its name with an article, as a message has it: `a list`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::Float => "a number",
            Self::Text => "a text",
            Self::Mapping => "a mapping",
            Self::Sequence => "a list",
        }
    }
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
    at: Range<usize>,
    /// Of a scalar its text, of a collection its children.
    content: Range<usize>,
    kind: Kind,
    style: Style,
    tag: Option<Box<str>>,
    /// How many nodes a walk meets here, and how deep it gets.
    weight: usize,
    depth: usize,
}

/// A tree as far as it was read.
pub(super) struct Builder<'s, 'a> {
    source: &'s Source<'a>,
    tree: Yaml,
    open: Vec<Open>,
    /// The finished children of the collections that have not ended.
    waiting: Vec<usize>,
    /// That of the finished documents.
    weight: usize,
}

/// A collection that has not ended.
struct Open {
    id: usize,
    /// Its first child in [`Builder::waiting`].
    first: usize,
}

impl<'s, 'a> Builder<'s, 'a> {
    pub(super) fn new(source: &'s Source<'a>) -> Self {
        let tree = Yaml {
            text: source.text().to_owned(),
            ..Yaml::default()
        };
        Self {
            source,
            tree,
            open: Vec::new(),
            waiting: Vec::new(),
            weight: 0,
        }
    }

    pub(super) fn finish(self) -> Yaml {
        self.tree
    }

    pub(super) fn comment(&mut self, at: Range<usize>) {
        self.tree.comments.push(Comment::at(self.source, at));
    }

    /// A scalar, which [`Builder::ended`] puts where it belongs.
    pub(super) fn scalar(&mut self, scalar: &Scalar<'_>, kind: Kind, tag: Option<String>) -> usize {
        let Scalar { value, at, style } = scalar;
        let content = if self.source.slice(at.clone()) == *value {
            at.clone()
        } else {
            let start = self.tree.text.len();
            self.tree.text.push_str(value);
            start..start + value.len()
        };
        self.node(Raw {
            at: at.clone(),
            content,
            kind,
            style: *style,
            tag: tag.map(String::into_boxed_str),
            weight: 1,
            depth: 1,
        })
    }

    /// Opens a collection, which [`Builder::close`] ends.
    pub(super) fn open(&mut self, kind: Kind, at: Range<usize>, tag: Option<String>) -> usize {
        let id = self.node(Raw {
            at,
            content: 0..0,
            kind,
            style: Style::Plain,
            tag: tag.map(String::into_boxed_str),
            weight: 1,
            depth: 1,
        });
        let first = self.waiting.len();
        self.open.push(Open { id, first });
        id
    }

    /// Ends the innermost collection at byte `end`.
    pub(super) fn close(&mut self, end: usize) -> Result<(), DocumentError> {
        let Some(Open { id, first }) = self.open.pop() else {
            return Ok(());
        };
        let start = self.tree.children.len();
        self.tree.children.extend(self.waiting.drain(first..));
        let node = &mut self.tree.nodes[id];
        node.content = start..self.tree.children.len();
        node.at.end = end;
        self.ended(id)
    }

    /// Whether the collection `id` has not ended.
    pub(super) fn is_open(&self, id: usize) -> bool {
        self.open.iter().any(|open| open.id == id)
    }

    fn node(&mut self, raw: Raw) -> usize {
        self.tree.nodes.push(raw);
        self.tree.nodes.len() - 1
    }

    /// Puts the finished node `id`, which may be repeated by an alias, where it belongs.
    pub(super) fn ended(&mut self, id: usize) -> Result<(), DocumentError> {
        let (weight, depth, start) = {
            let node = &self.tree.nodes[id];
            (node.weight, node.depth, node.at.start)
        };
        let Some(open) = self.open.last() else {
            self.tree.documents.push(id);
            self.weight = self.weight.saturating_add(weight);
            return self.bounded(self.weight, start);
        };
        self.waiting.push(id);
        let parent = &mut self.tree.nodes[open.id];
        parent.weight = parent.weight.saturating_add(weight);
        parent.depth = parent.depth.max(depth + 1);
        if parent.depth > MAX_DEPTH {
            return Err(self.source.error(start, Self::too_deep()));
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

    pub(super) fn too_deep() -> Problem {
        Problem::TooDeep { limit: MAX_DEPTH }
    }
}

impl Yaml {
    /// The root of each document that holds anything.
    pub fn documents(&self) -> impl Iterator<Item = Node<'_>> {
        self.documents.iter().map(|id| self.node(*id))
    }

    /// The comments in order.
    pub fn comments(&self) -> &[Comment] {
        &self.comments
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

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.raw().kind
    }

    /// The single value; nothing for a mapping, a list, and for null.
    pub fn scalar(&self) -> Option<Scalar<'t>> {
        let raw = self.raw();
        match raw.kind {
            Kind::Null | Kind::Mapping | Kind::Sequence => None,
            Kind::Boolean | Kind::Integer | Kind::Float | Kind::Text => Some(Scalar {
                value: self.tree.text.get(raw.content.clone()).unwrap_or_default(),
                at: self.at(),
                style: raw.style,
            }),
        }
    }

    /// The value of [`Node::scalar`].
    pub fn text(&self) -> Option<&'t str> {
        self.scalar().map(|scalar| scalar.value)
    }

    /// Whether this is a mapping.
    pub fn is_mapping(&self) -> bool {
        self.kind() == Kind::Mapping
    }

    /// The nodes below a collection of `kind`; none where this is another.
    fn children(&self, kind: Kind) -> &'t [usize] {
        let range = Some(self.raw().content.clone()).filter(|_| self.kind() == kind);
        range
            .and_then(|range| self.tree.children.get(range))
            .unwrap_or_default()
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> impl Iterator<Item = Node<'t>> + use<'t> {
        let tree = self.tree;
        let items = self.children(Kind::Sequence).iter();
        items.map(|id| tree.node(*id))
    }

    /// The keys and values of a mapping as written, `<<` included; none of anything else.
    pub fn own_entries(&self) -> impl Iterator<Item = (Node<'t>, Node<'t>)> + use<'t> {
        let tree = self.tree;
        let (entries, _) = self.children(Kind::Mapping).as_chunks::<2>();
        entries
            .iter()
            .map(|[key, value]| (tree.node(*key), tree.node(*value)))
    }

    /// The keys of a mapping that repeat one before them: readers take the first, take the last,
    /// or refuse the file.
    pub fn duplicate_keys(&self) -> Vec<Self> {
        let mut seen = HashSet::new();
        self.own_entries()
            .filter(|(key, _)| key.text().is_some_and(|text| !seen.insert(text)))
            .map(|(key, _)| key)
            .collect()
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
        match self.kind() {
            Kind::Sequence => self.items().collect(),
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
