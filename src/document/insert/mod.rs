//! Entries put into documents that people write, and taken out again, while every other byte stays.
//!
//! Where an entry goes, and how it is written, is read from its neighbours. An edit is given back
//! only when the text after it, read again, says what it said before and the entry: where anchors,
//! merge keys or an unusual layout prevent that, there is [`NoRoom`] with the reason.

mod block;
mod data;
mod flow;
mod hand;
mod layout;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde::{Deserialize, Serialize};

use self::{data::Data, hand::Hand, layout::Layout};
use super::{
    DocumentError, Source,
    edit::{self, Edit},
    jsonc::{self, Dialect},
    yaml::{self, Kind, Node, Yaml},
};

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// YAML, of one document.
    Yaml,
    /// JSON, with or without comments.
    Json(Dialect),
}

/// One step from a document's root towards a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// The value of a key.
    Key(&'a str),
    /// An item of a list, from 0 on.
    Item(usize),
}

impl<'a> From<&'a str> for Step<'a> {
    fn from(key: &'a str) -> Self {
        Self::Key(key)
    }
}

impl From<usize> for Step<'_> {
    fn from(item: usize) -> Self {
        Self::Item(item)
    }
}

/// What is put into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text, in quotes where it needs them.
    Text(String),
    /// A text and the comment behind it, without its `#`; only in blocks of YAML.
    Noted(String, String),
    /// A whole number.
    Number(u64),
    /// A list.
    List(Vec<Self>),
    /// Keys and values.
    Map(Vec<(String, Self)>),
}

impl Notation {
    /// Reads `text`; the name of its file is not known here.
    pub fn read(self, text: &str) -> Result<Yaml, DocumentError> {
        let source = Source::decode(Path::new("the file"), text.as_bytes())?;
        match self {
            Self::Yaml => yaml::parse(&source),
            Self::Json(dialect) => jsonc::parse(&source, dialect),
        }
    }
}

/// What [`push`] made room by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Made {
    /// The list was there.
    Item,
    /// The key was not there.
    Key,
    /// The key's value stood alone, behind it.
    Pair,
    /// The key's value stood alone, on lines of its own.
    Below,
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Keys and texts.
    pub fn texts<'t>(entries: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let entries = entries.into_iter();
        Self::Map(
            entries
                .map(|(key, text)| (key.to_owned(), Self::text(text)))
                .collect(),
        )
    }
}

/// Why a document cannot be edited so that everything else stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] DocumentError),
    /// It has more than one document.
    #[error("it holds several documents, and which of them is meant is not known")]
    Documents,
    /// What was to be edited is not there.
    #[error("`{0}` is not there")]
    Absent(String),
    /// Readers differ in which of the two they take.
    #[error("`{0}` stands twice")]
    Twice(String),
    /// It is brought by a merge key, and others may be too.
    #[error("`{0}` is brought by a merge key")]
    Merged(String),
    /// It is something else than it should be.
    #[error("`{path}` is {found}")]
    Kind {
        /// Where.
        path: String,
        /// What it is.
        found: &'static str,
    },
    /// Anchors, aliases or an unusual layout.
    #[error("`{0}` is written in a way that no small edit leaves the rest of it as it is")]
    Intricate(String),
}

