//! Places in a text: bytes for programs that edit it, lines and columns for people.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;

/// One place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub struct Position {
    /// Bytes from the start of the file, its byte order mark included.
    pub offset: usize,
    /// The line, from 1; lines end at `\n`, as for git.
    pub line: usize,
    /// The column, from 1, in characters; a byte order mark is none.
    pub column: usize,
}

/// A stretch of a text; `end` is the place after its last character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub struct Span {
    /// The first character.
    pub start: Position,
    /// The place after the last character.
    pub end: Position,
}

impl Span {
    /// The bytes of the file that the span covers.
    pub fn bytes(&self) -> Range<usize> {
        self.start.offset..self.end.offset
    }
}

/// Where the lines of a text begin, so that each place is found without reading from the start.
///
/// Nor from the start of its line, which may be a megabyte long.
#[derive(Clone, Debug)]
pub struct Lines {
    starts: Vec<usize>,
    /// How many characters begin before each block of [`BLOCK`] bytes.
    characters: Vec<usize>,
}

const BLOCK: usize = 1024;

impl Lines {
    /// Finds the lines of `text`.
    pub fn of(text: &str) -> Self {
        let first = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(first)
            .chain(breaks.map(|(at, _)| at + 1))
            .collect();
        let mut before = 0;
        let mut characters = vec![0];
        for block in text.as_bytes().chunks(BLOCK) {
            before += begun(block);
            characters.push(before);
        }
        Self { starts, characters }
    }

    /// The place of byte `offset` of `text`, which is the text given to [`Lines::of`].
    ///
    /// An offset inside a character or past the end stands for the character's start or the end.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let mut offset = offset.clamp(self.starts[0], text.len().max(self.starts[0]));
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        let before = self.characters_before(text, offset) - self.characters_before(text, start);
        Position {
            offset,
            line,
            column: before + 1,
        }
    }

    fn characters_before(&self, text: &str, offset: usize) -> usize {
        let block = offset / BLOCK;
        self.characters[block] + begun(&text.as_bytes()[block * BLOCK..offset])
    }

    /// The span of the bytes `range` of `text`.
    pub fn span(&self, text: &str, range: &Range<usize>) -> Span {
        Span {
            start: self.position(text, range.start),
            end: self.position(text, range.end),
        }
    }
}

/// How many characters begin in `bytes`.
fn begun(bytes: &[u8]) -> usize {
    let continues = |byte: u8| byte & 0b1100_0000 == 0b1000_0000;
    bytes.iter().filter(|byte| !continues(**byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, offset: usize) -> (usize, usize) {
        let position = Lines::of(text).position(text, offset);
        (position.line, position.column)
    }

    #[test]
    fn counts_from_one_and_in_characters() {
        assert_eq!(place("", 0), (1, 1));
        assert_eq!(place("ab\ncd", 1), (1, 2));
        assert_eq!(place("ab\ncd", 2), (1, 3));
        assert_eq!(place("ab\r\ncd", 4), (2, 1));
        assert_eq!(place("é: ü\n", 4), (1, 4));
        assert_eq!(place("\u{feff}ab", 4), (1, 2));
        assert_eq!(place("\u{feff}ab", 0), (1, 1));
    }

    #[test]
    fn counts_in_long_lines() {
        let text = format!("x\n{}", "aé€".repeat(1000));
        let lines = Lines::of(&text);
        for (count, (offset, _)) in text[2..].char_indices().enumerate() {
            let position = lines.position(&text, offset + 2);
            assert_eq!((position.line, position.column), (2, count + 1));
        }
        assert_eq!(lines.position(&text, text.len()).column, 3001);
    }

    #[test]
    fn survives_offsets_that_are_no_place() {
        assert_eq!(place("é", 1), (1, 1));
        assert_eq!(place("a\n", 99), (2, 1));
    }
}
