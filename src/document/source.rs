//! The text of a document, before it is parsed.

use std::{ops::Range, path::Path};

use super::{DocumentError, Problem};
use crate::model::span::{Lines, Span};

/// Longer documents are refused before they are parsed: what people write by hand is far smaller.
pub const MAX_BYTES: usize = 1 << 20;

/// A document's text with the name of its file.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    file: &'a Path,
    text: &'a str,
    lines: Lines,
}

impl<'a> Source<'a> {
    /// Takes the bytes of `file` for text; only UTF-8 is, with or without a byte order mark.
    pub fn decode(file: &'a Path, bytes: &'a [u8]) -> Result<Self, DocumentError> {
        let refuse = |position, problem| DocumentError {
            file: file.to_owned(),
            position,
            problem,
        };
        if bytes.len() > MAX_BYTES {
            let problem = Problem::TooLarge {
                bytes: bytes.len(),
                limit: MAX_BYTES,
            };
            return Err(refuse(None, problem));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let good = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
            let place = Lines::of(good).position(good, good.len());
            refuse(Some(place), Problem::NotUtf8)
        })?;
        Ok(Self {
            file,
            text,
            lines: Lines::of(text),
        })
    }

    /// The file, as it was named.
    pub fn file(&self) -> &'a Path {
        self.file
    }

    /// The whole text, byte order mark included.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The text without its byte order mark, and how many bytes the mark takes.
    pub(super) fn body(&self) -> (&'a str, usize) {
        match self.text.strip_prefix('\u{feff}') {
            Some(body) => (body, 3),
            None => (self.text, 0),
        }
    }

    /// The span of `range`, bytes of the file.
    pub fn span(&self, range: &Range<usize>) -> Span {
        self.lines.span(self.text, range)
    }

    /// What stands at `range`, bytes of the file; nothing where it cuts a character.
    pub fn slice(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    /// The error `problem`, found at byte `offset` of the file.
    pub(super) fn error(&self, offset: usize, problem: Problem) -> DocumentError {
        DocumentError {
            file: self.file.to_owned(),
            position: Some(self.lines.position(self.text, offset)),
            problem,
        }
    }
}
