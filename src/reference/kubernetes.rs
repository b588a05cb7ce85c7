//! Kubernetes manifests: pods, whatever makes them.

use super::{Place, gather::Gathered};
use crate::document::yaml::Node;

/// The lists of a pod's specification whose items are containers.
const CONTAINERS: &[&str] = &["containers", "initContainers", "ephemeralContainers"];

/// The images of every pod, however deep its specification lies.
///
/// Custom resources hold pod templates where they please, so the lists are known by their names; a
/// definition of such a resource describes them, and its `image` is then no text.
pub(super) fn manifests(root: &Node<'_>, found: &mut Gathered<'_>) {
    for (key, value) in root.own_entries() {
        let key = key.text().unwrap_or_default();
        if CONTAINERS.contains(&key) {
            let images = value.items().flat_map(|container| container.all("image"));
            images.for_each(|image| found.image(Place::Kubernetes, &image));
        }
        if key == "volumes" {
            let images = value.items().flat_map(|volume| volume.all("image"));
            let names = images.flat_map(|image| image.all("reference"));
            names.for_each(|name| found.image(Place::Kubernetes, &name));
        }
        manifests(&value, found);
    }
    for item in root.items() {
        manifests(&item, found);
    }
}
