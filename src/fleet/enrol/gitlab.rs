//! The component that GitLab's pipelines include.

use serde_json::Value as Json;

use super::{
    Obstacle, Wanted,
    record::{masked, without_pin},
    sheet::{Sheet, read},
};
use crate::{
    document::{
        insert::{Notation, Step, Value},
        yaml::{Kind, Node},
    },
    model::text::excerpt,
};

/// Where a project's pipeline is, unless its settings say otherwise.
pub(super) const PIPELINE: &str = ".gitlab-ci.yml";

/// The key that holds what a pipeline includes.
pub(super) const INCLUDE: &str = "include";

/// The component that runs an agent.
const COMPONENT: &str = "exec";

/// The stage of its job unless it is told another.
const STAGE: &str = "test";

/// What the pipeline of a project includes.
pub(super) fn include(
    sheet: &mut Sheet<'_>,
    wanted: &Wanted<'_>,
    url: &str,
    source: &str,
) -> Result<(), Obstacle> {
    let text = sheet.text(PIPELINE)?.unwrap_or_default();
    let tree = read(PIPELINE, &text, Notation::Yaml)?;
    let root = tree.documents().next();
    let is_ours = |item: &Node<'_>| is_component(item, url, source);
    if let Some(item) = root.and_then(|root| included(&root).into_iter().find(is_ours)) {
        let value = masked(&item);
        sheet.claim(PIPELINE, INCLUDE, value);
        sheet.still_own(PIPELINE);
        return Ok(());
    }
    let mut inputs = vec![
        ("agent".to_owned(), Value::text("triage")),
        (
            "image".to_owned(),
            Value::text(wanted.ring.release.image().to_string()),
        ),
    ];
    if let Some(stage) = root.and_then(|root| other_stage(&root)) {
        sheet.note(format!(
            "{PIPELINE} has no stage `{STAGE}`: the agent's job is in `{}`",
            excerpt(&stage)
        ));
        inputs.push(("stage".to_owned(), Value::Text(stage)));
    }
    let version = &wanted.ring.release.action.version;
    let component = format!("$CI_SERVER_FQDN/{source}/{COMPONENT}");
    let pinned = Value::Text(format!("{component}@{version}"));
    let item = Value::Map(vec![
        ("component".to_owned(), pinned),
        ("inputs".to_owned(), Value::Map(inputs.clone())),
    ]);
    let inputs: Json = inputs
        .into_iter()
        .map(|(key, value)| match value {
            Value::Text(text) if key == "image" => (key, without_pin(&text).into()),
            Value::Text(text) => (key, text.into()),
            _ => (key, Json::Null),
        })
        .collect();
    let value = serde_json::json!({"component": component, "inputs": inputs});
    let at = [Step::Key(INCLUDE)];
    sheet
        .push(PIPELINE, Notation::Yaml, &at, &item, (INCLUDE, value))
        .map_err(|error| Obstacle::no_room(PIPELINE, &error))
}

/// What a pipeline includes, as a list.
pub(super) fn included<'t>(root: &Node<'t>) -> Vec<Node<'t>> {
    match root.get(INCLUDE) {
        None => Vec::new(),
        Some(list) if list.kind() == Kind::Sequence => list.items().collect(),
        Some(alone) => vec![alone],
    }
}

/// Whether `item` includes our component, of whatever version.
pub(super) fn is_component(item: &Node<'_>, url: &str, source: &str) -> bool {
    let name = item.get("component").and_then(|it| it.text());
    let Some((host, path)) = name.and_then(|it| without_pin(it).split_once('/')) else {
        return false;
    };
    let own = url.split_once("://").map_or(url, |(_, host)| host);
    let is_here = matches!(host, "$CI_SERVER_FQDN" | "$CI_SERVER_HOST") || host == own;
    is_here && path.strip_prefix(source) == Some(&format!("/{COMPONENT}"))
}

/// Whether a pipeline includes our component, as it is written here, and says nothing else.
pub(super) fn is_alone(text: &str, url: &str, source: &str) -> bool {
    let Ok(tree) = read(PIPELINE, text, Notation::Yaml) else {
        return false;
    };
    let mut documents = tree.documents();
    let (Some(root), None) = (documents.next(), documents.next()) else {
        return false;
    };
    let keys: Vec<&str> = root
        .own_entries()
        .filter_map(|(key, _)| key.text())
        .collect();
    let is_ours = |item: &Node<'_>| is_component(item, url, source) && is_plain(&masked(item));
    match included(&root).as_slice() {
        [item] => keys == [INCLUDE] && is_ours(item),
        _ => false,
    }
}

/// The stage of the job where the pipeline has stages and not the usual one: GitLab refuses a whole
/// pipeline for a job of a stage that is not there.
fn other_stage(root: &Node<'_>) -> Option<String> {
    let stages = root.get("stages")?;
    let mut names = stages.items().filter_map(|it| it.text());
    let first = names.next()?;
    let is_there = first == STAGE || names.any(|it| it == STAGE);
    (!is_there).then(|| first.to_owned())
}

/// Whether an item, its pins aside, has no more than what is written here.
pub(super) fn is_plain(item: &Json) -> bool {
    let known = |map: &Json, keys: &[&str]| {
        let map = map.as_object();
        map.is_none_or(|map| map.keys().all(|key| keys.contains(&key.as_str())))
    };
    known(item, &["component", "inputs"]) && known(&item["inputs"], &["agent", "image", "stage"])
}
