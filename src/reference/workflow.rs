//! GitHub workflows and actions.

use super::{Place, gather::Gathered};
use crate::document::yaml::Node;

/// How a step or an action names an image of a registry, as opposed to an action or a Dockerfile.
const PREFIX: &str = "docker://";

/// What a workflow's jobs name.
pub(super) fn workflow(root: &Node<'_>, found: &mut Gathered<'_>) {
    for jobs in root.all("jobs") {
        for (_, job) in jobs.entries() {
            for uses in job.all("uses") {
                found.action(Place::GithubWorkflow, &uses);
            }
            for container in job.all("container") {
                container_of(&container, Place::GithubContainer, found);
            }
            for services in job.all("services") {
                for (_, service) in services.entries() {
                    container_of(&service, Place::GithubService, found);
                }
            }
            steps(&job, found);
        }
    }
}

fn container_of(node: &Node<'_>, place: Place, found: &mut Gathered<'_>) {
    for node in node.all("image").into_iter().chain([*node]) {
        found.image(place, &node);
    }
}

fn steps(holder: &Node<'_>, found: &mut Gathered<'_>) {
    for steps in holder.all("steps") {
        for uses in steps.items().flat_map(|step| step.all("uses")) {
            match uses.text() {
                Some(text) if text.starts_with(PREFIX) => {
                    found.prefixed_image(Place::GithubStepImage, &uses, PREFIX);
                }
                _ => found.action(Place::GithubStep, &uses),
            }
        }
    }
}
