//! JSON as people write it, with comments or as JSON5, read into the tree that YAML has.
//!
//! Rules that look at a file of configuration are then written once. What a registry sends is
//! read by [`json`](super::json), more strictly and without places.

use std::ops::Range;

use jsonc_parser::{
    CollectOptions, ParseOptions, Scanner, ScannerOptions,
    ast::{ObjectPropName, Value},
    common::Ranged,
    errors::{ParseError, ParseErrorKind},
    parse_to_ast,
    tokens::Token,
};

use super::{
    DocumentError, Problem, Source,
    tree::{Builder, Kind, Scalar, Style, Yaml},
};

/// What a file may have that JSON has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Nothing.
    Json,
    /// Comments, and a comma after the last item.
    Jsonc,
    /// Also keys without quotes, single quotes, and more forms of numbers.
    Json5,
}

/// Parses `source`; an empty file has no document.
pub fn parse(source: &Source<'_>, dialect: Dialect) -> Result<Yaml, DocumentError> {
    let (body, base) = source.body();
    let read = parse_to_ast(body, &CollectOptions::default(), &options(dialect));
    let ast = read.map_err(|error| refused(source, base, &error))?;
    let mut reader = Reader {
        base,
        builder: Builder::new(source),
    };
    for at in comments(source) {
        reader.builder.comment(at);
    }
    if let Some(root) = &ast.value {
        reader.value(root)?;
    }
    Ok(reader.builder.finish())
}

/// Where the comments stand, as far as the file can be read.
pub(super) fn comments(source: &Source<'_>) -> Vec<Range<usize>> {
    let (body, base) = source.body();
    let mut scanner = Scanner::new(body, &ScannerOptions::default());
    let mut found = Vec::new();
    while let Ok(Some(token)) = scanner.scan() {
        if matches!(token, Token::CommentLine(_) | Token::CommentBlock(_)) {
            found.push(base + scanner.token_start()..base + scanner.token_end());
        }
    }
    found
}

fn options(dialect: Dialect) -> ParseOptions {
    let comments = dialect != Dialect::Json;
    let loose = dialect == Dialect::Json5;
    ParseOptions {
        allow_comments: comments,
        allow_trailing_commas: comments,
        allow_missing_commas: false,
        allow_loose_object_property_names: loose,
        allow_single_quoted_strings: loose,
        allow_hexadecimal_numbers: loose,
        allow_unary_plus_numbers: loose,
        allow_bare_decimal_point_numbers: loose,
        allow_non_finite_numbers: loose,
        allow_extended_string_escapes: loose,
    }
}

fn refused(source: &Source<'_>, base: usize, error: &ParseError) -> DocumentError {
    let problem = match error.kind() {
        ParseErrorKind::NestingDepthExceeded => Builder::too_deep(),
        kind => Problem::syntax("JSON", &kind.to_string()),
    };
    source.error(base + error.range().start, problem)
}

struct Reader<'s, 'a> {
    /// The bytes before the parser's first.
    base: usize,
    builder: Builder<'s, 'a>,
}

impl Reader<'_, '_> {
    /// Reads a value; how deep they nest is bounded by the parser.
    fn value(&mut self, value: &Value<'_>) -> Result<(), DocumentError> {
        let at = self.place(value);
        match value {
            Value::Object(object) => {
                let end = at.end;
                self.builder.open(Kind::Mapping, at, None);
                for property in &object.properties {
                    let at = self.place(&property.name);
                    match &property.name {
                        ObjectPropName::String(name) => self.quoted(&name.value, &at)?,
                        ObjectPropName::Word(name) => self.plain(name.value, at, Kind::Text)?,
                    }
                    self.value(&property.value)?;
                }
                self.builder.close(end)
            }
            Value::Array(array) => {
                let end = at.end;
                self.builder.open(Kind::Sequence, at, None);
                for element in &array.elements {
                    self.value(element)?;
                }
                self.builder.close(end)
            }
            Value::StringLit(text) => self.quoted(&text.value, &at),
            Value::NumberLit(number) => self.plain(number.value, at, number_kind(number.value)),
            Value::BooleanLit(boolean) => {
                let word = if boolean.value { "true" } else { "false" };
                self.plain(word, at, Kind::Boolean)
            }
            Value::NullKeyword(_) => self.plain("null", at, Kind::Null),
        }
    }

    fn place(&self, node: &impl Ranged) -> Range<usize> {
        let range = node.range();
        self.base + range.start..self.base + range.end
    }

    fn quoted(&mut self, value: &str, at: &Range<usize>) -> Result<(), DocumentError> {
        let at = at.start + 1..at.end - 1;
        self.scalar(value, at, Style::Quoted, Kind::Text)
    }

    fn plain(&mut self, value: &str, at: Range<usize>, kind: Kind) -> Result<(), DocumentError> {
        self.scalar(value, at, Style::Plain, kind)
    }

    fn scalar(
        &mut self,
        value: &str,
        at: Range<usize>,
        style: Style,
        kind: Kind,
    ) -> Result<(), DocumentError> {
        let id = self
            .builder
            .scalar(&Scalar { value, at, style }, kind, None);
        self.builder.ended(id)
    }
}

fn number_kind(number: &str) -> Kind {
    let digits = number.trim_start_matches(['+', '-']);
    let hex = digits.starts_with("0x") || digits.starts_with("0X");
    if hex || digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Kind::Integer
    } else {
        Kind::Float
    }
}
