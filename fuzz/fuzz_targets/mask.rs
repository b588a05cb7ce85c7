//! Pins are taken out of any text without touching another byte, and taken out of it once only.
#![no_main]

use std::path::Path;

use fullsend::reference::{Reference, mask};
use libfuzzer_sys::fuzz_target;

const PATHS: [&str; 7] = [
    ".github/workflows/a.yml",
    "action.yml",
    ".gitlab-ci.yml",
    "config.toml",
    "Dockerfile",
    "values.yaml",
    "fullsend.yaml",
];

fuzz_target!(|input: &[u8]| {
    let Some((which, bytes)) = input.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let path = Path::new(PATHS[usize::from(*which) % PATHS.len()]);
    let masked = mask(path, text);
    assert_eq!(mask(path, &masked.text).text, masked.text);
    for spot in masked.references.iter().flat_map(Reference::spots) {
        assert_eq!(text.get(spot.at.clone()), Some(spot.text.as_str()));
    }
});
