//! GitLab runner's config.toml.

use super::found::{Found, ImagePlace};
use crate::document::toml::Value;

/// The images of every runner; `allowed_images` are patterns, not images.
pub(super) fn images(root: &Value, found: &mut Found<'_>) {
    let runners = root.get_ignoring_case("runners").flat_map(Value::items);
    for runner in runners {
        texts(runner, "step_runner_image", ImagePlace::RunnerHelper, found);
        for executor in ["docker", "kubernetes"] {
            for section in runner.get_ignoring_case(executor) {
                texts(section, "image", ImagePlace::RunnerImage, found);
                texts(section, "helper_image", ImagePlace::RunnerHelper, found);
                services(section, found);
                for autoscaler in section.get_ignoring_case("autoscaler") {
                    let place = ImagePlace::RunnerHelper;
                    texts(autoscaler, "pause_pod_image", place, found);
                }
            }
        }
    }
}

fn services(section: &Value, found: &mut Found<'_>) {
    for service in section.get_ignoring_case("services").flat_map(Value::items) {
        text(service, ImagePlace::RunnerService, found);
        texts(service, "name", ImagePlace::RunnerService, found);
    }
}

fn texts(table: &Value, key: &str, place: ImagePlace, found: &mut Found<'_>) {
    for value in table.get_ignoring_case(key) {
        text(value, place, found);
    }
}

fn text(value: &Value, place: ImagePlace, found: &mut Found<'_>) {
    if let Value::Text { value, at } = value {
        found.whole(place, value, at.clone());
    }
}
