//! The one walk that holds a policy against the schema; its faults feed the rules of that family.

use std::{collections::HashSet, ops::Range};

use super::{
    Policy,
    schema::{self, Field, Shape, Struct},
    view::is_list,
};
use crate::{config::suggest, document::yaml::Node, validate::openshell::Generation};

/// A departure from the schema.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) at: Range<usize>,
    pub(super) what: What,
}

/// What a fault is.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// A key that its mapping does not have.
    UnknownKey {
        key: String,
        of: &'static str,
        near: Option<&'static str>,
    },
    /// A key that only one generation has.
    OfOneGeneration { key: String, has: Generation },
    /// A key that stands twice in one mapping.
    Twice { key: String },
    /// A merge key.
    Merge,
    /// Nothing where something should stand.
    Null { key: String },
    /// A value of another type.
    WrongType { key: String, wants: &'static str },
    /// A word that is none of those that are known.
    BadWord {
        key: String,
        word: String,
        known: &'static [&'static str],
    },
    /// A number out of its range.
    BadNumber { key: String, from: i64, to: i64 },
}

struct Walk<'p, 'a> {
    policy: &'p Policy<'a>,
    faults: Vec<Fault>,
}

/// Every fault of `root`, in the order of the file.
pub(super) fn walk(policy: &Policy<'_>, root: Node<'_>) -> Vec<Fault> {
    let mut walk = Walk {
        policy,
        faults: Vec::new(),
    };
    walk.shape("the file", root, &schema::POLICY);
    walk.faults
}

impl Walk<'_, '_> {
    fn fault(&mut self, at: Range<usize>, what: What) {
        self.faults.push(Fault { at, what });
    }

    fn wrong(&mut self, key: &str, node: &Node<'_>, wants: &'static str) {
        let key = key.to_owned();
        self.fault(node.at(), What::WrongType { key, wants });
    }

    fn shape(&mut self, key: &str, node: Node<'_>, shape: &'static Shape) {
        let source = self.policy.subject.source;
        if self.policy.is_null(&node) {
            if !matches!(shape, Shape::Anything) {
                let key = key.to_owned();
                self.fault(node.at(), What::Null { key });
            }
            return;
        }
        match shape {
            Shape::Struct(of) if node.is_mapping() => self.known_keys(node, of),
            Shape::Map(value) if node.is_mapping() => {
                for (name, node) in self.keys(node) {
                    self.shape(&name, node, value);
                }
            }
            Shape::Struct(_) | Shape::Map(_) => self.wrong(key, &node, "keys and values"),
            Shape::List(item) if is_list(source, &node) => {
                for node in node.items() {
                    self.shape(key, node, item);
                }
            }
            Shape::List(_) => self.wrong(key, &node, "a list"),
            Shape::Matcher => self.matcher(key, node),
            Shape::Anything => {}
            Shape::Text | Shape::Word(_) | Shape::Number(..) | Shape::Flag => {
                self.single(key, &node, shape);
            }
        }
    }

    fn single(&mut self, key: &str, node: &Node<'_>, shape: &'static Shape) {
        let Some(scalar) = node.scalar() else {
            return self.wrong(key, node, "a single value");
        };
        let plain = scalar.style == crate::document::yaml::Style::Plain;
        match shape {
            Shape::Number(from, to) => match scalar.value.parse::<i64>() {
                Ok(number) if plain && (from..=to).contains(&&number) => {}
                Ok(_) if plain => {
                    let (key, from, to) = (key.to_owned(), *from, *to);
                    self.fault(scalar.at, What::BadNumber { key, from, to });
                }
                _ => self.wrong(key, node, "a whole number, without quotes"),
            },
            Shape::Flag if !(plain && is_flag(scalar.value)) => {
                self.wrong(key, node, "true or false, without quotes");
            }
            Shape::Word(known) => {
                let lower = scalar.value.to_ascii_lowercase();
                // The protocol alone is read without regard to case.
                let word = if key == "protocol" {
                    &lower
                } else {
                    scalar.value
                };
                if !known.contains(&word) {
                    let (key, word) = (key.to_owned(), scalar.value.to_owned());
                    self.fault(scalar.at, What::BadWord { key, word, known });
                }
            }
            _ => {}
        }
    }

    /// A glob, `{any: [...]}` or `{glob: ...}`.
    fn matcher(&mut self, key: &str, node: Node<'_>) {
        if node.is_mapping() {
            for (name, value) in self.keys(node) {
                match name.as_str() {
                    "any" => self.shape(&name, value, &Shape::List(&Shape::Text)),
                    "glob" => self.shape(&name, value, &Shape::Text),
                    _ => self.unknown(&name, value, "a matcher", ["any", "glob"].into_iter()),
                }
            }
        } else if node.scalar().is_none() {
            self.wrong(key, &node, "a pattern, or `any:` with a list of them");
        }
    }

    fn unknown(
        &mut self,
        key: &str,
        node: Node<'_>,
        of: &'static str,
        known: impl Iterator<Item = &'static str>,
    ) {
        let near = suggest(key, known);
        let key = key.to_owned();
        self.fault(node.at(), What::UnknownKey { key, of, near });
    }

    fn known_keys(&mut self, node: Node<'_>, of: &'static Struct) {
        let mut seen: HashSet<&str> = HashSet::new();
        for (name, value) in node.own_entries() {
            let Some(key) = name.text() else {
                self.wrong("a key", &name, "a text");
                continue;
            };
            if key == "<<" {
                self.fault(name.at(), What::Merge);
                continue;
            }
            if !seen.insert(key) {
                let key = key.to_owned();
                self.fault(name.at(), What::Twice { key });
            }
            if let Some(field) = of.fields.iter().find(|field| field.name == key) {
                self.known(&name, value, field);
            } else {
                let known = of.fields.iter().map(|field| field.name);
                self.unknown(key, name, of.is, known);
            }
        }
    }

    fn known(&mut self, name: &Node<'_>, value: Node<'_>, field: &'static Field) {
        if let Some(has) = field.only {
            let key = field.name.to_owned();
            self.fault(name.at(), What::OfOneGeneration { key, has });
        }
        self.shape(field.name, value, &field.shape);
    }

    /// The entries of a mapping whose keys are the user's.
    fn keys<'n>(&mut self, node: Node<'n>) -> Vec<(String, Node<'n>)> {
        let mut seen: HashSet<&str> = HashSet::new();
        let mut entries = Vec::new();
        for (name, value) in node.own_entries() {
            match name.text() {
                Some("<<") => self.fault(name.at(), What::Merge),
                Some(key) => {
                    if !seen.insert(key) {
                        let key = key.to_owned();
                        self.fault(name.at(), What::Twice { key });
                    }
                    entries.push((key.to_owned(), value));
                }
                None => self.wrong("a key", &name, "a text"),
            }
        }
        entries
    }
}

fn is_flag(text: &str) -> bool {
    matches!(text, "true" | "false" | "True" | "False" | "TRUE" | "FALSE")
}
