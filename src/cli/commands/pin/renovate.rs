//! Whether Renovate moves what only our preset teaches it to move.

use std::path::Path;

use crate::{
    document::{MAX_BYTES, renovate},
    generate::renovate::is_default,
    seam::files,
};

/// Whether the configuration that Renovate reads in the repository at `root` extends our preset.
///
/// Its manager moves a component's commit together with the version in the comment behind it.
pub(super) fn extends_our_preset(root: &Path) -> bool {
    let found = renovate::choose(|place| {
        match files::read(&root.join(place), MAX_BYTES as u64) {
            // What is no text reads as nothing.
            Ok(bytes) => Ok(Some(String::from_utf8(bytes).unwrap_or_default())),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    });
    let Ok(Some(found)) = found else {
        return false;
    };
    let tree = found.notation.read(&found.text);
    let root = tree.as_ref().ok().and_then(|tree| tree.documents().next());
    let extends = root.map(|root| renovate::extended(&root, found.path));
    extends.is_some_and(|extends| extends.iter().any(|preset| is_default(preset)))
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
