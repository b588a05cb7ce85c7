//! GitLab runner's config.toml.

use super::{NotEditable, Place, Target, gather::Gathered};
use crate::document::toml::{Data, Table, Value};

/// Keys of what jobs may name: patterns, not images.
const ALLOWED: [&str; 4] = [
    "allowed_images",
    "allowed_services",
    "allowed_privileged_images",
    "allowed_privileged_services",
];

/// The images of every runner.
pub(super) fn config(root: &Table, found: &mut Gathered<'_>) {
    let runners = root.get_ignoring_case("runners");
    for runner in runners.flat_map(|entry| entry.value.items()) {
        texts(runner, "step_runner_image", Place::RunnerHelper, found);
        for executor in ["docker", "kubernetes"] {
            for section in values(runner, executor) {
                texts(section, "image", Place::RunnerImage, found);
                texts(section, "helper_image", Place::RunnerHelper, found);
                services(section, found);
                for key in ALLOWED {
                    patterns(section, key, found);
                }
                for autoscaler in values(section, "autoscaler") {
                    let place = Place::RunnerHelper;
                    texts(autoscaler, "pause_pod_image", place, found);
                }
            }
        }
    }
}

fn services(section: &Value, found: &mut Gathered<'_>) {
    for service in values(section, "services").flat_map(Value::items) {
        text(service, Place::RunnerService, found);
        texts(service, "name", Place::RunnerService, found);
    }
}

fn patterns(section: &Value, key: &str, found: &mut Gathered<'_>) {
    for pattern in values(section, key).flat_map(Value::items) {
        if let Data::String { value, inside } = &pattern.data {
            let text = found.text(value, inside.clone());
            found.unpinned(
                Place::RunnerAllowed,
                &text,
                Target::Pattern,
                NotEditable::NoPin,
            );
        }
    }
}

fn texts(table: &Value, key: &str, place: Place, found: &mut Gathered<'_>) {
    for value in values(table, key) {
        text(value, place, found);
    }
}

fn values<'t>(table: &'t Value, key: &str) -> impl Iterator<Item = &'t Value> {
    table.get_ignoring_case(key).map(|entry| &entry.value)
}

fn text(value: &Value, place: Place, found: &mut Gathered<'_>) {
    if let Data::String { value, inside } = &value.data {
        let text = found.text(value, inside.clone());
        found.whole_image(place, &text);
    }
}
