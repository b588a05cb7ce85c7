//! Helm values: whole references, and those that a chart puts together.

use super::{ImageName, NotEditable, Place, Spot, SpotPart, Target, gather::Gathered};
use crate::document::yaml::{Node, Scalar};

/// The images among a chart's values, however deep.
///
/// Nothing but habit says which values are images: a text named `image`, and a mapping that holds
/// a repository and a tag, digest or registry.
pub(super) fn values(root: &Node<'_>, found: &mut Gathered<'_>) {
    of_mapping(root, None, found);
}

fn of_mapping(node: &Node<'_>, key: Option<&str>, found: &mut Gathered<'_>) {
    if let Some(name) = repository(node, key) {
        parts(node, &name, found);
    } else if let Some(image) = node.get("image").filter(|image| filled(image).is_some()) {
        found.image(Place::Helm, &image);
    }
    for (key, value) in node.own_entries() {
        of_mapping(&value, key.text(), found);
    }
    for item in node.items() {
        of_mapping(&item, None, found);
    }
}

/// The repository of a reference in parts.
fn repository<'t>(node: &Node<'t>, key: Option<&str>) -> Option<Scalar<'t>> {
    let has = |key: &str| node.get(key).is_some();
    let apart = has("tag") || has("digest") || has("registry");
    let named = key.is_some_and(|key| key.to_ascii_lowercase().ends_with("image"));
    let value = match node.get("repository") {
        Some(repository) if apart || named => repository,
        None if apart => node.get("image")?,
        _ => return None,
    };
    // A chart's or a git repository is named by its URL.
    filled(&value).filter(|scalar| !scalar.value.contains("://"))
}

/// Charts write an empty text for what is not set.
fn filled<'t>(node: &Node<'t>) -> Option<Scalar<'t>> {
    node.scalar()
        .filter(|scalar| !scalar.value.trim().is_empty())
}

/// A reference whose parts the chart puts together.
fn parts(node: &Node<'_>, name: &Scalar<'_>, found: &mut Gathered<'_>) {
    let text = |key: &str| node.get(key).and_then(|value| filled(&value));
    let mut written = String::new();
    if let Some(registry) = text("registry") {
        written = format!("{}/", registry.value);
    }
    written.push_str(name.value);
    for (key, sign) in [("tag", ':'), ("digest", '@')] {
        if let Some(part) = text(key) {
            written.push(sign);
            written.push_str(part.value);
        }
    }
    let target = Target::image(&written);
    let pin = match target {
        Target::Image(_) => spots(node, name, found).map(|spots| (spots, None)),
        _ => Err(NotEditable::NoPin),
    };
    found.add(Place::Helm, written, &name.at, target, pin);
}

/// Where tag and digest stand; the digest joins the tag where it has no key.
fn spots(
    node: &Node<'_>,
    name: &Scalar<'_>,
    found: &Gathered<'_>,
) -> Result<Vec<Spot>, NotEditable> {
    // A tag within the repository's own text would stand there twice.
    let own = |image: &ImageName| image.tag.is_some() || image.digest.is_some();
    if matches!(&Target::image(name.value), Target::Image(image) if own(image)) {
        return Err(NotEditable::NoTag);
    }
    let tag = entry(node, "tag");
    let holds_digest = tag
        .and_then(|(_, value)| value.text())
        .is_some_and(|tag| tag.contains('@'));
    let digest = entry(node, "digest").filter(|_| !holds_digest);
    let known = [(tag, SpotPart::Tag), (digest, SpotPart::Digest)];
    let mut spots = Vec::new();
    for (entry, part) in known {
        if let Some((key, value)) = entry {
            spots.push(
                found
                    .value_of(&key, &value, part)
                    .ok_or(NotEditable::Escaped)?,
            );
        }
    }
    spots.sort_by_key(|spot| spot.at.start);
    if spots.is_empty() {
        return Err(NotEditable::NoTag);
    }
    Ok(spots)
}

/// The key and the value that [`Node::get`] finds.
fn entry<'t>(node: &Node<'t>, key: &str) -> Option<(Node<'t>, Node<'t>)> {
    let mut entries = node.entries().into_iter();
    entries.find(|(name, _)| name.text() == Some(key))
}
