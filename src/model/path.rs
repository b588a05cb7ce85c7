//! Paths as texts.

use std::path::{Component, Path, PathBuf};

/// Resolves `.` and `..` in the text alone.
pub fn lexical(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                clean.pop();
            }
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_resolved_in_the_text_alone() {
        for (path, expected) in [
            ("/a/./b//c/", "/a/b/c"),
            ("/a/../../b/..", "/"),
            ("a/../..", ""),
            ("/no/such/../link", "/no/link"),
        ] {
            assert_eq!(lexical(Path::new(path)), Path::new(expected), "{path}");
        }
    }
}
