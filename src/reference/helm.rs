//! Helm values: whole references, and those that a chart puts together.

use super::found::{Found, ImagePlace, Part};
use crate::document::yaml::{Node, Scalar};

/// The images among a chart's values, however deep.
///
/// Nothing but habit says which values are images: a text named `image`, and a mapping that holds
/// a repository and a tag, digest or registry.
pub(super) fn images(root: &Node<'_>, found: &mut Found<'_>) {
    of_mapping(root, None, found);
}

fn of_mapping(node: &Node<'_>, key: Option<&str>, found: &mut Found<'_>) {
    let text = |key: &str| node.get(key).and_then(|value| filled(&value));
    if let Some(name) = repository(node, key) {
        let pieces = [
            (Part::Registry, text("registry")),
            (Part::Repository, Some(name)),
            (Part::Tag, text("tag")),
            (Part::Digest, text("digest")),
        ];
        let written = pieces.into_iter();
        let pieces: Vec<_> = written
            .filter_map(|(part, scalar)| Some((part, scalar?)))
            .collect();
        found.split(ImagePlace::Helm, &pieces);
    } else if let Some(image) = text("image") {
        found.scalar(ImagePlace::Helm, &image);
    }
    for (key, value) in node.own_entries() {
        of_mapping(&value, key.text(), found);
    }
    for item in node.items() {
        of_mapping(&item, None, found);
    }
}

/// The repository of a reference in pieces.
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
