//! Keeps `unsafe` where it is argued for.

use std::fs;
use std::path::Path;

use crate::sandbox::read;

/// Every `unsafe` of the package, all in `src/sys.rs`. Raise it only with a reason.
const UNSAFE_BLOCKS: usize = 9;

#[test]
fn unsafe_is_confined_counted_and_argued() {
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        let text = read(&path);
        let blocks = text.matches("unsafe {").count();
        let argued = text.matches("// SAFETY:").count();
        let expected = if path.ends_with("sys.rs") {
            UNSAFE_BLOCKS
        } else {
            0
        };
        assert_eq!((blocks, argued), (expected, expected), "{}", path.display());
        assert!(!text.contains("unsafe fn") && !text.contains("unsafe impl"));
    }
}
