//! What the product calls itself and its parts: the one table to change should it be renamed.

/// Words before a version by which a comment says for which release a policy is written.
pub(super) const COMMENT_WORDS: &[&str] = &["openshell", "ryno"];

/// What the gateway's own network policies are called by.
pub(super) const RESERVED_PREFIX: &str = "_provider_";

/// The one user that is known by its name.
pub(super) const SANDBOX_USER: &str = "sandbox";