/// Sets the value at `path`, in place of the one that is there or as the last of its mapping; gives
/// back the whole text.
pub fn set(
    text: &str,
    notation: Notation,
    path: &[Step<'_>],
    value: &Value,
) -> Result<String, NoRoom> {
    let (parents, key) = match path {
        [parents @ .., Step::Key(key)] => (parents, key),
        [_, .., Step::Item(_)] => return set_item(text, notation, path, value),
        _ => return Err(NoRoom::Absent(shown(path))),
    };
    edited(text, notation, path, |document| {
        let Some(map) = document.mapping(parents)? else {
            return Ok((
                document.beginning(key, value),
                Some(Data::entry(key, value)),
            ));
        };
        let edits = match Document::own(&map, key)? {
            Some((name, old)) => document.replacement(&map, &name, &old, value),
            None if document.layout.is_flow(&map) => flow::add(document, &map, Some(key), value),
            None => block::add_entry(document, &map, key, value),
        };
        let mut data = document.data();
        let changed = data.set(path, value);
        Ok((edits, changed.map(|()| data)))
    })
}

/// [`set`], of an item that is there.
fn set_item(
    text: &str,
    notation: Notation,
    path: &[Step<'_>],
    value: &Value,
) -> Result<String, NoRoom> {
    edited(text, notation, path, |document| {
        let old = document.node(path)?;
        let list = path.split_last().map(|(_, list)| document.node(list));
        let list = list.transpose()?;
        let edits = list.and_then(|list| document.in_place(&list, &old, value));
        let mut data = document.data();
        let changed = data.put(path, value);
        Ok((edits, changed.map(|()| data)))
    })
}

/// Adds an item to the end of the list at `path`, and tells how.
///
/// What stands there alone becomes a list with the item behind it; where nothing stands, a list of
/// the item is set.
pub fn push(
    text: &str,
    notation: Notation,
    path: &[Step<'_>],
    item: &Value,
) -> Result<(String, Made), NoRoom> {
    let list = Value::List(vec![item.clone()]);
    if let [parents @ .., Step::Key(key)] = path {
        let document = Parsed::read(text, notation)?;
        let document = document.document(text, notation)?;
        let is_there = match document.mapping(parents)? {
            Some(map) => Document::own(&map, key)?.is_some(),
            None => false,
        };
        if !is_there {
            let text = set(text, notation, path, &list)?;
            return Ok((text, Made::Key));
        }
    }
    let mut made = Made::Item;
    let text = edited(text, notation, path, |document| {
        let node = document.node(path)?;
        let edits = match node.kind() {
            Kind::Null => document.in_place_of_nothing(path, &node, &list),
            Kind::Sequence if document.layout.is_flow(&node) => {
                flow::add(document, &node, None, item)
            }
            Kind::Sequence => block::add_item(document, &node, item),
            _ => document.listed(path, &node, item).map(|(edits, how)| {
                made = how;
                edits
            }),
        };
        let mut data = document.data();
        let changed = data.push(path, item);
        Ok((edits, changed.map(|()| data)))
    })?;
    Ok((text, made))
}

/// Undoes a [`push`] that made `made`: takes the item `number` from the list at `path`, and the list
/// too where nothing else is left in it.
pub fn pull(
    text: &str,
    notation: Notation,
    path: &[Step<'_>],
    number: usize,
    made: Made,
) -> Result<String, NoRoom> {
    let parsed = Parsed::read(text, notation)?;
    let count = parsed.document(text, notation)?.node(path)?.items().count();
    if count == 1 && made == Made::Key {
        return remove(text, notation, path);
    }
    let item = [path, &[Step::Item(number)]].concat();
    let text = remove(text, notation, &item)?;
    if count == 2 && matches!(made, Made::Pair | Made::Below) {
        return unlist(&text, notation, path, made);
    }
    Ok(text)
}

/// Removes the entry or item at `path` with the comment on its line.
///
/// A block that has no other is nothing afterwards, and a list in brackets is empty.
pub fn remove(text: &str, notation: Notation, path: &[Step<'_>]) -> Result<String, NoRoom> {
    let [parents @ .., last] = path else {
        return Err(NoRoom::Absent(shown(path)));
    };
    edited(text, notation, path, |document| {
        document.node(path)?;
        let holder = document.node(parents)?;
        let number = match last {
            Step::Item(number) => Some(*number),
            Step::Key(key) => holder
                .own_entries()
                .position(|(it, _)| it.text() == Some(key)),
        };
        let number = number.ok_or_else(|| NoRoom::Absent(shown(path)))?;
        let is_flow = document.layout.is_flow(&holder);
        let edits = if is_flow {
            flow::remove(document, &holder, number)
        } else {
            block::remove(document, &holder, number)
        };
        let mut data = document.data();
        let changed = data.remove(path, !is_flow);
        Ok((edits, changed.map(|()| data)))
    })
}

/// Makes the list at `path`, which has one item, that item: undoes what [`push`] made of a value
/// that stood alone, once the other is gone.
fn unlist(text: &str, notation: Notation, path: &[Step<'_>], made: Made) -> Result<String, NoRoom> {
    edited(text, notation, path, |document| {
        let node = document.node(path)?;
        let mut items = node.items();
        let (Some(item), None) = (items.next(), items.next()) else {
            return Err(NoRoom::Kind {
                path: shown(path),
                found: "no list of one item",
            });
        };
        let edits = if document.layout.is_flow(&node) {
            Some(flow::unlist(&node))
        } else {
            block::unlist(document, &node, &item, made)
        };
        let mut data = document.data();
        let changed = data.unlist(path);
        Ok((edits, changed.map(|()| data)))
    })
}

/// What is done, and what the document is to say then; nothing where there is no way.
type Edited = (Option<Vec<Edit>>, Option<Data>);

/// The text after the edits that `edits` finds, once it is known to say what it should.
fn edited(
    text: &str,
    notation: Notation,
    path: &[Step<'_>],
    edits: impl FnOnce(&Document<'_>) -> Result<Edited, NoRoom>,
) -> Result<String, NoRoom> {
    let parsed = Parsed::read(text, notation)?;
    let (edits, wanted) = edits(&parsed.document(text, notation)?)?;
    let intricate = || NoRoom::Intricate(shown(path));
    let after = edit::apply(text, &edits.ok_or_else(intricate)?).map_err(|_| intricate())?;
    let read = Parsed::read(&after, notation).map_err(|_| intricate())?;
    let document = read.document(&after, notation).map_err(|_| intricate())?;
    let data = document.data();
    let is_as_wanted = wanted.is_some_and(|wanted| {
        // An empty document says as much as one that says nothing.
        data == wanted || (data.is_nothing() && wanted.is_nothing())
    });
    if !is_as_wanted {
        return Err(intricate());
    }
    Ok(after)
}

/// A path for people: `updates[2].ignore`.
fn shown(path: &[Step<'_>]) -> String {
    let mut shown = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                let dot = if shown.is_empty() { "" } else { "." };
                shown.push_str(dot);
                shown.extend(key.escape_default());
            }
            Step::Item(number) => shown.extend(["[", &number.to_string(), "]"]),
        }
    }
    shown
}

/// A text, read.
struct Parsed(Yaml);

impl Parsed {
    fn read(text: &str, notation: Notation) -> Result<Self, NoRoom> {
        Ok(Self(notation.read(text)?))
    }

    fn document<'t>(&'t self, text: &'t str, notation: Notation) -> Result<Document<'t>, NoRoom> {
        let mut roots = self.0.documents();
        let root = roots.next();
        if roots.next().is_some() {
            return Err(NoRoom::Documents);
        }
        let layout = Layout::new(text, &self.0);
        Ok(Document {
            hand: Hand::read(&layout, root, notation),
            layout,
            root,
        })
    }
}

/// A document that is to be edited.
struct Document<'t> {
    layout: Layout<'t>,
    hand: Hand,
    root: Option<Node<'t>>,
}

impl<'t> Document<'t> {
    /// What it says.
    fn data(&self) -> Data {
        self.root.map_or_else(Data::nothing, |root| Data::of(&root))
    }

    /// The value at `path`.
    fn node(&self, path: &[Step<'_>]) -> Result<Node<'t>, NoRoom> {
        let absent = || NoRoom::Absent(shown(path));
        let mut node = self.root.ok_or_else(absent)?;
        for step in path {
            node = match step {
                Step::Item(number) => node.items().nth(*number).ok_or_else(absent)?,
                Step::Key(key) => Self::own(&node, key)?.ok_or_else(absent)?.1,
            };
        }
        Ok(node)
    }

    /// The mapping at `path`; nothing for a document that is empty.
    fn mapping(&self, path: &[Step<'_>]) -> Result<Option<Node<'t>>, NoRoom> {
        if path.is_empty() && self.root.is_none_or(|root| root.kind() == Kind::Null) {
            return Ok(None);
        }
        let node = self.node(path)?;
        if node.is_mapping() {
            return Ok(Some(node));
        }
        Err(NoRoom::Kind {
            path: shown(path),
            found: node.kind().name(),
        })
    }

    /// The entry `key` that `map` itself has.
    fn own(map: &Node<'t>, key: &str) -> Result<Option<(Node<'t>, Node<'t>)>, NoRoom> {
        let mut found = map.own_entries().filter(|(it, _)| it.text() == Some(key));
        let entry = found.next();
        if found.next().is_some() {
            return Err(NoRoom::Twice(key.to_owned()));
        }
        if entry.is_none() && map.get(key).is_some() {
            return Err(NoRoom::Merged(key.to_owned()));
        }
        Ok(entry)
    }

    /// The first entry of a document that is empty but for comments.
    fn beginning(&self, key: &str, value: &Value) -> Option<Vec<Edit>> {
        let entry = self.hand.block_entry(key, value, 0)?;
        let (text, eol) = (self.layout.text, &self.hand.eol);
        if text.is_empty() {
            return Some(vec![insertion(0, format!("{entry}{eol}"))]);
        }
        let last = text.strip_suffix('\n').unwrap_or(text);
        let end = self.layout.line_end(self.layout.line_start(last.len()));
        Some(vec![insertion(end, format!("{eol}{entry}"))])
    }

    /// Puts `value` in the place of `old`, which the key `name` of `map` has.
    fn replacement(
        &self,
        map: &Node<'t>,
        name: &Node<'t>,
        old: &Node<'t>,
        value: &Value,
    ) -> Option<Vec<Edit>> {
        let at = self.layout.span(old)?;
        if at.start < self.layout.span(name)?.end {
            return None;
        }
        self.in_place(map, old, value)
    }

    /// Puts `value` in the place of `old`, which `holder` has.
    fn in_place(&self, holder: &Node<'t>, old: &Node<'t>, value: &Value) -> Option<Vec<Edit>> {
        let at = self.layout.span(old)?;
        let in_block = self.hand.is_yaml() && !self.layout.is_flow(holder);
        if in_block && self.layout.is_block(old) {
            let column = self.layout.column(at.start)?;
            let text = self
                .hand
                .block(value, column, &self.layout.indent_of(at.start))?;
            return Some(vec![Edit { at, text }]);
        }
        let text = self.hand.flow_like(value, old)?;
        let mut edits = vec![Edit {
            at: at.clone(),
            text,
        }];
        if let Value::Noted(_, note) = value {
            edits.push(self.layout.note(at.end, note).filter(|_| in_block)?);
        }
        Some(edits)
    }

    /// A list in the place of a key's missing value.
    fn in_place_of_nothing(
        &self,
        path: &[Step<'_>],
        null: &Node<'t>,
        list: &Value,
    ) -> Option<Vec<Edit>> {
        let [parents @ .., Step::Key(key)] = path else {
            return None;
        };
        let map = self.node(parents).ok()?;
        let (name, _) = Self::own(&map, key).ok()??;
        let at = self.layout.span(null)?;
        if !at.is_empty() || self.layout.is_flow(&map) {
            let text = self.hand.flow(list)?;
            return Some(vec![Edit { at, text }]);
        }
        block::begin_list(self, &name, list)
    }

    /// A list of what stands at `path` alone and `item`, and how room is made for it.
    fn listed(
        &self,
        path: &[Step<'_>],
        node: &Node<'t>,
        item: &Value,
    ) -> Option<(Vec<Edit>, Made)> {
        let [parents @ .., Step::Key(key)] = path else {
            return None;
        };
        let map = self.node(parents).ok()?;
        let (name, _) = Self::own(&map, key).ok()??;
        let at = self.layout.span(node)?;
        // A tag or an anchor stands there otherwise.
        let colon = self.layout.next(self.layout.span(&name)?.end);
        if self.layout.next(colon + 1) != at.start {
            return None;
        }
        if !self.hand.is_yaml() || self.layout.is_flow(&map) {
            let text = format!("{}{}]", self.hand.comma(), self.hand.flow(item)?);
            let edits = vec![insertion(at.start, "[".to_owned()), insertion(at.end, text)];
            return Some((edits, Made::Pair));
        }
        block::listed(self, &name, node, item)
    }
}

fn insertion(at: usize, text: String) -> Edit {
    Edit { at: at..at, text }
}
