//! Renovate's configuration, in every place and spelling that it reads.

mod allowed_versions;
mod bad_preset;
mod bad_value;
mod custom_manager;
mod deprecated_option;
mod disabled;
mod misplaced_option;
mod not_json;
mod old_preset;
mod options;
mod pattern;
mod place;
mod rule_without_matcher;
#[cfg(test)]
mod tests;
mod unknown_name;
mod unknown_option;
mod view;
mod wrong_type;

use std::path::Path;

pub(super) use view::Renovate;

use super::{Report, Rule, Subject, rule::Check};
use crate::{
    document::{
        DocumentError,
        jsonc::{self, Dialect},
        renovate::{PACKAGE, part},
        yaml::{Node, Yaml},
    },
    model::renovate::PLACES,
};

pub(super) static RULES: &[&Rule] = &[
    &unknown_option::RULE,
    &wrong_type::RULE,
    &deprecated_option::RULE,
    &misplaced_option::RULE,
    &rule_without_matcher::RULE,
    &pattern::RULE,
    &custom_manager::RULE,
    &unknown_name::RULE,
    &bad_value::RULE,
    &old_preset::RULE,
    &bad_preset::RULE,
    &allowed_versions::RULE,
    &disabled::RULE,
    &not_json::RULE,
    &place::RULE,
];

/// Whether a file of this name is Renovate's, or may be.
pub(super) fn is_name(path: &Path) -> bool {
    is_own_name(path) || may_be(path)
}

/// Names that nothing else has.
fn is_own_name(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let stem = name.map(|name| {
        name.split_once(".json")
            .map_or((name, ""), |(stem, rest)| (stem, rest))
    });
    match stem {
        Some(("renovate", rest)) => name != Some("renovate") && matches!(rest, "" | "c" | "5"),
        Some((".renovaterc", rest)) => matches!(rest, "" | "c" | "5"),
        _ => false,
    }
}

/// package.json, which may hold a configuration, and files of presets.
fn may_be(path: &Path) -> bool {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let folder = path.parent().and_then(Path::file_name);
    let extension = path.extension().and_then(|extension| extension.to_str());
    let json = matches!(extension, Some("json" | "jsonc" | "json5"));
    matches!(name, PACKAGE | "default.json") || (json && folder.is_some_and(|it| it == "renovate"))
}

/// Whether the bytes of a file of such a name could be Renovate's.
pub(super) fn may_be_ours(path: &Path, bytes: &[u8]) -> bool {
    let holds = |needle: &str| memchr::memmem::find(bytes, needle.as_bytes()).is_some();
    is_own_name(path)
        || holds("\"renovate\"")
        || holds("renovate-schema")
        || (holds("packageRules") && !path.ends_with(PACKAGE))
}

/// Looks at Renovate's configuration with every rule; whether it is one.
pub(super) fn check(subject: Subject<'_>, report: &mut Report<'_>) -> Result<bool, DocumentError> {
    let path = subject.source.file();
    let (tree, loose) = match read(subject) {
        Err(_) if may_be(path) => return Ok(false),
        read => read?,
    };
    let Some(root) = tree.documents().next().and_then(|root| own(path, &root)) else {
        return Ok(is_own_name(path));
    };
    if !root.is_mapping() {
        let message = format!(
            "the file is {}, and Renovate takes an object",
            root.kind().name()
        );
        report.at(&wrong_type::RULE, root.at(), message);
        return Ok(true);
    }
    let is_preset = !PLACES.iter().any(|place| Path::new(place) == path);
    let view = Renovate::new(subject, root, is_preset, loose);
    for rule in RULES {
        if let Check::Renovate(check) = rule.check {
            check(&view, report);
        }
    }
    Ok(true)
}

/// The file as Renovate reads it: JSON with comments; if it is none, JSON5, which it is to be called.
fn read(subject: Subject<'_>) -> Result<(Yaml, bool), DocumentError> {
    let extension = subject.source.file().extension();
    if extension.is_some_and(|it| it == "json5") {
        return Ok((jsonc::parse(subject.source, Dialect::Json5)?, false));
    }
    match jsonc::parse(subject.source, Dialect::Jsonc) {
        Ok(tree) => Ok((tree, false)),
        // Where both fail, the words about JSON tell more.
        Err(error) => match jsonc::parse(subject.source, Dialect::Json5) {
            Ok(tree) => Ok((tree, true)),
            Err(_) => Err(error),
        },
    }
}

/// The part of the file that is Renovate's.
fn own<'t>(path: &Path, root: &Node<'t>) -> Option<Node<'t>> {
    if path.ends_with(PACKAGE) {
        return part(root, path).filter(Node::is_mapping);
    }
    if is_own_name(path) {
        return Some(*root);
    }
    let schema = root.get("$schema").and_then(|schema| schema.text());
    let preset =
        schema.is_some_and(|text| text.contains("renovate")) || root.get("packageRules").is_some();
    preset.then_some(*root)
}
