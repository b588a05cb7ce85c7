//! Edits that keep every other byte of a document.

use std::ops::Range;

/// A replacement of some bytes of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes of the file that go.
    pub at: Range<usize>,
    /// What comes instead.
    pub text: String,
}

/// Two edits want the same bytes, or one's bytes are not the document's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two edits want the bytes at {}", at.start)]
pub struct Overlap {
    /// The bytes of the second.
    pub at: Range<usize>,
}

/// `text` with all of `edits` made, in whatever order they come.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, Overlap> {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.at.start, edit.at.end));
    edits.dedup();
    let mut edited = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        let overlap = || Overlap {
            at: edit.at.clone(),
        };
        let kept = text.get(done..edit.at.start).ok_or_else(overlap)?;
        text.get(edit.at.clone()).ok_or_else(overlap)?;
        edited.push_str(kept);
        edited.push_str(&edit.text);
        done = edit.at.end;
    }
    edited.push_str(&text[done..]);
    Ok(edited)
}
