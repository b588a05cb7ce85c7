//! TOML as a tree in which every text knows its bytes.

use std::ops::Range;

use toml_edit::{Document, Item, Value as TomlValue};

use super::{DocumentError, Problem, Source};

/// A value of a TOML document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A string.
    Text {
        /// The string, with escapes undone.
        value: String,
        /// The bytes of the file between its quotes.
        at: Range<usize>,
    },
    /// A table of either form, in the order of its keys.
    Table(Vec<(String, Self)>),
    /// An array, or an array of tables.
    List(Vec<Self>),
    /// A number, a boolean or a date.
    Other,
}

impl Value {
    /// The value of `key`, whatever its case: the runner reads its keys so.
    pub fn get_ignoring_case(&self, key: &str) -> impl Iterator<Item = &Self> {
        let entries = match self {
            Self::Table(entries) => entries.as_slice(),
            _ => &[],
        };
        entries
            .iter()
            .filter(move |(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, value)| value)
    }

    /// The items of a list; a value that is none is its own only item.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            other => std::slice::from_ref(other),
        }
    }
}

/// Parses `source` into its root table.
pub fn parse(source: &Source<'_>) -> Result<Value, DocumentError> {
    let (body, base) = source.body();
    let document = Document::parse(body).map_err(|error| {
        let at = error.span().unwrap_or_default().start;
        source.error(base + at, Problem::syntax("TOML", error.message()))
    })?;
    Ok(Reader { body, base }.table(document.iter()))
}

struct Reader<'a> {
    body: &'a str,
    base: usize,
}

impl Reader<'_> {
    fn table<'t>(&self, entries: impl Iterator<Item = (&'t str, &'t Item)>) -> Value {
        let read = |(key, item): (&str, &Item)| (key.to_owned(), self.item(item));
        Value::Table(entries.map(read).collect())
    }

    fn item(&self, item: &Item) -> Value {
        match item {
            Item::None => Value::Other,
            Item::Value(value) => self.value(value),
            Item::Table(table) => self.table(table.iter()),
            Item::ArrayOfTables(tables) => Value::List(
                tables
                    .iter()
                    .map(|table| self.table(table.iter()))
                    .collect(),
            ),
        }
    }

    fn value(&self, value: &TomlValue) -> Value {
        match value {
            TomlValue::String(text) => Value::Text {
                value: text.value().clone(),
                at: self.between_quotes(text.span().unwrap_or_default()),
            },
            TomlValue::Array(items) => {
                Value::List(items.iter().map(|item| self.value(item)).collect())
            }
            TomlValue::InlineTable(table) => Value::Table(
                table
                    .iter()
                    .map(|(key, value)| (key.to_owned(), self.value(value)))
                    .collect(),
            ),
            _ => Value::Other,
        }
    }

    fn between_quotes(&self, at: Range<usize>) -> Range<usize> {
        let written = self.body.get(at.clone()).unwrap_or_default();
        let long = ["\"\"\"", "'''"]
            .iter()
            .any(|quotes| written.len() >= 6 && written.starts_with(quotes));
        let quotes = if long { 3 } else { 1 };
        let end = at.end.saturating_sub(quotes).max(at.start);
        self.base + (at.start + quotes).min(end)..self.base + end
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn images(text: &str) -> Vec<(String, String)> {
        let source = Source::decode(Path::new("a.toml"), text.as_bytes()).unwrap();
        let root = parse(&source).unwrap();
        let image = root.get_ignoring_case("image");
        image
            .flat_map(Value::items)
            .filter_map(|value| match value {
                Value::Text { value, at } => {
                    Some((value.clone(), source.slice(at.clone()).to_owned()))
                }
                _ => None,
            })
            .collect()
    }

    #[test]
    fn texts_know_their_bytes_without_quotes() {
        for written in ["\"a:1\"", "'a:1'", "\"\"\"a:1\"\"\"", "'''a:1'''"] {
            for text in [
                format!("image = {written}"),
                format!("\u{feff}# é\r\nImage   =\t{written} # b\r\nx = 1\r\n"),
                format!("image = [1, {written}]"),
            ] {
                assert_eq!(images(&text), [("a:1".to_owned(), "a:1".to_owned())]);
            }
        }
        assert_eq!(images("image = \"\""), [(String::new(), String::new())]);
        assert_eq!(images("image = 1979-05-27"), []);
    }

    #[test]
    fn errors_name_their_place() {
        let source = Source::decode(Path::new("a.toml"), b"a = 1\nb = \n").unwrap();
        let error = parse(&source).unwrap_err();
        assert!(error.to_string().starts_with("a.toml:2:5: "), "{error}");
        let deep = format!("a = {}", "[".repeat(1 << 18));
        let source = Source::decode(Path::new("a.toml"), deep.as_bytes()).unwrap();
        assert!(parse(&source).is_err());
    }
}
