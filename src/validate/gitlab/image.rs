//! The images that a pipeline names.

use super::Pipeline;
use crate::{
    reference::{Place, Reference},
    validate::loose::{Places, values_of},
};

/// An image of a job, of `default` or of the file itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Image<'p> {
    pub(super) reference: &'p Reference,
    /// Whether it runs beside the job.
    pub(super) is_service: bool,
    /// Whether the job launches an agent.
    pub(super) of_agent: bool,
}

/// Every image of the pipeline, each place once.
pub(super) fn all<'p>(pipeline: &'p Pipeline<'_>) -> impl Iterator<Item = Image<'p>> {
    let agents = of_agents(pipeline);
    pipeline.references.iter().filter_map(move |reference| {
        let is_service = match reference.place {
            Place::GitlabImage => false,
            Place::GitlabService => true,
            _ => return None,
        };
        Some(Image {
            reference,
            is_service,
            of_agent: agents.hold(reference),
        })
    })
}

/// Where jobs that launch an agent name images.
fn of_agents(pipeline: &Pipeline<'_>) -> Places {
    let mut found = Vec::new();
    for holder in pipeline.holders() {
        let mut named = values_of(&holder, &["image", "services"]).peekable();
        if named.peek().is_some() && Pipeline::runs_agent(&holder) {
            found.extend(named);
        }
    }
    found.into_iter().collect()
}
