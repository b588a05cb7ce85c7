//! Kubernetes manifests: pods, whatever makes them.

use super::found::{Found, ImagePlace};
use crate::document::yaml::Node;

/// The lists of a pod's specification whose items are containers.
const CONTAINERS: &[&str] = &["containers", "initContainers", "ephemeralContainers"];

/// The images of every pod, however deep its specification lies.
///
/// Custom resources hold pod templates where they please, so the lists are known by their names; a
/// definition of such a resource describes them, and its `image` is then no text.
pub(super) fn images(root: &Node<'_>, found: &mut Found<'_>) {
    for (key, value) in root.own_entries() {
        let key = key.text().unwrap_or_default();
        if CONTAINERS.contains(&key) {
            let images = value.items().flat_map(|container| container.all("image"));
            for scalar in images.filter_map(|image| image.scalar()) {
                found.scalar(ImagePlace::Kubernetes, &scalar);
            }
        }
        if key == "volumes" {
            let images = value.items().flat_map(|volume| volume.all("image"));
            let names = images.flat_map(|image| image.all("reference"));
            for scalar in names.filter_map(|name| name.scalar()) {
                found.scalar(ImagePlace::Kubernetes, &scalar);
            }
        }
        images(&value, found);
    }
    for item in root.items() {
        images(&item, found);
    }
}
