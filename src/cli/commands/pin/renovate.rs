//! Whether Renovate moves what only our preset teaches it to move.

use std::path::Path;

use crate::{
    document::{MAX_BYTES, Source, jsonc, yaml::Node},
    model::renovate::PLACES,
    seam::files,
};

/// What the names of our presets hold, wherever they are fetched from.
const OURS: &str = "fullsend-ai/fullsend";

/// Whether the configuration that Renovate reads in the repository at `root` extends our preset.
///
/// Its manager moves a component's commit together with the version in the comment behind it.
pub(super) fn extends_our_preset(root: &Path) -> bool {
    // The first that exists counts for Renovate, and no other is read.
    let found = PLACES.iter().find_map(|place| {
        let bytes = files::read(&root.join(place), MAX_BYTES as u64).ok()?;
        let is_package = *place == "package.json";
        let extends = presets(Path::new(place), &bytes, is_package)?;
        Some(extends.iter().any(|preset| preset.contains(OURS)))
    });
    found.unwrap_or_default()
}

/// What the configuration extends; nothing where there is none.
fn presets(place: &Path, bytes: &[u8], is_package: bool) -> Option<Vec<String>> {
    let source = Source::decode(place, bytes).ok()?;
    let tree = jsonc::parse(&source, jsonc::Dialect::Json5).ok()?;
    let root = tree.documents().next()?;
    let config = if is_package {
        root.get("renovate")?
    } else {
        root
    };
    let extends = config.get("extends");
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
}
