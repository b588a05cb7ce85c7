//! The inputs that includes give to files of this repository.

use std::ops::Range;

use super::{Pipeline, inputs::Inputs};
use crate::document::yaml::Node;

/// An include of a file that takes inputs.
pub(super) struct Givings<'a> {
    /// Names and values.
    pub(super) given: Vec<(Node<'a>, Node<'a>)>,
    /// Whether there may be more than is seen.
    pub(super) is_open: bool,
    /// Where it is written which file is meant.
    pub(super) at: Range<usize>,
}

/// Calls `look` for every include whose file lies in this repository, with the inputs it declares.
pub(super) fn each<'a>(pipeline: &Pipeline<'a>, mut look: impl FnMut(&Givings<'a>, &Inputs)) {
    let none = Inputs::default();
    for include in &pipeline.includes {
        let Some(file) = pipeline.world.included(include) else {
            continue;
        };
        let values = include.node.get("inputs");
        let place = ["local", "component"]
            .into_iter()
            .find_map(|key| include.node.get(key));
        let givings = Givings {
            given: values.map(|node| node.entries()).unwrap_or_default(),
            is_open: values.is_some_and(|node| node.tag().is_some()),
            at: place.unwrap_or(include.node).at(),
        };
        look(&givings, file.inputs.as_ref().unwrap_or(&none));
    }
}
