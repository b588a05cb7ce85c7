//! Renovate's configuration as rules see it.

use std::ops::Range;

use super::options::{OPTIONS, Type};
use crate::{document::yaml::Node, validate::Subject};

/// Renovate's configuration as rules see it.
pub(in crate::validate) struct Renovate<'a> {
    pub(super) subject: Subject<'a>,
    /// Its objects that hold options, the outermost first.
    pub(super) objects: Vec<Object<'a>>,
    /// Whether others extend it: a preset may hold what a rule would.
    pub(super) is_preset: bool,
    /// Whether it only reads as JSON5, under a name that says JSON.
    pub(super) loose: bool,
}

/// An object that holds options.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    /// The option that it belongs to; `.` for the file itself.
    pub(super) parent: &'a str,
    pub(super) node: Node<'a>,
}

/// An option with its value.
pub(super) struct Entry<'a> {
    pub(super) name: &'a str,
    pub(super) key: Node<'a>,
    pub(super) value: Node<'a>,
}

/// A text with its place.
pub(super) struct Text<'a> {
    pub(super) value: &'a str,
    pub(super) at: Range<usize>,
}

impl<'a> Renovate<'a> {
    pub(super) fn new(subject: Subject<'a>, root: Node<'a>, is_preset: bool, loose: bool) -> Self {
        let mut objects = vec![Object {
            parent: ".",
            node: root,
        }];
        let mut next = 0;
        // What is found below an object is looked at in its turn.
        while let Some(object) = objects.get(next).copied() {
            objects.extend(object.entries().flat_map(|entry| below(&entry)));
            next += 1;
        }
        Self {
            subject,
            objects,
            is_preset,
            loose,
        }
    }

    /// Every entry of every object, with the object.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Object<'a>, Entry<'a>)> {
        let objects = self.objects.iter();
        objects.flat_map(|object| object.entries().map(|entry| (*object, entry)))
    }

    /// The objects of a list such as `packageRules`.
    pub(super) fn of(&self, parent: &str) -> impl Iterator<Item = Object<'a>> {
        let objects = self.objects.iter().copied();
        objects.filter(move |object| object.parent == parent)
    }
}

/// The objects with options that `entry` holds.
fn below<'a>(entry: &Entry<'a>) -> Vec<Object<'a>> {
    let parent = OPTIONS
        .renamed
        .get(entry.name)
        .copied()
        .unwrap_or(entry.name);
    let of = OPTIONS.type_of(entry.name);
    let nodes: Vec<_> = match of {
        Some(Type::Objects) => entry.value.items().collect(),
        Some(Type::Object) if entry.name != "encrypted" && entry.name != "headers" => {
            vec![entry.value]
        }
        _ => Vec::new(),
    };
    let objects = nodes.into_iter().filter(Node::is_mapping);
    objects.map(|node| Object { parent, node }).collect()
}

impl<'a> Object<'a> {
    pub(super) fn entries(self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        self.node.own_entries().filter_map(|(key, value)| {
            let name = key.text()?;
            Some(Entry { name, key, value })
        })
    }

    pub(super) fn get(self, name: &str) -> Option<Entry<'a>> {
        self.entries().find(|entry| entry.name == name)
    }

    /// Where to point for the object as a whole: its first key.
    pub(super) fn at(self) -> Range<usize> {
        let first = self.node.own_entries().next();
        first.map_or(self.node.at(), |(key, _)| key.at())
    }
}

impl<'a> Entry<'a> {
    /// The texts of a list, or the one that stands in its place.
    pub(super) fn texts(&self) -> Vec<Text<'a>> {
        let one = self.value.scalar().into_iter();
        let items = self.value.items().filter_map(|item| item.scalar());
        let scalars = one.chain(items);
        scalars
            .map(|scalar| Text {
                value: scalar.value,
                at: scalar.at,
            })
            .collect()
    }
}

/// At most a line's worth of `text`.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}
