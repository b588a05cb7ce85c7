//! GitLab runner's config.toml.

use super::found::{Found, ImagePlace};
use crate::document::toml::{Data, Table, Value};

/// The images of every runner; `allowed_images` are patterns, not images.
pub(super) fn images(root: &Table, found: &mut Found<'_>) {
    let runners = root.get_ignoring_case("runners");
    for runner in runners.flat_map(|entry| entry.value.items()) {
        texts(runner, "step_runner_image", ImagePlace::RunnerHelper, found);
        for executor in ["docker", "kubernetes"] {
            for section in values(runner, executor) {
                texts(section, "image", ImagePlace::RunnerImage, found);
                texts(section, "helper_image", ImagePlace::RunnerHelper, found);
                services(section, found);
                for autoscaler in values(section, "autoscaler") {
                    let place = ImagePlace::RunnerHelper;
                    texts(autoscaler, "pause_pod_image", place, found);
                }
            }
        }
    }
}

fn services(section: &Value, found: &mut Found<'_>) {
    for service in values(section, "services").flat_map(Value::items) {
        text(service, ImagePlace::RunnerService, found);
        texts(service, "name", ImagePlace::RunnerService, found);
    }
}

fn texts(table: &Value, key: &str, place: ImagePlace, found: &mut Found<'_>) {
    for value in values(table, key) {
        text(value, place, found);
    }
}

fn values<'t>(table: &'t Value, key: &str) -> impl Iterator<Item = &'t Value> {
    table.get_ignoring_case(key).map(|entry| &entry.value)
}

fn text(value: &Value, place: ImagePlace, found: &mut Found<'_>) {
    if let Data::String { value, inside } = &value.data {
        found.whole(place, value, inside.clone());
    }
}
