//! Whether Renovate moves what only our preset teaches it to move.

use std::path::Path;

use crate::{
    document::{MAX_BYTES, Source, jsonc, yaml::Node},
    generate::renovate::is_default,
    model::renovate::PLACES,
    seam::files,
};

/// Whether the configuration that Renovate reads in the repository at `root` extends our preset.
///
/// Its manager moves a component's commit together with the version in the comment behind it.
pub(super) fn extends_our_preset(root: &Path) -> bool {
    // The first that exists counts for Renovate, and no other is read.
    let extends =
        PLACES.iter().find_map(
            |place| match files::read(&root.join(place), MAX_BYTES as u64) {
                Ok(bytes) => presets(Path::new(place), &bytes),
                Err(error) if error.is_not_found() => None,
                Err(_) => Some(Vec::new()),
            },
        );
    extends.is_some_and(|extends| extends.iter().any(|preset| is_default(preset)))
}

/// What the configuration extends: nothing of one that cannot be read, and none where a package.json
/// has no configuration.
fn presets(place: &Path, bytes: &[u8]) -> Option<Vec<String>> {
    let tree = Source::decode(place, bytes)
        .and_then(|source| jsonc::parse(&source, jsonc::Dialect::Json5));
    let Ok(tree) = tree else {
        return Some(Vec::new());
    };
    let root = tree.documents().next();
    let config = if place == Path::new("package.json") {
        Some(root?.get("renovate")?)
    } else {
        root
    };
    let extends = config.and_then(|config| config.get("extends"));
    let presets = extends.iter().flat_map(Node::items);
    Some(
        presets
            .filter_map(|it| it.text().map(str::to_owned))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::renovate::DEFAULT_PRESET;

    #[test]
    fn the_first_configuration_counts() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            files::make_parents(&path).unwrap();
            files::create(&path, text.as_bytes(), 0o644).unwrap();
        };
        assert!(!extends_our_preset(folder.path()));
        write("package.json", r#"{"name": "x"}"#);
        assert!(!extends_our_preset(folder.path()));
        write(
            ".renovaterc.json5",
            "{extends: ['config:recommended', 'github>fullsend-ai/fullsend//renovate/default']} // x",
        );
        assert!(extends_our_preset(folder.path()));
        write(
            ".github/renovate.json",
            r#"{"extends": ["config:recommended"]}"#,
        );
        assert!(!extends_our_preset(folder.path()));
    }

    #[test]
    fn our_default_preset_is_ours_wherever_it_is_fetched_from() {
        for preset in [
            DEFAULT_PRESET,
            "github>fullsend-ai/fullsend//renovate/default#v1.4.2",
            "gitlab>mirrors/of/ours//renovate/default",
            "local>acme/fullsend//renovate/default.json",
            "https://mirror.example/fullsend/renovate/default.json",
        ] {
            assert!(is_default(preset), "{preset}");
        }
        for preset in [
            "github>fullsend-ai/fullsend//renovate/automerge",
            "github>fullsend-ai/fullsend",
            "github>fullsend-ai/fullsend-docs",
            "github>fullsend-ai/fullsend-docs//presets/renovate/default",
            "https://mirror.example/renovate/default-not.json",
            "config:recommended",
            "",
        ] {
            assert!(!is_default(preset), "{preset}");
        }
    }

    #[test]
    fn one_that_cannot_be_read_is_the_one_that_counts() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            files::create(&folder.path().join(name), text.as_bytes(), 0o644).unwrap();
        };
        let ours = format!("{{\"extends\": [\"{DEFAULT_PRESET}\"]}}");
        write(".renovaterc", &ours);
        assert!(extends_our_preset(folder.path()));
        write("renovate.json", "{\"extends\": [");
        assert!(!extends_our_preset(folder.path()));
    }
}
