//! What holds for any file and any pin; `PROPTEST_CASES` says how many are tried.

use std::collections::HashSet;

use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

use super::*;
use crate::document::{
    Source, dockerfile,
    toml::{self, Data, Value},
    yaml::{self, Kind as YamlKind, Node},
};

fn pins() -> impl Strategy<Value = Pins> {
    let version = prop_oneof![
        "v?[0-9]{1,2}(\\.[0-9]{1,2}){0,2}(-[a-z]{1,3})?",
        "([a-z]{1,3}/)?v[0-9]\\.[0-9]",
        "[a-z0-9]{1,5}",
    ];
    let tag = "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,6}";
    (
        tag,
        "[0-9a-f]{64}",
        "[0-9a-f]{40}",
        version,
        "sha256-[A-Za-z0-9+/]{4}=",
    )
        .prop_map(|(tag, digest, commit, version, hash)| Pins {
            tag,
            digest: format!("sha256:{digest}").parse().unwrap(),
            commit,
            version,
            hash,
        })
}

/// The edits of what can be pinned so; a tag that looks like a number cannot stand everywhere.
fn possible(found: &[Reference], pins: &Pins) -> Vec<Edit> {
    let mut edits = Vec::new();
    for found in found.iter().filter(|found| found.obstacle().is_none()) {
        match found.edits(&pins.for_one(found)) {
            Ok(more) => edits.extend(more),
            Err(reason) => assert!(matches!(reason, NotEditable::NoText(_)), "{found:?}"),
        }
    }
    edits
}

/// Everything that is to hold of `text` and its edits, if it can be read.
fn assert_all(path: &str, text: &str, pins: &Pins) -> Result<(), TestCaseError> {
    let name = Path::new(path);
    let masked = mask(name, text).text;
    prop_assert_eq!(&mask(name, &masked).text, &masked);
    let Ok(before) = references(name, text.as_bytes()) else {
        return Ok(());
    };
    for found in &before {
        for spot in found.spots() {
            prop_assert_eq!(&text[spot.at.clone()], &spot.text);
        }
    }
    let edits = possible(&before, pins);
    let edited = edit::apply(text, &edits);
    prop_assert!(edited.is_ok(), "{edits:?}");
    let edited = edited.unwrap();
    assert_outside(text, &edited, &edits)?;
    prop_assert_eq!(&mask(name, &edited).text, &masked, "{}", edited);

    let after = references(name, edited.as_bytes());
    prop_assert!(after.is_ok(), "{edited}");
    let after = after.unwrap();
    prop_assert_eq!(before.len(), after.len(), "{}", edited);
    prop_assert_eq!(possible(&after, pins), [], "{}", edited);
    for (before, after) in before.iter().zip(&after) {
        prop_assert_eq!(before.place, after.place);
        prop_assert_eq!(before.name(), after.name());
        prop_assert_eq!(before.obstacle(), after.obstacle());
        let unchanged = before.obstacle().is_some() || before.edits(&pins.for_one(before)).is_err();
        if unchanged {
            prop_assert_eq!(&before.target, &after.target);
        } else {
            assert_pinned(after, pins)?;
        }
    }
    assert_leaves(path, text, &edited, pins)
}

/// Every byte that no edit names stands where it stood.
fn assert_outside(text: &str, edited: &str, edits: &[Edit]) -> Result<(), TestCaseError> {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.at.start, edit.at.end));
    let (mut old, mut new) = (text, edited);
    for edit in edits.iter().rev() {
        let (_, rest) = old.split_at(edit.at.end);
        prop_assert!(new.ends_with(rest));
        new = &new[..new.len() - rest.len()];
        prop_assert!(new.ends_with(&edit.text));
        new = &new[..new.len() - edit.text.len()];
        old = &old[..edit.at.start];
    }
    prop_assert_eq!(old, new);
    Ok(())
}

fn assert_pinned(found: &Reference, pins: &Pins) -> Result<(), TestCaseError> {
    let has = |part| found.spots().iter().any(|spot| spot.part == part);
    match &found.target {
        Target::Image(image) => {
            prop_assert_eq!(image.digest.as_ref(), Some(&pins.digest));
            if has(SpotPart::Tag) || has(SpotPart::Reference) {
                prop_assert_eq!(image.tag.as_ref(), Some(&pins.tag));
            }
        }
        Target::Action { reference, .. } | Target::Component { reference, .. } => {
            prop_assert_eq!(reference, &pins.commit);
        }
        Target::Project { reference, .. } => {
            prop_assert_eq!(reference.as_ref(), Some(&pins.commit));
        }
        Target::Remote { integrity, .. } => {
            prop_assert_eq!(integrity.as_ref(), Some(&pins.hash));
        }
        other => prop_assert!(false, "{other:?} has a pin"),
    }
    if has(SpotPart::Comment) || has(SpotPart::Version) {
        let version = found
            .comment
            .as_ref()
            .and_then(|comment| comment.version.as_ref());
        prop_assert_eq!(version, Some(&pins.version));
    }
    Ok(())
}

