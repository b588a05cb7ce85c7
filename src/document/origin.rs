//! From the characters of a scalar's value to the bytes that they were written as.
//!
//! A value is not what stands in the file: blocks are indented, lines are folded, quotes need
//! escapes. What a reader of the value finds, TOML in Helm values, a word of a script, an
//! expression, has to be shown and edited in the file.

use std::ops::Range;

use super::{
    Source,
    yaml::{Scalar, Style},
};

/// Where each character of a value stands in its file.
#[derive(Clone, Debug)]
pub struct Origin {
    /// What stands for every range where the value could not be traced.
    whole: Range<usize>,
    /// The value from its first byte to its last; none where it could not be traced.
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
struct Piece {
    value: Range<usize>,
    file: Range<usize>,
    /// Whether both hold the same bytes; else the one stands for the other as a whole.
    same: bool,
}

impl Origin {
    /// That of a text of which every byte stands at `file`.
    pub(super) fn of_text(file: Range<usize>) -> Self {
        Self {
            pieces: vec![Piece {
                value: 0..file.len(),
                file: file.clone(),
                same: true,
            }],
            whole: file,
        }
    }

    /// The byte of the file at which the character at `offset` of the value begins to be written.
    ///
    /// Where the value could not be traced, that is the scalar's first byte.
    pub fn to_file(&self, offset: usize) -> usize {
        match (self.piece(offset), self.pieces.last()) {
            (Some(piece), _) if piece.same => piece.file.start + (offset - piece.value.start),
            (Some(piece), _) => piece.file.start,
            (None, Some(last)) => last.file.end,
            (None, None) => self.whole.start,
        }
    }

    /// The bytes of the file as which `range` of the value is written, fit to be shown.
    ///
    /// They may hold what the value does not, such as indentation. Where the value could not be
    /// traced, they are the whole scalar.
    pub fn range(&self, range: Range<usize>) -> Range<usize> {
        if self.pieces.is_empty() {
            return self.whole.clone();
        }
        let start = self.to_file(range.start);
        if range.is_empty() {
            return start..start;
        }
        let end = match self.piece(range.end - 1) {
            Some(piece) if piece.same => piece.file.start + (range.end - piece.value.start),
            Some(piece) => piece.file.end,
            None => self.pieces.last().map_or(start, |last| last.file.end),
        };
        start..end
    }

    /// The bytes of the file that are those of `range`, fit to be replaced.
    ///
    /// Nothing where the range is written differently: with an escape, or over several lines.
    pub fn exact(&self, range: Range<usize>) -> Option<Range<usize>> {
        let file = self.range(range.clone());
        let first = self
            .pieces
            .partition_point(|piece| piece.value.end <= range.start);
        let mut touched = self.pieces[first..]
            .iter()
            .take_while(|piece| piece.value.start < range.end);
        let traced = !self.pieces.is_empty() && range.start <= range.end;
        (traced && file.len() == range.len() && touched.all(|piece| piece.same)).then_some(file)
    }

    fn piece(&self, offset: usize) -> Option<&Piece> {
        let first = self
            .pieces
            .partition_point(|piece| piece.value.end <= offset);
        self.pieces.get(first)
    }
}

impl Scalar<'_> {
    /// Where each character of the value stands in `source`, from which this was read.
    pub fn origin(&self, source: &Source<'_>) -> Origin {
        let mut trace = Trace {
            value: self.value,
            done: 0,
            breaks: Vec::new(),
            joined: false,
            pieces: Vec::new(),
        };
        let text = source.text();
        let traced = match self.style {
            Style::Block => trace.block(text, &self.at),
            Style::Plain => trace.flow(text, &self.at, Trace::as_written),
            Style::Quoted => {
                let quote = text[..self.at.start].chars().next_back();
                let read = match quote {
                    Some('"') => Trace::double_quoted,
                    _ => Trace::single_quoted,
                };
                trace.flow(text, &self.at, read)
            }
        };
        let pieces = match traced {
            Some(()) => trace.pieces,
            None => Vec::new(),
        };
        Origin {
            whole: self.at.clone(),
            pieces,
        }
    }
}

