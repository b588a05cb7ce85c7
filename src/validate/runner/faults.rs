//! The walk over a configuration that compares it with the table of keys.
//!
//! Several rules show what it finds; it is made once.

use std::{collections::HashSet, ops::Range};

use super::{
    keys::{KEYS, ROOT, Shape, Type},
    view::{Extent, RunnerConfig},
};
use crate::{
    config::suggest,
    document::toml::{Data, Entry, Table, Value},
};

/// More of them tell nobody more, and each costs a search for what was meant.
const MAX_FAULTS: usize = 1_000;

/// Something that the runner's own types do not allow.
#[derive(Clone, Debug)]
pub(super) struct Fault<'a> {
    pub(super) key: &'a str,
    pub(super) at: Range<usize>,
    /// The header of the section that it stands in; empty for the file itself.
    pub(super) header: String,
    pub(super) what: What<'a>,
}

/// What is wrong with a key or its value.
#[derive(Clone, Debug)]
pub(super) enum What<'a> {
    /// No key of this section; the one that was probably meant.
    Unknown(Option<&'static str>),
    /// No key of this section, but of these.
    Elsewhere(Vec<&'static str>),
    /// A value of another type than this.
    Type(&'static Type, &'a Value),
    /// `[x]` where `[[x]]` belongs.
    NotArray,
    /// `[[x]]` where `[x]` belongs.
    Array,
    /// The key stands there before, with other capitals.
    Twice,
}

impl<'a> RunnerConfig<'a> {
    /// What the table of keys objects to.
    pub(super) fn faults(&self) -> &[Fault<'a>] {
        self.faults.get_or_init(|| {
            let mut walk = Walk { faults: Vec::new() };
            let root = KEYS.section(ROOT);
            for (entry, (name, of)) in walk.known(self.root.0, root, "") {
                match &entry.value.data {
                    // A piece of a configuration shows one section and not whose it is.
                    Data::Table(table) if *name == "runners" && self.extent != Extent::Whole => {
                        walk.section(table, of.section().unwrap_or(ROOT), "runners");
                    }
                    _ => walk.value(entry, &entry.value, of, &below("", name), ""),
                }
            }
            walk.faults
        })
    }
}

struct Walk<'a> {
    faults: Vec<Fault<'a>>,
}

impl<'a> Walk<'a> {
    fn section(&mut self, table: &'a Table, name: &str, header: &str) {
        for (entry, (name, of)) in self.known(table, KEYS.section(name), header) {
            self.value(entry, &entry.value, of, &below(header, name), header);
        }
    }

    /// The entries of `table` that `shape` knows; the others are faults.
    fn known(
        &mut self,
        table: &'a Table,
        shape: Option<&'static Shape>,
        header: &str,
    ) -> Vec<(&'a Entry, &'static (&'static str, Type))> {
        let mut seen = HashSet::new();
        let mut known = Vec::new();
        let Some(shape) = shape else {
            return known;
        };
        for entry in table.entries() {
            match shape.key(&entry.key) {
                Some(key) if !seen.insert(entry.key.to_ascii_lowercase()) => {
                    self.fault(entry, header, What::Twice);
                    known.push((entry, key));
                }
                Some(key) => known.push((entry, key)),
                None if self.faults.len() < MAX_FAULTS => {
                    let what = unknown(&entry.key, shape);
                    self.fault(entry, header, what);
                }
                None => {}
            }
        }
        known
    }

    fn value(
        &mut self,
        entry: &'a Entry,
        value: &'a Value,
        of: &'static Type,
        header: &str,
        parent: &str,
    ) {
        match (of, &value.data) {
            (Type::Section(name), Data::Table(table)) => self.section(table, name, header),
            (Type::Section(_), Data::Array(items)) if are_tables(items) => {
                self.fault(entry, parent, What::Array);
            }
            (Type::Array(inner), Data::Array(items)) => {
                for item in items {
                    self.value(entry, item, inner, header, parent);
                }
            }
            (Type::Array(inner), Data::Table(_)) if inner.section().is_some() => {
                self.fault(entry, parent, What::NotArray);
            }
            (Type::Map(inner), Data::Table(table)) => {
                for entry in table.entries() {
                    self.value(entry, &entry.value, inner, header, header);
                }
            }
            _ if !fits(of, &value.data) => {
                self.fault(entry, parent, What::Type(of, value));
            }
            _ => {}
        }
    }

    fn fault(&mut self, entry: &'a Entry, header: &str, what: What<'a>) {
        if self.faults.len() >= MAX_FAULTS {
            return;
        }
        let at = match &what {
            What::Type(_, value) => value.at.clone(),
            _ => entry.key_at.clone(),
        };
        self.faults.push(Fault {
            key: &entry.key,
            at,
            header: header.to_owned(),
            what,
        });
    }
}

fn unknown<'a>(key: &str, shape: &Shape) -> What<'a> {
    let homes = KEYS.homes(key);
    if !homes.is_empty() {
        return What::Elsewhere(homes);
    }
    // A short key is near to many others.
    let near = suggest(key, shape.names()).filter(|_| key.len() > 3);
    What::Unknown(near)
}

fn below(header: &str, key: &str) -> String {
    if header.is_empty() {
        key.to_owned()
    } else {
        format!("{header}.{key}")
    }
}

fn are_tables(items: &[Value]) -> bool {
    !items.is_empty() && items.iter().all(|item| item.as_table().is_some())
}

/// Whether the runner's decoder takes `data` for `of`.
fn fits(of: &Type, data: &Data) -> bool {
    match of {
        Type::Text => matches!(data, Data::String { .. }),
        Type::Whole => matches!(data, Data::Integer(_)),
        Type::Number => matches!(data, Data::Integer(_) | Data::Float(_)),
        Type::Flag => matches!(data, Data::Boolean(_)),
        Type::Duration => matches!(data, Data::Integer(_) | Data::String { .. }),
        Type::Time => matches!(data, Data::Datetime | Data::String { .. }),
        Type::Texts => match data {
            Data::Array(items) => items.iter().all(|item| item.as_str().is_some()),
            data => matches!(data, Data::String { .. }),
        },
        Type::Any => true,
        Type::Array(_) | Type::Map(_) | Type::Section(_) => false,
    }
}
