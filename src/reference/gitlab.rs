//! GitLab CI: pipelines, the files they include, and components.

use super::found::{Found, ImagePlace};
use crate::document::yaml::Node;

/// Keys of a pipeline that are no jobs, so that what stands below them is no image.
const NO_JOBS: &[&str] = &[
    "after_script",
    "before_script",
    "cache",
    "image",
    "include",
    "services",
    "spec",
    "stages",
    "variables",
    "workflow",
];

/// The images of the file itself, of `default` and of every job, hidden ones included.
pub(super) fn images(root: &Node<'_>, found: &mut Found<'_>) {
    of_job(root, found);
    for (key, job) in root.entries() {
        if key.text().is_some_and(|key| !NO_JOBS.contains(&key)) {
            of_job(&job, found);
        }
    }
}

fn of_job(job: &Node<'_>, found: &mut Found<'_>) {
    for image in job.all("image") {
        named(&image, ImagePlace::GitlabImage, found);
    }
    for services in job.all("services") {
        for service in services.items() {
            named(&service, ImagePlace::GitlabService, found);
        }
    }
}

/// An image by itself, or with options beside its `name`.
///
/// `!reference` is a list of keys, which lead to a place that is found by itself.
fn named(node: &Node<'_>, place: ImagePlace, found: &mut Found<'_>) {
    let names = node.all("name").into_iter();
    for scalar in names.chain([*node]).filter_map(|node| node.scalar()) {
        found.scalar(place, &scalar);
    }
}