/// Reads one line of the file that begins at the given byte.
type ReadLine<'v> = fn(&mut Trace<'v>, &str, usize) -> Option<()>;

/// A value that is compared with its lines in the file, and how far that went.
///
/// Nothing is assumed: what the value has must be there, character by character.
struct Trace<'v> {
    value: &'v str,
    done: usize,
    /// The line breaks since the last line that was not blank.
    breaks: Vec<usize>,
    /// Whether the first of them is escaped, so that nothing became of it.
    joined: bool,
    pieces: Vec<Piece>,
}

impl<'v> Trace<'v> {
    fn block(&mut self, text: &str, at: &Range<usize>) -> Option<()> {
        let blank = [' ', '\t', '\r', '\n'];
        // The header is the last line above that is not blank; lines that follow may be its own.
        let header = text.get(..at.start)?.trim_end_matches(blank).len();
        let start = header + text[header..].find('\n')? + 1;
        // Blank lines behind may be content too.
        let rest = &text[at.end..];
        let blanks = &rest[..rest.len() - rest.trim_start_matches(blank).len()];
        let tail = match blanks.rfind('\n') {
            _ if blanks.len() == rest.len() => rest.len(),
            Some(end) => end + 1,
            None => 0,
        };
        let written = text.get(start..at.end + tail)?;
        let indent = indent_of(written)?.checked_sub(indent_of(self.value)?)?;
        for (line, offset) in lines(written, start) {
            let spaces = line.len() - line.trim_start_matches(' ').len();
            let content = match line.get(indent..) {
                Some(content) if spaces >= indent => content,
                _ if line.trim_start_matches(' ').is_empty() => "",
                _ => return None,
            };
            if !content.is_empty() {
                self.folded()?;
                self.as_written(content, offset + indent)?;
            }
            self.breaks.extend(break_after(text, offset + line.len()));
        }
        self.last_breaks(at.end + tail)
    }

    fn flow(&mut self, text: &str, at: &Range<usize>, read: ReadLine<'v>) -> Option<()> {
        let blank = [' ', '\t'];
        let written = text.get(at.clone())?;
        let last = written.split('\n').count() - 1;
        for (index, (line, offset)) in lines(written, at.start).enumerate() {
            let content = if index < last {
                line.trim_end_matches(blank)
            } else {
                line
            };
            let trimmed = if index > 0 {
                content.trim_start_matches(blank)
            } else {
                content
            };
            // Of a last line that is blank nothing is left but the space that its break became.
            if !trimmed.is_empty() || index == last {
                self.folded()?;
                read(self, trimmed, offset + content.len() - trimmed.len())?;
            }
            if index < last {
                self.breaks.extend(break_after(text, offset + line.len()));
            }
        }
        (self.done == self.value.len()).then_some(())
    }

    /// Passes what became of the line breaks: a space, or some of them.
    fn folded(&mut self) -> Option<()> {
        let mut breaks = std::mem::take(&mut self.breaks);
        if std::mem::take(&mut self.joined) && !breaks.is_empty() {
            breaks.remove(0);
        }
        let rest = &self.value[self.done..];
        let kept = rest.len() - rest.trim_start_matches('\n').len();
        match (breaks.as_slice(), kept) {
            ([], _) => {}
            ([only], 0) if rest.starts_with(' ') => self.piece(1, *only..*only + 1, false),
            (all, kept) => {
                let first = all.len().checked_sub(kept).filter(|_| kept > 0)?;
                self.each_break(&all[first..]);
            }
        }
        Some(())
    }

