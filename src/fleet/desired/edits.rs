//! The changes that a rollout makes to fleet.yaml.

use std::ops::Range;

use super::{EditError, page::Page};
use crate::{
    config::{Fleet, Ring},
    document::{edit::Edit, yaml::Node},
};

/// The ring `name` follows: it stands on the release to reach from now on.
///
/// The text stays as it is where the ring follows already.
pub fn advance(text: &str, name: &str) -> Result<String, EditError> {
    let page = Page::read(text)?;
    let mut wanted = page.wanted();
    let release = wanted.fleet.release.clone();
    ring_of(&mut wanted.fleet, name)?.release = release;
    let edits = freed(&page, name);
    page.edited(&edits, &wanted, &format!("let the ring `{name}` follow"))
}

fn ring_of<'f>(fleet: &'f mut Fleet, name: &str) -> Result<&'f mut Ring, EditError> {
    let ring = fleet.rings.iter_mut().find(|ring| ring.name == name);
    ring.ok_or_else(|| EditError::NoRing(name.to_owned()))
}

/// Takes the `version` of a ring away; nothing where it has none.
fn freed(page: &Page<'_>, name: &str) -> Vec<Edit> {
    let Some((name, ring)) = page.ring(name) else {
        return Vec::new();
    };
    let entries: Vec<_> = ring.own_entries().collect();
    let Some(index) = entries
        .iter()
        .position(|(key, _)| key.text() == Some("version"))
    else {
        return Vec::new();
    };
    let spans: Vec<Range<usize>> = entries.iter().map(|it| entry(page, it)).collect();
    if page.is_flow(&ring) {
        return vec![without(&spans, index)];
    }
    let line = Edit {
        at: page.lines(&spans[index]),
        text: String::new(),
    };
    if entries.len() > 1 {
        return vec![line];
    }
    // A key without a value is a mistake, so the ring that says nothing says so.
    let end = page.whole(&name).end;
    let colon = page.text[end..].find(':').map_or(end, |it| end + it + 1);
    let empty = Edit {
        at: colon..colon,
        text: " {}".to_owned(),
    };
    vec![empty, line]
}

/// The bytes of a key and its value.
fn entry(page: &Page<'_>, (key, value): &(Node<'_>, Node<'_>)) -> Range<usize> {
    page.whole(key).start..page.whole(value).end
}

/// Takes one of several entries in braces away, with the comma that it no longer needs.
fn without(entries: &[Range<usize>], index: usize) -> Edit {
    let own = &entries[index];
    let before = index.checked_sub(1).and_then(|it| entries.get(it));
    let at = match (before, entries.get(index + 1)) {
        (Some(before), _) => before.end..own.end,
        (None, Some(after)) => own.start..after.start,
        (None, None) => own.clone(),
    };
    Edit {
        at,
        text: String::new(),
    }
}
