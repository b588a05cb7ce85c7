//! What verification concludes about an image.

use super::exit_code;

/// The verdict on an image, in the order of the contract: the first that applies is reported.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// On the deny list, whatever its signature.
    Denied,
    /// A rule of the policy is satisfied.
    Verified,
    /// Something needed could not be fetched, and what was fetched satisfies no rule.
    Unavailable,
    /// Signed, but by nobody whom the policy accepts.
    Untrusted,
    /// An accepted signer's signature does not hold, or names another digest.
    Invalid,
    /// No signature.
    Unsigned,
}

impl Verdict {
    /// The exit code of `verify`, and of an `exec` that this verdict refused.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Denied => exit_code::DENIED,
            Self::Verified => exit_code::OK,
            Self::Unavailable => exit_code::UNAVAILABLE,
            Self::Invalid => exit_code::INVALID,
            Self::Untrusted => exit_code::UNTRUSTED,
            Self::Unsigned => exit_code::UNSIGNED,
        }
    }

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Verified => "verified",
            Self::Unavailable => "unavailable",
            Self::Invalid => "invalid",
            Self::Untrusted => "untrusted",
            Self::Unsigned => "unsigned",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
