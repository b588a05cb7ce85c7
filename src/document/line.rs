//! Where the lines of a text begin.

/// Where the line of `at` begins, behind the mark that a file may begin with.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = before.get(start..).unwrap_or_default();
    let mark = if line.starts_with('\u{feff}') { 3 } else { 0 };
    start + mark
}

/// How far `at` is from its line's start, where no more than the dashes of items stand between.
pub fn column(text: &str, at: usize) -> Option<usize> {
    let prefix = text.get(line_start(text, at)..at)?;
    let is_plain = prefix.bytes().all(|byte| matches!(byte, b' ' | b'-'));
    is_plain.then_some(prefix.len())
}