/// The edited file is the same tree, but for values that hold a pin now.
fn assert_leaves(path: &str, text: &str, edited: &str, pins: &Pins) -> Result<(), TestCaseError> {
    // What is of no kind is not parsed either.
    let Some(old) = leaves(path, text) else {
        return Ok(());
    };
    let new = leaves(path, edited).unwrap_or_default();
    prop_assert_eq!(old.len(), new.len());
    let digest = pins.digest.to_string();
    for (old, new) in old.iter().zip(&new) {
        let pinned = [&pins.tag, &digest, &pins.commit, &pins.hash];
        let pinned = pinned.into_iter().any(|pin| new.contains(pin.as_str()));
        prop_assert!(old == new || pinned, "{old} became {new}");
    }
    Ok(())
}

/// Every key and value of a file in order, with what opens a collection; `integrity` left out, as
/// it may be added; nothing for what cannot be parsed.
fn leaves(path: &str, text: &str) -> Option<Vec<String>> {
    let mut leaves = Vec::new();
    let source = Source::decode(Path::new(path), text.as_bytes()).unwrap();
    if path.ends_with("toml") {
        let root = toml::parse(&source).ok()?;
        of_table(&root, &mut leaves);
    } else if path == "Dockerfile" {
        for instruction in dockerfile::parse(&source).ok()?.instructions {
            leaves.push(instruction.name);
            let words = instruction.flags.into_iter().chain(instruction.words);
            leaves.extend(words.map(|word| word.text));
        }
    } else {
        let tree = yaml::parse(&source).ok()?;
        tree.documents()
            .for_each(|root| of_node(&root, &mut leaves));
    }
    Some(leaves)
}

fn of_table(table: &toml::Table, leaves: &mut Vec<String>) {
    for entry in table.entries() {
        leaves.push(entry.key.clone());
        of_value(&entry.value, leaves);
    }
}

fn of_value(value: &Value, leaves: &mut Vec<String>) {
    match &value.data {
        Data::String { value, .. } => leaves.push(value.clone()),
        Data::Table(table) => of_table(table, leaves),
        Data::Array(items) => items.iter().for_each(|item| of_value(item, leaves)),
        other => leaves.push(format!("{other:?}")),
    }
}

fn of_node(node: &Node<'_>, leaves: &mut Vec<String>) {
    match node.kind() {
        YamlKind::Mapping => {
            leaves.push(format!("{:?} {{", node.tag()));
            for (key, value) in node.own_entries() {
                if key.text() != Some("integrity") {
                    of_node(&key, leaves);
                    of_node(&value, leaves);
                }
            }
        }
        YamlKind::Sequence => {
            leaves.push(format!("{:?} [", node.tag()));
            node.items().for_each(|item| of_node(&item, leaves));
        }
        _ => leaves.push(format!("{:?} {:?}", node.tag(), node.text())),
    }
}

/// The other properties say nothing about what is never made.
#[test]
fn the_grammar_makes_every_place() {
    let mut runner = TestRunner::deterministic();
    let mut pinnable = HashSet::new();
    let mut seen = HashSet::new();
    for _ in 0..400 {
        let (path, text) = grammar::file().new_tree(&mut runner).unwrap().current();
        for found in found(path, &text) {
            seen.insert(found.place);
            if found.obstacle().is_none() {
                pinnable.insert(found.place);
            }
        }
    }
    for place in places::PLACES {
        let never = [Place::GitlabLocal, Place::RunnerAllowed].contains(&place);
        assert!(seen.contains(&place), "{place:?}");
        assert_eq!(pinnable.contains(&place), !never, "{place:?}");
    }
}

proptest! {
    #[test]
    fn a_file_is_pinned_without_another_change(
        (path, text) in grammar::file(),
        pins in pins(),
    ) {
        prop_assert!(references(Path::new(path), text.as_bytes()).is_ok(), "{text}");
        assert_all(path, &text, &pins)?;
    }

    #[test]
    fn no_text_is_spoiled((path, text) in grammar::soup(), pins in pins()) {
        assert_all(path, &text, &pins)?;
    }
}
