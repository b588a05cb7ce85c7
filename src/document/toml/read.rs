//! The events of `toml_parser`, built into a tree by TOML's rules of what may be defined twice.

use std::{borrow::Cow, collections::HashMap, mem, ops::Range};

use toml_parser::{
    ParseError, Source as Text, Span,
    decoder::ScalarKind,
    parser::{self, Event, EventKind, RecursionGuard, ValidateWhitespace},
};

use super::{Data, Entry, Table, Value};
use crate::document::{DocumentError, Origin, Problem, Source, yaml};

/// The deepest nesting, each part of a dotted key included.
const MAX_DEPTH: usize = yaml::MAX_DEPTH;

/// Reads `text`, which stands in `source` where `origin` says.
pub(super) fn table(
    source: &Source<'_>,
    text: &str,
    origin: &Origin,
) -> Result<Table, DocumentError> {
    let mut builder = Builder::new(Text::new(text), origin);
    let mut refused: Option<ParseError> = None;
    {
        let tokens = Text::new(text).lex().into_vec();
        let mut events = |event| builder.event(&event);
        let mut events = ValidateWhitespace::new(&mut events, Text::new(text));
        let limit = u32::try_from(MAX_DEPTH).unwrap_or(u32::MAX);
        let mut events = RecursionGuard::new(&mut events, limit);
        parser::parse_document(&tokens, &mut events, &mut refused);
    }
    let refused = refused.map(|error| Fault::of(&error));
    let faults = refused.into_iter().chain(builder.fault.take());
    match faults.min_by_key(|fault| fault.at) {
        Some(fault) => Err(source.error(origin.range(fault.at..fault.at).start, fault.problem)),
        None => Ok(builder.finish()),
    }
}

/// What is wrong, and at which byte of the text.
struct Fault {
    at: usize,
    problem: Problem,
}

impl Fault {
    fn of(error: &ParseError) -> Self {
        let at = error.unexpected().or(error.context()).unwrap_or_default();
        let problem = match error.description() {
            "cannot recurse further; max recursion depth met" => {
                Problem::TooDeep { limit: MAX_DEPTH }
            }
            words => Problem::syntax("TOML", words),
        };
        Self {
            at: at.start(),
            problem,
        }
    }
}

/// How a table came to be, which decides what may still add to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// By the header of a table below it.
    Implied,
    /// By a header of its own.
    Header,
    /// By a dotted key.
    Dotted,
    /// By braces, which close it.
    Inline,
}

enum Node<'s> {
    Leaf(Data),
    Table(Vec<Member<'s>>, Form),
    Array(Vec<usize>),
    ArrayOfTables(Vec<usize>),
}

struct Member<'s> {
    key: Key<'s>,
    id: usize,
}

#[derive(Clone)]
struct Key<'s> {
    name: Cow<'s, str>,
    at: Range<usize>,
}

struct Raw<'s> {
    at: Range<usize>,
    depth: usize,
    node: Node<'s>,
}

const ROOT: usize = 0;

struct Builder<'s, 'o> {
    text: Text<'s>,
    origin: &'o Origin,
    nodes: Vec<Raw<'s>>,
    /// The place of a key in its table.
    members: HashMap<(usize, Cow<'s, str>), usize>,
    /// The table that the last header opened.
    current: usize,
    /// The arrays and inline tables that have not ended.
    open: Vec<usize>,
    /// The parts of a key that has no value yet.
    path: Vec<Key<'s>>,
    /// Where the header that has not ended begins.
    header: usize,
    fault: Option<Fault>,
}

impl<'s, 'o> Builder<'s, 'o> {
    fn new(text: Text<'s>, origin: &'o Origin) -> Self {
        let mut builder = Self {
            text,
            origin,
            nodes: Vec::new(),
            members: HashMap::new(),
            current: ROOT,
            open: Vec::new(),
            path: Vec::new(),
            header: 0,
            fault: None,
        };
        builder.node(0..0, Node::Table(Vec::new(), Form::Header));
        builder
    }

    fn event(&mut self, event: &Event) {
        if self.fault.is_some() {
            return;
        }
        let span = event.span();
        let done = match event.kind() {
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                self.header = span.start();
                self.path.clear();
                Ok(())
            }
            EventKind::StdTableClose => self.table_header(self.header..span.end(), false),
            EventKind::ArrayTableClose => self.table_header(self.header..span.end(), true),
            EventKind::SimpleKey => self.key(event),
            EventKind::Scalar => self.scalar(event),
            EventKind::ArrayOpen => self.open(span, Node::Array(Vec::new())),
            EventKind::InlineTableOpen => self.open(span, Node::Table(Vec::new(), Form::Inline)),
            EventKind::ArrayClose | EventKind::InlineTableClose => {
                if let Some(id) = self.open.pop() {
                    self.nodes[id].at.end = span.end();
                }
                Ok(())
            }
            _ => Ok(()),
        };
        self.fault = done.err();
    }

