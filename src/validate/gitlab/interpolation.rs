//! `$[[ inputs.name ]]`: what GitLab puts in before it reads the pipeline.

use std::ops::Range;

use crate::document::{Source, yaml::Node};

/// One place where something is put in.
#[derive(Clone, Debug)]
pub(super) struct Interpolation<'a> {
    /// What stands before the first dot: `inputs`.
    pub(super) context: &'a str,
    /// What stands after it, up to what is no name.
    pub(super) name: &'a str,
    /// From `$[[` to `]]`; where the file spells the text otherwise, the whole value.
    pub(super) at: Range<usize>,
}

/// Every interpolation in the keys and values below `root`.
pub(super) fn all<'a>(root: &Node<'a>, source: &Source<'_>) -> Vec<Interpolation<'a>> {
    let mut found = Vec::new();
    if source.text().contains("$[[") {
        gather(*root, source, &mut found);
    }
    found
}

/// The names of the inputs that `text` asks for.
pub(super) fn names(text: &str) -> Vec<&str> {
    let parts = blocks(text).map(|(_, inside)| split(inside));
    parts
        .filter(|(context, _)| *context == "inputs")
        .map(|(_, name)| name)
        .collect()
}

fn gather<'a>(node: Node<'a>, source: &Source<'_>, found: &mut Vec<Interpolation<'a>>) {
    if let Some(scalar) = node.scalar() {
        let literal = source.slice(scalar.at.clone()) == scalar.value;
        for (offset, inside) in blocks(scalar.value) {
            let (context, name) = split(inside);
            let start = scalar.at.start + offset;
            let at = if literal {
                start..start + inside.len() + "$[[]]".len()
            } else {
                scalar.at.clone()
            };
            found.push(Interpolation { context, name, at });
        }
    }
    for item in node.items() {
        gather(item, source, found);
    }
    for (key, value) in node.own_entries() {
        gather(key, source, found);
        gather(value, source, found);
    }
}

/// What stands between `$[[` and `]]`, each with the offset of its `$`.
fn blocks(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices("$[[").filter_map(move |(at, _)| {
        let (inside, _) = text[at + 3..].split_once("]]")?;
        (inside.len() <= 1_024).then_some((at, inside))
    })
}

/// Context and name of `inputs.name | truncate(0,8)`.
fn split(inside: &str) -> (&str, &str) {
    let access = inside.split('|').next().unwrap_or_default().trim();
    let (context, rest) = access.split_once('.').unwrap_or((access, ""));
    let of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let end = rest.find(|c: char| !of_name(c)).unwrap_or(rest.len());
    (context, &rest[..end])
}
