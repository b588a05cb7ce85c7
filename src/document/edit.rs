//! Edits that touch only the bytes that they name.

use std::ops::Range;

/// A change of a text: what stands at `at` becomes `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go; where there are none, `text` is inserted before them.
    pub at: Range<usize>,
    /// What comes.
    pub text: String,
}

/// Edits that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Two edits change the same bytes.
    #[error("two edits change the same bytes, from {first} and from {second} on")]
    Overlap {
        /// Where the first begins.
        first: usize,
        /// Where the other begins.
        second: usize,
    },
    /// Not a range of the text, or one that cuts a character.
    #[error("an edit of the bytes {start} to {end}, which the text does not have")]
    Outside {
        /// Where it begins.
        start: usize,
        /// Where it ends.
        end: usize,
    },
}

/// Makes every one of `edits`, whose places are those of `text` before any of them, in any order.
///
/// Insertions at the same place keep their order, and stand before what replaces the bytes that
/// begin there.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.at.start, edit.at.end));
    let mut edited = String::with_capacity(text.len());
    let mut done = 0..0;
    for edit in edits {
        let at = &edit.at;
        let outside = EditError::Outside {
            start: at.start,
            end: at.end,
        };
        if text.get(at.clone()).is_none() {
            return Err(outside);
        }
        if at.start < done.end {
            return Err(EditError::Overlap {
                first: done.start,
                second: at.start,
            });
        }
        edited.push_str(&text[done.end..at.start]);
        edited.push_str(&edit.text);
        done = at.clone();
    }
    edited.push_str(&text[done.end..]);
    Ok(edited)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edit(at: Range<usize>, text: &str) -> Edit {
        Edit {
            at,
            text: text.to_owned(),
        }
    }

    #[test]
    fn edits_of_a_line_are_made_in_any_order() {
        let text = "\u{feff}a: b # c\r\nd: é\r\n";
        let edits = [
            edit(10..11, "C"),
            edit(6..7, "long"),
            edit(6..6, "<"),
            edit(6..6, "("),
            edit(16..18, ""),
        ];
        let edited = apply(text, &edits);
        assert_eq!(edited.unwrap(), "\u{feff}a: <(long # C\r\nd: \r\n");
        assert_eq!(apply("", &[edit(0..0, "x")]).unwrap(), "x");
    }

    #[test]
    fn what_cannot_be_made_is_refused() {
        let overlap = apply("abcd", &[edit(2..3, "x"), edit(0..3, "y")]);
        let error = EditError::Overlap {
            first: 0,
            second: 2,
        };
        assert_eq!(overlap.unwrap_err(), error);
        for inside in [1..1, 0..2] {
            apply("abcd", &[edit(0..2, "x"), edit(inside, "y")]).unwrap_err();
        }
        let backwards = Range { start: 2, end: 1 };
        for outside in [0..5, 5..5, backwards] {
            let refused = apply("abcd", &[edit(outside, "")]).unwrap_err();
            assert!(matches!(refused, EditError::Outside { .. }));
        }
        apply("é", &[edit(1..2, "")]).unwrap_err();
    }

    proptest! {
        #[test]
        fn other_characters_stay(
            pieces in prop::collection::vec((".{0,6}", prop::option::of(".{0,6}")), 0..12),
            turn in 0_usize..12,
        ) {
            // A text of pieces, of which some are replaced.
            let mut text = String::new();
            let mut wanted = String::new();
            let mut edits = Vec::new();
            for (piece, replaced) in &pieces {
                let at = text.len()..text.len() + piece.len();
                text.push_str(piece);
                wanted.push_str(replaced.as_deref().unwrap_or(piece));
                edits.extend(replaced.iter().map(|new| edit(at.clone(), new)));
            }
            // Where nothing is replaced, the order decides.
            if edits.iter().all(|edit| !edit.at.is_empty()) {
                let turn = turn % edits.len().max(1);
                edits.rotate_left(turn);
            }
            prop_assert_eq!(apply(&text, &edits), Ok(wanted));
        }
    }
}