    fn key(&mut self, event: &Event) -> Result<(), Fault> {
        let mut name = Cow::Borrowed("");
        let mut refused: Option<ParseError> = None;
        if let Some(raw) = self.text.get(event) {
            raw.decode_key(&mut name, &mut refused);
        }
        let at = event.span().start()..event.span().end();
        self.path.push(Key { name, at });
        refused.map_or(Ok(()), |error| Err(Fault::of(&error)))
    }

    fn scalar(&mut self, event: &Event) -> Result<(), Fault> {
        let mut decoded = Cow::Borrowed("");
        let mut refused: Option<ParseError> = None;
        let at = event.span().start()..event.span().end();
        let wrong = |words: &str| Fault {
            at: at.start,
            problem: Problem::syntax("TOML", words),
        };
        let Some(raw) = self.text.get(event) else {
            return Ok(());
        };
        let kind = raw.decode_scalar(&mut decoded, &mut refused);
        if let Some(error) = refused {
            return Err(Fault::of(&error));
        }
        let data = match kind {
            ScalarKind::String => Data::String {
                value: decoded.into_owned(),
                inside: self.origin.range(between_quotes(raw.as_str(), &at)),
            },
            ScalarKind::Boolean(value) => Data::Boolean(value),
            ScalarKind::Integer(radix) => i64::from_str_radix(&decoded, radix.value())
                .map(Data::Integer)
                .map_err(|_| wrong("a number that does not fit into 64 bits"))?,
            ScalarKind::Float => match decoded.parse::<f64>() {
                Ok(value) if value.is_finite() || decoded.ends_with(char::is_alphabetic) => {
                    Data::Float(value)
                }
                _ => return Err(wrong("a number that is too large")),
            },
            ScalarKind::DateTime => match decoded.parse::<toml_datetime::Datetime>() {
                Ok(_) => Data::Datetime,
                Err(error) => return Err(wrong(&error.to_string())),
            },
        };
        self.place(at, Node::Leaf(data)).map(drop)
    }

    fn open(&mut self, span: Span, node: Node<'s>) -> Result<(), Fault> {
        let id = self.place(span.start()..span.end(), node)?;
        self.open.push(id);
        Ok(())
    }

    fn node(&mut self, at: Range<usize>, node: Node<'s>) -> usize {
        self.nodes.push(Raw { at, depth: 0, node });
        self.nodes.len() - 1
    }

    /// Makes `id` a child of `parent`, bounded in depth and number.
    fn below(&mut self, parent: usize, id: usize) -> Result<(), Fault> {
        let depth = self.nodes[parent].depth + 1;
        let at = self.nodes[id].at.start;
        self.nodes[id].depth = depth;
        let problem = if depth > MAX_DEPTH {
            Problem::TooDeep { limit: MAX_DEPTH }
        } else if self.nodes.len() > yaml::MAX_NODES {
            let limit = yaml::MAX_NODES;
            Problem::TooManyNodes { limit }
        } else {
            return Ok(());
        };
        Err(Fault { at, problem })
    }

    /// Puts a value into the innermost array, or under the key that was read.
    fn place(&mut self, at: Range<usize>, node: Node<'s>) -> Result<usize, Fault> {
        let id = self.node(at, node);
        let parent = self.open.last().copied().unwrap_or(self.current);
        if let Node::Array(items) = &mut self.nodes[parent].node {
            items.push(id);
            return self.below(parent, id).map(|()| id);
        }
        let mut path = mem::take(&mut self.path);
        let Some(last) = path.pop() else {
            return Ok(id);
        };
        let mut table = parent;
        for key in path {
            table = self.dotted(table, key)?;
        }
        match self.member(table, &last) {
            Some(_) => Err(twice(&last)),
            None => self.insert(table, last, id).map(|()| id),
        }
    }

    fn dotted(&mut self, table: usize, key: Key<'s>) -> Result<usize, Fault> {
        let Some(id) = self.member(table, &key) else {
            let id = self.node(key.at.clone(), Node::Table(Vec::new(), Form::Dotted));
            return self.insert(table, key, id).map(|()| id);
        };
        match &mut self.nodes[id].node {
            Node::Table(_, form @ (Form::Implied | Form::Dotted)) => *form = Form::Dotted,
            _ => return Err(twice(&key)),
        }
        Ok(id)
    }

