//! The images that a pipeline names.

use std::collections::HashSet;

use super::Pipeline;
use crate::document::yaml::{Node, Scalar};

/// An image of a job, of `default` or of the file itself.
#[derive(Clone, Debug)]
pub(super) struct Image<'a> {
    /// Its name as it is written.
    pub(super) scalar: Scalar<'a>,
    /// Whether it runs beside the job.
    pub(super) is_service: bool,
    /// Whether the job launches an agent.
    pub(super) of_agent: bool,
}

/// Every image of the pipeline, each place once.
pub(super) fn all<'a>(pipeline: &Pipeline<'a>) -> Vec<Image<'a>> {
    let mut found = Vec::new();
    for holder in pipeline.holders() {
        let mut names = Vec::new();
        for image in holder.all("image") {
            names.extend(name(image).map(|name| (name, false)));
        }
        for services in holder.all("services") {
            let named = services.items().filter_map(name);
            names.extend(named.map(|name| (name, true)));
        }
        let of_agent = !names.is_empty() && Pipeline::runs_agent(&holder);
        found.extend(names.into_iter().map(|(scalar, is_service)| Image {
            scalar,
            is_service,
            of_agent,
        }));
    }
    let mut seen = HashSet::new();
    found.retain(|image: &Image<'_>| seen.insert(image.scalar.at.start));
    found
}

/// `!reference` and lists lead to places that are found by themselves.
fn name(node: Node<'_>) -> Option<Scalar<'_>> {
    node.get("name").unwrap_or(node).scalar()
}
