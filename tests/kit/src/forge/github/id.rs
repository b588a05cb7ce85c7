//! The names that GraphQL knows things by.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::graphql::Thing;
use crate::forge::Store;

/// The name of a thing that has one.
pub(super) fn of(thing: &Thing) -> Option<String> {
    let (prefix, parts) = match thing {
        Thing::Owner => ("O", String::new()),
        Thing::Repository(id) => ("R", id.to_string()),
        Thing::Ref(id, name) => ("REF", format!("{id}:{name}")),
        Thing::Commit(id, oid) => ("C", format!("{id}:{oid}")),
        Thing::Tree(id, oid) => ("T", format!("{id}:{oid}")),
        Thing::Blob(id, oid) => ("B", format!("{id}:{oid}")),
        Thing::Request(id, number) => ("PR", format!("{id}:{number}")),
        Thing::Workflow(id, number) => ("W", format!("{id}:{number}")),
        Thing::Run(id, number) => ("WFR", format!("{id}:{number}")),
        Thing::Suite(id, number) => ("CS", format!("{id}:{number}")),
        Thing::Check(id, number) => ("CR", format!("{id}:{number}")),
        _ => return None,
    };
    Some(format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(parts)))
}

/// The thing of that name, where it is there.
pub(super) fn find(store: &Store, id: &str) -> Option<Thing> {
    let (prefix, rest) = id.split_once('_')?;
    let parts = String::from_utf8(URL_SAFE_NO_PAD.decode(rest).ok()?).ok()?;
    let (repository, rest) = parts.split_once(':').unwrap_or((&parts, ""));
    if prefix == "O" {
        return Some(Thing::Owner);
    }
    let repository = store.repository(repository.parse().ok()?)?;
    let number = || rest.parse::<u64>().ok();
    let oid = || rest.parse().ok();
    let run = || number().filter(|number| repository.runs.iter().any(|run| run.id == *number));
    let id = repository.id;
    Some(match prefix {
        "R" => Thing::Repository(id),
        "REF" => Thing::Ref(id, repository.refs.get_key_value(rest)?.0.clone()),
        "C" => Thing::Commit(id, oid().filter(|oid| repository.commits.contains(oid))?),
        "T" => Thing::Tree(id, oid()?),
        "B" => Thing::Blob(id, oid()?),
        "PR" => Thing::Request(
            id,
            number().filter(|it| repository.requests.contains_key(it))?,
        ),
        "W" => Thing::Workflow(
            id,
            number().filter(|it| repository.workflows.iter().any(|known| known.id == *it))?,
        ),
        "WFR" => Thing::Run(id, run()?),
        "CS" => Thing::Suite(id, run()?),
        "CR" => Thing::Check(id, run()?),
        _ => return None,
    })
}