    fn table_header(&mut self, at: Range<usize>, array: bool) -> Result<(), Fault> {
        let mut path = mem::take(&mut self.path);
        let Some(last) = path.pop() else {
            return Ok(());
        };
        let mut table = ROOT;
        for key in path {
            table = self.passed(table, key)?;
        }
        self.current = if array {
            self.new_item(table, last, at)?
        } else {
            self.new_table(table, last, at)?
        };
        Ok(())
    }

    /// The table `key` on the way to the one that a header names.
    fn passed(&mut self, table: usize, key: Key<'s>) -> Result<usize, Fault> {
        let Some(id) = self.member(table, &key) else {
            let id = self.node(key.at.clone(), Node::Table(Vec::new(), Form::Implied));
            return self.insert(table, key, id).map(|()| id);
        };
        match &self.nodes[id].node {
            Node::Table(_, form) if *form != Form::Inline => Ok(id),
            Node::ArrayOfTables(items) => items.last().copied().ok_or_else(|| twice(&key)),
            _ => Err(twice(&key)),
        }
    }

    fn new_table(&mut self, table: usize, key: Key<'s>, at: Range<usize>) -> Result<usize, Fault> {
        let Some(id) = self.member(table, &key) else {
            let id = self.node(at, Node::Table(Vec::new(), Form::Header));
            return self.insert(table, key, id).map(|()| id);
        };
        match &mut self.nodes[id].node {
            Node::Table(_, form @ Form::Implied) => *form = Form::Header,
            _ => return Err(twice(&key)),
        }
        self.nodes[id].at = at;
        let index = self.members.get(&(table, key.name.clone())).copied();
        if let Node::Table(members, _) = &mut self.nodes[table].node
            && let Some(member) = index.and_then(|index| members.get_mut(index))
        {
            member.key = key;
        }
        Ok(id)
    }

    fn new_item(&mut self, table: usize, key: Key<'s>, at: Range<usize>) -> Result<usize, Fault> {
        let Some(array) = self.member(table, &key) else {
            let array = self.node(at.clone(), Node::ArrayOfTables(Vec::new()));
            self.insert(table, key, array)?;
            return self.item(array, at);
        };
        match &self.nodes[array].node {
            Node::ArrayOfTables(_) => self.item(array, at),
            _ => Err(twice(&key)),
        }
    }

    fn item(&mut self, array: usize, at: Range<usize>) -> Result<usize, Fault> {
        let item = self.node(at, Node::Table(Vec::new(), Form::Header));
        if let Node::ArrayOfTables(items) = &mut self.nodes[array].node {
            items.push(item);
        }
        self.below(array, item).map(|()| item)
    }

    fn member(&self, table: usize, key: &Key<'s>) -> Option<usize> {
        let index = self.members.get(&(table, key.name.clone()))?;
        match &self.nodes[table].node {
            Node::Table(members, _) => members.get(*index).map(|member| member.id),
            _ => None,
        }
    }

    fn insert(&mut self, table: usize, key: Key<'s>, id: usize) -> Result<(), Fault> {
        if let Node::Table(members, _) = &mut self.nodes[table].node {
            self.members
                .insert((table, key.name.clone()), members.len());
            members.push(Member { key, id });
        }
        self.below(table, id)
    }

    fn finish(mut self) -> Table {
        match self.value(ROOT).data {
            Data::Table(table) => table,
            _ => Table::default(),
        }
    }

    /// The finished value; its depth is bounded.
    fn value(&mut self, id: usize) -> Value {
        let raw = &mut self.nodes[id];
        let at = self.origin.range(raw.at.clone());
        let taken = mem::replace(&mut raw.node, Node::Leaf(Data::Datetime));
        let data = match taken {
            Node::Leaf(data) => data,
            Node::Array(items) | Node::ArrayOfTables(items) => {
                Data::Array(items.into_iter().map(|item| self.value(item)).collect())
            }
            Node::Table(members, _) => {
                let entries = members.into_iter().map(|member| Entry {
                    key: member.key.name.into_owned(),
                    key_at: self.origin.range(member.key.at),
                    value: self.value(member.id),
                });
                Data::Table(Table {
                    entries: entries.collect(),
                })
            }
        };
        Value { at, data }
    }
}

fn twice(key: &Key<'_>) -> Fault {
    let words = format!("the key `{}` is already set", key.name);
    Fault {
        at: key.at.start,
        problem: Problem::syntax("TOML", &words),
    }
}

fn between_quotes(written: &str, at: &Range<usize>) -> Range<usize> {
    let long = ["\"\"\"", "'''"]
        .iter()
        .any(|quotes| written.len() >= 6 && written.starts_with(quotes));
    let quotes = if long { 3 } else { 1 };
    let end = at.end.saturating_sub(quotes).max(at.start);
    (at.start + quotes).min(end)..end
}
