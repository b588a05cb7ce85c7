//! What is known of Renovate.

/// The places where Renovate looks for a repository's configuration, in its order.
///
/// The first that exists counts, and no other is read. package.json is one where it has a
/// `renovate` key.
pub const PLACES: [&str; 14] = [
    "renovate.json",
    "renovate.jsonc",
    "renovate.json5",
    ".github/renovate.json",
    ".github/renovate.jsonc",
    ".github/renovate.json5",
    ".gitlab/renovate.json",
    ".gitlab/renovate.jsonc",
    ".gitlab/renovate.json5",
    ".renovaterc",
    ".renovaterc.json",
    ".renovaterc.jsonc",
    ".renovaterc.json5",
    "package.json",
];
