//! GitHub workflows and actions.

use super::found::{Found, ImagePlace};
use crate::document::yaml::Node;

/// How a step or an action names an image of a registry, as opposed to an action or a Dockerfile.
const PREFIX: &str = "docker://";

/// The images of a workflow's jobs.
pub(super) fn workflow(root: &Node<'_>, found: &mut Found<'_>) {
    for jobs in root.all("jobs") {
        for (_, job) in jobs.entries() {
            for container in job.all("container") {
                container_of(&container, ImagePlace::GithubContainer, found);
            }
            for services in job.all("services") {
                for (_, service) in services.entries() {
                    container_of(&service, ImagePlace::GithubService, found);
                }
            }
            steps(&job, found);
        }
    }
}

/// The images of an action: its own, and those of a composite action's steps.
pub(super) fn action(root: &Node<'_>, found: &mut Found<'_>) {
    for runs in root.all("runs") {
        for image in runs.all("image") {
            if let Some(scalar) = image.scalar() {
                found.prefixed(ImagePlace::GithubAction, &scalar, PREFIX);
            }
        }
        steps(&runs, found);
    }
}

fn container_of(node: &Node<'_>, place: ImagePlace, found: &mut Found<'_>) {
    let maps = node.all("image").into_iter();
    for scalar in maps.chain([*node]).filter_map(|node| node.scalar()) {
        found.scalar(place, &scalar);
    }
}

fn steps(holder: &Node<'_>, found: &mut Found<'_>) {
    for steps in holder.all("steps") {
        let uses = steps.items().flat_map(|step| step.all("uses"));
        for scalar in uses.filter_map(|uses| uses.scalar()) {
            found.prefixed(ImagePlace::GithubStep, &scalar, PREFIX);
        }
    }
}
