//! YAML, read into a tree in which every node knows its bytes.
//!
//! An alias is the node that it repeats, so that what is found through it is shown where it is
//! written.

use std::{collections::HashMap, ops::Range};

use serde_saphyr::granit_parser::{self, ErrorKind, Event, Parser, ScalarStyle, Tag};

use super::{DocumentError, Problem, Source, tree::Builder};

pub use super::tree::{Kind, MAX_DEPTH, MAX_NODES, Node, Scalar, Style, Yaml};

/// Parses every document of `source`.
pub fn parse(source: &Source<'_>) -> Result<Yaml, DocumentError> {
    let (body, base) = source.body();
    let mut reader = Reader {
        source,
        base,
        builder: Builder::new(source),
        anchors: HashMap::new(),
    };
    for next in Parser::new_from_str_with_options(body, options()) {
        let (event, span) = next.map_err(|error| reader.refused(&error))?;
        let range = span.byte_range().unwrap_or_default();
        reader.event(event, range.start + base..range.end + base)?;
    }
    Ok(reader.builder.finish())
}

fn options() -> granit_parser::Options {
    granit_parser::options! {
        emit_comments: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    }
}

struct Reader<'s, 'a> {
    source: &'s Source<'a>,
    /// The bytes before the parser's first.
    base: usize,
    builder: Builder<'s, 'a>,
    anchors: HashMap<usize, usize>,
}

impl Reader<'_, '_> {
    fn event(&mut self, event: Event<'_>, at: Range<usize>) -> Result<(), DocumentError> {
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                    _ => Style::Quoted,
                };
                let kind = kind_of(&value, style, tag.as_deref());
                let scalar = Scalar {
                    value: &value,
                    at: content_of(self.source, &value, at, style),
                    style,
                };
                let tag = tag.as_deref().map(Tag::original);
                let id = self.builder.scalar(&scalar, kind, tag);
                self.anchor(anchor, id);
                self.builder.ended(id)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.open(Kind::Mapping, at, anchor, tag.as_deref());
                Ok(())
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(Kind::Sequence, at, anchor, tag.as_deref());
                Ok(())
            }
            Event::MappingEnd | Event::SequenceEnd => self.builder.close(at.end),
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(id) if self.builder.is_open(*id) => {
                    Err(self.source.error(at.start, Problem::Cycle))
                }
                Some(id) => self.builder.ended(*id),
                None => Ok(()),
            },
            Event::Comment(..) => {
                self.builder.comment(at);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, kind: Kind, at: Range<usize>, anchor: usize, tag: Option<&Tag>) {
        let id = self.builder.open(kind, at, tag.map(Tag::original));
        self.anchor(anchor, id);
    }

    fn anchor(&mut self, anchor: usize, id: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
    }

    fn refused(&self, error: &granit_parser::ScanError) -> DocumentError {
        let offset = error.marker().byte_offset().unwrap_or_default() + self.base;
        let problem = match error.kind() {
            ErrorKind::RecursionLimitExceeded => Builder::too_deep(),
            _ => Problem::syntax("YAML", &error.info()),
        };
        self.source.error(offset, problem)
    }
}

/// The bytes of a scalar's content: without quotes, or without the blank lines behind a block.
fn content_of(source: &Source<'_>, value: &str, at: Range<usize>, style: Style) -> Range<usize> {
    const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];
    let written = source.slice(at.clone());
    match style {
        Style::Quoted if written.len() >= 2 => at.start + 1..at.end - 1,
        Style::Quoted => at,
        Style::Plain => at.start..at.start + written.trim_end_matches(BLANK).len(),
        Style::Block => {
            let end = at.start + written.trim_end_matches(BLANK).len();
            // Only a block without content begins at its header.
            let empty = value.bytes().all(|byte| byte == b'\n');
            if empty { end..end } else { at.start..end }
        }
    }
}

/// What a scalar is by the core schema.
fn kind_of(value: &str, style: Style, tag: Option<&Tag>) -> Kind {
    if let Some(tag) = tag {
        return match tag.core_suffix() {
            Some("null") => Kind::Null,
            Some("bool") => Kind::Boolean,
            Some("int") => Kind::Integer,
            Some("float") => Kind::Float,
            _ => Kind::Text,
        };
    }
    if style != Style::Plain {
        return Kind::Text;
    }
    match value {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Kind::Boolean,
        ".nan" | ".NaN" | ".NAN" => Kind::Float,
        _ => number(value),
    }
}

fn number(value: &str) -> Kind {
    let all = |digits: &str, known: fn(&u8) -> bool| {
        !digits.is_empty() && digits.as_bytes().iter().all(known)
    };
    if let Some(digits) = value.strip_prefix("0x") {
        return if all(digits, u8::is_ascii_hexdigit) {
            Kind::Integer
        } else {
            Kind::Text
        };
    }
    if let Some(digits) = value.strip_prefix("0o") {
        let octal = all(digits, |byte| matches!(byte, b'0'..=b'7'));
        return if octal { Kind::Integer } else { Kind::Text };
    }
    let unsigned = value.strip_prefix(['+', '-']).unwrap_or(value);
    if all(unsigned, u8::is_ascii_digit) {
        return Kind::Integer;
    }
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Kind::Float;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa = digits(whole) && digits(fraction) && whole.len() + fraction.len() > 0;
    let exponent = exponent.is_none_or(|exponent| {
        all(
            exponent.strip_prefix(['+', '-']).unwrap_or(exponent),
            u8::is_ascii_digit,
        )
    });
    if mantissa && exponent {
        Kind::Float
    } else {
        Kind::Text
    }
}
