//! fullsend.yaml and fleet.yaml.

use super::found::{Found, ImagePlace};
use crate::document::yaml::Node;

/// The images of the file and of its agents.
pub(super) fn images(root: &Node<'_>, found: &mut Found<'_>) {
    let agents = root.all("agents").into_iter();
    let agents = agents.flat_map(|agents| agents.entries());
    let holders = agents.map(|(_, agent)| agent).chain([*root]);
    let images = holders.flat_map(|holder| holder.all("image"));
    for scalar in images.filter_map(|image| image.scalar()) {
        found.scalar(ImagePlace::Fullsend, &scalar);
    }
}
