//! The files themselves: those that we ship, and those that are generated.

use std::path::{Path, PathBuf};

use fullsend::{model::files::NoFiles, seam::files, validate};
use serde_json::Value;

use super::{root, shipped};
use crate::support::tools;

/// Every configuration and preset of ours.
fn all() -> Vec<PathBuf> {
    let snapshots = root().join("tests/integration/generate/snapshots/renovate");
    let mut found = shipped().to_vec();
    for case in files::folders(&snapshots).unwrap() {
        let case = snapshots.join(case);
        for folder in [case.clone(), case.join("renovate")] {
            let names = files::names(&folder).unwrap_or_default();
            let json = |name: &PathBuf| name.extension().is_some_and(|it| it == "json");
            found.extend(names.into_iter().filter(json).map(|name| folder.join(name)));
        }
    }
    assert!(found.len() > 5, "{found:?}");
    found
}

fn read(path: &Path) -> Vec<u8> {
    files::read(path, 1 << 20).unwrap()
}

#[test]
fn renovate_and_ours_find_nothing_wrong() {
    let files = all();
    assert_eq!(tools::renovate_config_validator(&files), "");
    assert_eq!(tools::check_jsonschema("renovate", &files), "");
    for path in &files {
        let name = path.file_name().unwrap();
        let checked = validate::check(Path::new(name), &read(path), None, &NoFiles);
        assert!(
            checked.problems.is_empty(),
            "{path:?}: {:#?}",
            checked.problems
        );
    }
}

/// With `Renovate`, which falls back to another engine where RE2 is not installed.
#[test]
fn every_pattern_is_one_for_re2() {
    let mut patterns = Vec::new();
    for path in all() {
        patterns_of(
            &serde_json::from_slice(&read(&path)).unwrap(),
            false,
            &mut patterns,
        );
    }
    assert!(patterns.len() > 20, "{patterns:#?}");
    assert_eq!(tools::re2(&patterns), "");
    // One that is slow in the other engine would hang here.
    let script = root().join("tests/integration/renovate/hostile.mjs");
    assert_eq!(tools::javascript(&script, &patterns), "");
    assert_ne!(tools::re2(&["(?=a)b".to_owned()]), "");
}

/// Texts between slashes, and those of keys that hold nothing but patterns.
fn patterns_of(value: &Value, is_pattern: bool, found: &mut Vec<String>) {
    match value {
        Value::Array(list) => {
            for item in list {
                patterns_of(item, is_pattern, found);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                let is_pattern = key == "matchStrings" || key == "extractVersion";
                patterns_of(value, is_pattern, found);
            }
        }
        Value::String(text) if is_pattern => found.push(text.clone()),
        Value::String(text) => {
            let text = text.strip_prefix('!').unwrap_or(text);
            let inner = text.strip_prefix('/').and_then(|it| it.strip_suffix('/'));
            found.extend(inner.map(str::to_owned));
        }
        _ => {}
    }
}