    /// Passes the line breaks at the end of a block, of which the first are kept.
    fn last_breaks(&mut self, end: usize) -> Option<()> {
        let breaks = std::mem::take(&mut self.breaks);
        let rest = &self.value[self.done..];
        let kept = rest.len();
        if !rest.bytes().all(|byte| byte == b'\n') {
            return None;
        }
        self.each_break(&breaks[..kept.min(breaks.len())]);
        // The file may end without the break that the value has.
        match kept.saturating_sub(breaks.len()) {
            0 => Some(()),
            1 => {
                self.piece(1, end..end, false);
                Some(())
            }
            _ => None,
        }
    }

    fn each_break(&mut self, breaks: &[usize]) {
        for at in breaks {
            self.piece(1, *at..*at + 1, true);
        }
    }

    fn as_written(&mut self, line: &str, at: usize) -> Option<()> {
        let rest = &self.value[self.done..];
        rest.starts_with(line)
            .then(|| self.piece(line.len(), at..at + line.len(), true))
    }

    fn single_quoted(&mut self, line: &str, at: usize) -> Option<()> {
        let mut start = 0;
        while let Some(pair) = line[start..].find("''") {
            let end = start + pair + 1;
            self.as_written(&line[start..end], at + start)?;
            start = end + 1;
        }
        self.as_written(&line[start..], at + start)
    }

    fn double_quoted(&mut self, line: &str, at: usize) -> Option<()> {
        let mut start = 0;
        while let Some(found) = line[start..].find('\\') {
            let escape = start + found;
            self.as_written(&line[start..escape], at + start)?;
            if escape + 1 == line.len() {
                self.joined = true;
                return Some(());
            }
            let (meant, length) = escaped(&line[escape..])?;
            if !self.value[self.done..].starts_with(meant) {
                return None;
            }
            let file = at + escape..at + escape + length;
            self.piece(meant.len_utf8(), file, false);
            start = escape + length;
        }
        self.as_written(&line[start..], at + start)
    }

    fn piece(&mut self, length: usize, file: Range<usize>, same: bool) {
        if length > 0 {
            let value = self.done..self.done + length;
            self.done = value.end;
            self.pieces.push(Piece { value, file, same });
        }
    }
}

/// The spaces before the first line that is not blank.
fn indent_of(text: &str) -> Option<usize> {
    text.split('\n').find_map(|line| {
        let line = line.trim_end_matches('\r');
        let content = line.trim_start_matches(' ');
        (!content.is_empty()).then(|| line.len() - content.len())
    })
}

/// The lines of `text` without their breaks, each with its place.
fn lines(text: &str, base: usize) -> impl Iterator<Item = (&str, usize)> {
    let mut at = base;
    text.split('\n').map(move |line| {
        let start = at;
        at += line.len() + 1;
        (line.strip_suffix('\r').unwrap_or(line), start)
    })
}

/// The `\n` of the line whose content ends at `at`.
fn break_after(text: &str, at: usize) -> Option<usize> {
    match text.as_bytes().get(at..)? {
        [b'\n', ..] => Some(at),
        [b'\r', b'\n', ..] => Some(at + 1),
        _ => None,
    }
}

/// What the escape at the start of `text` means, and how long it is.
fn escaped(text: &str) -> Option<(char, usize)> {
    let kind = text.chars().nth(1)?;
    let hex = |digits: usize| {
        let code = u32::from_str_radix(text.get(2..2 + digits)?, 16).ok()?;
        Some((char::from_u32(code)?, 2 + digits))
    };
    let meant = match kind {
        'x' => return hex(2),
        'u' => return hex(4),
        'U' => return hex(8),
        '"' | '/' | '\\' | ' ' | '\t' => kind,
        '0' => '\0',
        'a' => '\x07',
        'b' => '\x08',
        't' => '\t',
        'n' => '\n',
        'v' => '\x0b',
        'f' => '\x0c',
        'r' => '\r',
        'e' => '\x1b',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        _ => return None,
    };
    Some((meant, 2))
}
