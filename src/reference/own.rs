//! fullsend.yaml and fleet.yaml.

use super::{Place, Target, gather::Gathered};
use crate::document::yaml::Node;

/// The action, and the images of the file and of its agents.
pub(super) fn config(root: &Node<'_>, found: &mut Gathered<'_>) {
    for action in root.all("action") {
        found.versioned(Place::FullsendAction, &action, Target::action);
    }
    let agents = root.all("agents").into_iter();
    let agents = agents.flat_map(|agents| agents.entries());
    for holder in agents.map(|(_, agent)| agent).chain([*root]) {
        for image in holder.all("image") {
            found.image(Place::FullsendImage, &image);
        }
    }
}
