//! Where `dev/setup.sh forge` puts what forges publish about themselves.

use std::path::PathBuf;

/// The text of one of them.
///
/// # Panics
/// If it is not there: skipping what is held against it would look like passing.
#[expect(
    clippy::disallowed_methods,
    reason = "the seam belongs to the product, and these files are the developer's own"
)]
pub(super) fn installed(name: &str) -> String {
    let home = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = home("FULLSEND_DEV_CACHE")
        .or_else(|| Some(home("XDG_CACHE_HOME")?.join("fullsend-dev")))
        .or_else(|| Some(home("HOME")?.join(".cache/fullsend-dev")));
    let path = cache.unwrap_or_default().join("tools/forge").join(name);
    std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run `dev/setup.sh forge`", path.display()))
}
