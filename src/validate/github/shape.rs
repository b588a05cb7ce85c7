//! What a step says, and what `uses` may name.

use std::{ops::Range, path::Path};

use super::view::Step;

/// A kind of step, told by its key, with the keys that go only with it.
pub(super) struct StepKind {
    key: &'static str,
    keys: &'static [&'static str],
}

/// Every kind of step of a job.
pub(super) const KINDS: &[StepKind] = &[
    StepKind {
        key: "run",
        keys: &["shell", "working-directory"],
    },
    StepKind {
        key: "uses",
        keys: &["with"],
    },
    StepKind {
        key: "wait",
        keys: &[],
    },
    StepKind {
        key: "wait-all",
        keys: &[],
    },
    StepKind {
        key: "cancel",
        keys: &[],
    },
    StepKind {
        key: "parallel",
        keys: &[],
    },
];

/// Every kind of step of a composite action.
pub(super) const COMPOSITE_KINDS: &[StepKind] = KINDS.split_at(2).0;

/// The first thing wrong with how a step is put together.
pub(super) fn wrong(step: &Step<'_>, kinds: &[StepKind]) -> Option<(Range<usize>, String)> {
    if !step.node.is_mapping() {
        return None;
    }
    let entries = step.node.entries();
    let place = |wanted: &str| {
        let mut entries = entries.iter();
        entries
            .find(|(key, _)| key.text() == Some(wanted))
            .map(|(key, _)| key.at())
    };
    let said: Vec<_> = (kinds.iter())
        .filter_map(|kind| Some((kind, place(kind.key)?)))
        .collect();
    let (kind, _) = match said.as_slice() {
        [] => {
            let first = entries.first().map_or(step.node.at(), |(key, _)| key.at());
            return Some((first, "a step needs `run` or `uses`".to_owned()));
        }
        [only] => only,
        [(first, _), (second, at), ..] => {
            let message = format!("a step has `{}` or `{}`, not both", first.key, second.key);
            return Some((at.clone(), message));
        }
    };
    let others = kinds.iter().filter(|other| other.key != kind.key);
    let mut foreign = others.flat_map(|other| other.keys.iter().map(move |key| (key, other)));
    foreign.find_map(|(key, other)| {
        let message = format!(
            "`{key}` goes with `{}`, and this step has `{}`",
            other.key, kind.key
        );
        Some((place(key)?, message))
    })
}

/// What is wrong with the `uses` of a step.
pub(super) fn wrong_uses(uses: &str) -> Option<String> {
    let local = ["docker://", "./", ".\\", "$/", "../"];
    if uses.is_empty() || uses.contains("${{") || local.iter().any(|it| uses.starts_with(it)) {
        return None;
    }
    let Some((path, reference)) = uses.split_once('@') else {
        return Some("this names no version: what follows `@` is missing".to_owned());
    };
    if reference.is_empty() || reference.contains('@') {
        return Some("one version follows `@`".to_owned());
    }
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [owner, repository, ..] if owner.is_empty() || repository.is_empty() => {
            Some("an action is named by its owner and its repository".to_owned())
        }
        [_, _, ".github", "workflows", ..] => {
            Some("a workflow is called by a job's `uses`, not by a step's".to_owned())
        }
        [_, _, ..] => None,
        _ => Some("an action is named by its owner and its repository".to_owned()),
    }
}

/// What is wrong with the `uses` of a job.
pub(super) fn wrong_call(uses: &str) -> Option<String> {
    if uses.is_empty() || uses.contains("${{") || uses.starts_with("$/") {
        return None;
    }
    let is_file = |path: &str| {
        let extension = Path::new(path).extension();
        extension.is_some_and(|extension| extension == "yml" || extension == "yaml")
    };
    if let Some(path) = uses.strip_prefix("./") {
        if path.contains('@') {
            return Some("a workflow of the same repository is called without `@`".to_owned());
        }
        let fits = path.strip_prefix(".github/workflows/").is_some_and(is_file);
        return (!fits).then(|| "a workflow lies in `.github/workflows/` itself".to_owned());
    }
    let Some((path, reference)) = uses.split_once('@') else {
        return Some("this names no version: what follows `@` is missing".to_owned());
    };
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [owner, repository, ".github", "workflows", file]
            if !owner.is_empty() && !repository.is_empty() && is_file(file) =>
        {
            reference
                .is_empty()
                .then(|| "one version follows `@`".to_owned())
        }
        _ => Some("a workflow is named `owner/repository/.github/workflows/file.yml`".to_owned()),
    }
}
