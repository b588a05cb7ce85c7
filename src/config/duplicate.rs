//! Finds the first key that stands twice in one mapping, and both of its places.

use std::{collections::HashMap, ops::Range};

use serde_saphyr::granit_parser::{Event, Parser};

/// A key that stands twice.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Duplicate {
    pub(super) key: String,
    pub(super) first: Range<usize>,
    pub(super) second: Range<usize>,
}

/// A mapping or list that is still open.
struct Frame {
    /// The keys so far; nothing in a list.
    keys: Option<HashMap<String, Range<usize>>>,
    /// Whether the next node of a mapping is a key.
    at_key: bool,
}

/// Finds the first duplicate scalar key of `text`, which may be any YAML.
pub(super) fn find(text: &str) -> Option<Duplicate> {
    let mut open: Vec<Frame> = Vec::new();
    for next in Parser::new_from_str(text) {
        let (event, span) = next.ok()?;
        match event {
            Event::Scalar(value, ..) => {
                if let Some(frame) = open.last_mut()
                    && frame.at_key
                    && let Some(keys) = &mut frame.keys
                    && let Some(second) = span.byte_range()
                {
                    let first = keys.insert(value.clone().into_owned(), second.clone());
                    if let Some(first) = first {
                        let key = value.into_owned();
                        return Some(Duplicate { key, first, second });
                    }
                }
                node_ended(&mut open);
            }
            Event::Alias(..) => node_ended(&mut open),
            Event::MappingStart(..) => open.push(Frame {
                keys: Some(HashMap::new()),
                at_key: true,
            }),
            Event::SequenceStart(..) => open.push(Frame {
                keys: None,
                at_key: false,
            }),
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
                node_ended(&mut open);
            }
            _ => {}
        }
    }
    None
}

fn node_ended(open: &mut [Frame]) {
    if let Some(frame) = open.last_mut() {
        frame.at_key = !frame.at_key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_both_places() {
        let text = "a: {x: 1}\nb: [a, a]\nc:\n  x: 1\n  y: 2\n  x: 3\n";
        let found = find(text).unwrap();
        assert_eq!(found.key, "x");
        assert_eq!((found.first.start, found.second.start), (25, 39));
        assert_eq!(find("a: 1\nb: {a: 1}\n"), None);
        assert_eq!(find("a: [\n"), None);
    }
}
