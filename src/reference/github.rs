//! GitHub workflows and actions.

use super::{Place, Target, gather::Gathered};
use crate::document::yaml::Node;

/// How a step or an action names an image of a registry, as opposed to an action or a Dockerfile.
const PREFIX: &str = "docker://";

/// What a workflow's jobs name.
pub(super) fn workflow(root: &Node<'_>, found: &mut Gathered<'_>) {
    for jobs in root.all("jobs") {
        for (_, job) in jobs.entries() {
            for uses in job.all("uses") {
                found.versioned(Place::GithubWorkflow, &uses, Target::action);
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

/// What an action names: its own image, and what a composite action's steps use.
pub(super) fn action(root: &Node<'_>, found: &mut Gathered<'_>) {
    for runs in root.all("runs") {
        for image in runs.all("image") {
            match image.text() {
                Some(text) if text.starts_with(PREFIX) => {
                    found.prefixed_image(Place::GithubActionImage, &image, PREFIX);
                }
                // A Dockerfile of the action.
                _ => found.other(Place::GithubActionImage, &image, Target::Local),
            }
        }
        steps(&runs, found);
    }
}

fn container_of(node: &Node<'_>, place: Place, found: &mut Gathered<'_>) {
    for node in node.all("image").into_iter().chain([*node]) {
        found.image(place, &node);
    }
}

fn steps(holder: &Node<'_>, found: &mut Gathered<'_>) {
    for steps in holder.all("steps") {
        steps.items().for_each(|it| step(&it, found));
    }
}

/// A step, with those that it runs side by side.
fn step(node: &Node<'_>, found: &mut Gathered<'_>) {
    for uses in node.all("uses") {
        match uses.text() {
            Some(text) if text.starts_with(PREFIX) => {
                found.prefixed_image(Place::GithubStepImage, &uses, PREFIX);
            }
            _ => found.versioned(Place::GithubStep, &uses, Target::action),
        }
    }
    for steps in node.all("parallel") {
        steps.items().for_each(|it| step(&it, found));
    }
}
