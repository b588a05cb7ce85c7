//! Helm values: whole references, and those that a chart puts together.

use super::{ImageName, NotEditable, Place, Spot, SpotPart, Target, gather::Gathered};
use crate::{
    document::yaml::{Node, Scalar},
    model::image::Repository,
};

/// What stands beside the repository of an image, and of nothing else.
const OF_IMAGES: [&str; 5] = [
    "registry",
    "digest",
    "pullPolicy",
    "imagePullPolicy",
    "pullSecrets",
];

/// What stands beside the repository of something else: of git, of backups.
const OF_OTHERS: [&str; 5] = ["branch", "url", "ref", "path", "revision"];

/// The images among a chart's values, however deep.
///
/// Nothing but habit says which values are images: a text named `image`, and a mapping that holds
/// a repository with its tag, and is named so, has more of an image or a registry's host.
pub(super) fn values(root: &Node<'_>, found: &mut Gathered<'_>) {
    of_mapping(root, None, found);
}

fn of_mapping(node: &Node<'_>, key: Option<&str>, found: &mut Gathered<'_>) {
    if let Some(name) = repository(node, key) {
        parts(node, &name, found);
    } else if let Some(image) = node.get("image").filter(|image| filled(image).is_some()) {
        found.image(Place::Helm, &image);
    }
    // Each of `images` is one, whatever it is called.
    let several = key.filter(|key| key.to_ascii_lowercase().ends_with("images"));
    for (key, value) in node.own_entries() {
        of_mapping(&value, several.or(key.text()), found);
    }
    for item in node.items() {
        of_mapping(&item, several, found);
    }
}

/// The repository of a reference in parts.
fn repository<'t>(node: &Node<'t>, key: Option<&str>) -> Option<Scalar<'t>> {
    let has = |key: &str| node.get(key).is_some();
    let any = |keys: &[&str]| keys.iter().any(|key| has(key));
    let apart = any(&["tag", "digest", "registry"]);
    let Some(repository) = node.get("repository") else {
        return filled(&node.get("image").filter(|_| apart)?);
    };
    let named = key.is_some_and(|key| {
        let key = key.to_ascii_lowercase();
        key.ends_with("image") || key.ends_with("images")
    });
    // A chart's or a git repository is named by its URL.
    let scalar = filled(&repository).filter(|scalar| !scalar.value.contains("://"))?;
    let is_image = named || any(&OF_IMAGES) || (apart && has_host(scalar.value));
    (is_image && !any(&OF_OTHERS)).then_some(scalar)
}

/// Whether `repository` begins with a registry's host: `ghcr.io/a/b`, `localhost:5000/a`.
fn has_host(repository: &str) -> bool {
    repository.split_once('/').is_some_and(|(first, _)| {
        let parsed = repository.parse::<Repository>();
        first == "docker.io" || parsed.is_ok_and(|parsed| parsed.host() == first)
    })
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
    let is_told = text("tag").or(text("digest")).is_some();
    let pin = match target {
        Target::Image(_) => spots(node, name, is_told, found).map(|spots| (spots, None)),
        _ => Err(NotEditable::NoPin),
    };
    found.add(Place::Helm, written, &name.at, target, pin);
}

/// Where tag and digest stand, one of which has a value where `is_told`; the digest joins the tag
/// where it has no key.
fn spots(
    node: &Node<'_>,
    name: &Scalar<'_>,
    is_told: bool,
    found: &Gathered<'_>,
) -> Result<Vec<Spot>, NotEditable> {
    // A tag within the repository's own text would stand there twice.
    let own = |image: &ImageName| image.tag.is_some() || image.digest.is_some();
    if matches!(&Target::image(name.value), Target::Image(image) if own(image)) {
        return Err(NotEditable::NoTag);
    }
    let (tag, digest) = (entry(node, "tag"), entry(node, "digest"));
    if !is_told {
        return Err(match tag.or(digest) {
            Some(_) => NotEditable::ChartVersion,
            None => NotEditable::NoTag,
        });
    }
    let holds_digest = tag
        .and_then(|(_, value)| value.text())
        .is_some_and(|tag| tag.contains('@'));
    let digest = digest.filter(|_| !holds_digest);
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
    Ok(spots)
}

/// The key and the value that [`Node::get`] finds.
fn entry<'t>(node: &Node<'t>, key: &str) -> Option<(Node<'t>, Node<'t>)> {
    let mut entries = node.entries().into_iter();
    entries.find(|(name, _)| name.text() == Some(key))
}
