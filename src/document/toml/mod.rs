//! TOML as a tree in which every key and every value knows its bytes.
//!
//! Two keys that are equal but for case are both kept: the readers of such a file differ in which
//! one they take.

mod read;
#[cfg(test)]
mod tests;

use std::ops::Range;

use toml_parser::lexer::TokenKind;

use super::{DocumentError, Origin, Source, json, yaml::Scalar};

/// A value with the bytes of the file that it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// The value as written, quotes and brackets included; of a table with a header the header,
    /// of a table that is only implied its key.
    pub at: Range<usize>,
    /// What it is.
    pub data: Data,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// A string.
    String {
        /// The string, with escapes undone.
        value: String,
        /// The bytes of the file between its quotes.
        inside: Range<usize>,
    },
    /// A whole number.
    Integer(i64),
    /// A number with a fraction, an exponent, or none at all.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A date, a time, or both.
    Datetime,
    /// An array, or an array of tables.
    Array(Vec<Value>),
    /// A table of any form.
    Table(Table),
}

/// Keys and values in the order in which the keys are first written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    entries: Vec<Entry>,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key, without quotes; of `a.b` one part.
    pub key: String,
    /// The bytes of the file that the key takes, its quotes included.
    pub key_at: Range<usize>,
    /// What it is set to.
    pub value: Value,
}

/// Parses `source` into its root table.
pub fn parse(source: &Source<'_>) -> Result<Table, DocumentError> {
    let (body, base) = source.body();
    read::table(source, body, &Origin::of_text(base..base + body.len()))
}

/// Parses the value of `scalar`, which stands in `source`, into its root table.
///
/// All places are bytes of the file. Where the value cannot be traced to them, they are those of
/// the whole scalar, and only [`Origin::exact`] tells.
pub fn parse_embedded(source: &Source<'_>, scalar: &Scalar<'_>) -> Result<Table, DocumentError> {
    read::table(source, scalar.value, &scalar.origin(source))
}

/// Where the comments stand.
pub(super) fn comments(source: &Source<'_>) -> Vec<Range<usize>> {
    let (body, base) = source.body();
    let tokens = toml_parser::Source::new(body).lex();
    tokens
        .filter(|token| token.kind() == TokenKind::Comment)
        .map(|token| base + token.span().start()..base + token.span().end())
        .collect()
}

impl Table {
    /// The keys and values in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The value of `key` as it is spelled.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let mut entries = self.entries.iter();
        entries
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// Every entry whose key is `key` but for case, as Go compares: the runner reads its keys so.
    pub fn get_ignoring_case(&self, key: &str) -> impl Iterator<Item = &Entry> {
        let entries = self.entries.iter();
        entries.filter(move |entry| json::equal_to_go(&entry.key, key))
    }
}

impl Value {
    /// [`Table::get_ignoring_case`] of a table; nothing of anything else.
    pub fn get_ignoring_case(&self, key: &str) -> impl Iterator<Item = &Entry> {
        let table = self.as_table().into_iter();
        table.flat_map(move |table| table.get_ignoring_case(key))
    }

    /// The table that this is.
    pub fn as_table(&self) -> Option<&Table> {
        match &self.data {
            Data::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The string that this is.
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String { value, .. } => Some(value),
            _ => None,
        }
    }

    /// The items of an array; a value that is none is its own only item.
    pub fn items(&self) -> &[Self] {
        match &self.data {
            Data::Array(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// The name of its type with an article, as a message has it: `a string`.
    pub fn type_name(&self) -> &'static str {
        match &self.data {
            Data::String { .. } => "a string",
            Data::Integer(_) => "an integer",
            Data::Float(_) => "a float",
            Data::Boolean(_) => "a boolean",
            Data::Datetime => "a date or time",
            Data::Array(_) => "an array",
            Data::Table(_) => "a table",
        }
    }
}
