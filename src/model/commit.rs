//! The names of commits.

use std::{fmt, str::FromStr};

/// The full name of a commit: 40 or 64 hexadecimal digits, so never an option, a branch or a tag.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommitId(String);

/// What is not the full name of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a commit's 40 or 64 hexadecimal digits")]
pub struct NotACommitId;

impl CommitId {
    /// The 40 (SHA-1) or 64 (SHA-256) lower-case digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 digits, for messages.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl FromStr for CommitId {
    type Err = NotACommitId;

    fn from_str(text: &str) -> Result<Self, NotACommitId> {
        let is_hex = text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        // 40 zeros are what the platforms say where there is no commit.
        let is_null = text.bytes().all(|byte| byte == b'0');
        if matches!(text.len(), 40 | 64) && is_hex && !is_null {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotACommitId)
        }
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_has_all_its_digits_in_lower_case() {
        for text in ["a1".repeat(20), "0f".repeat(32)] {
            assert_eq!(text.parse::<CommitId>().unwrap().as_str(), text);
        }
        for text in [
            "a1".repeat(19),
            "A1".repeat(20),
            "0".repeat(40),
            "g".repeat(40),
        ] {
            assert_eq!(text.parse::<CommitId>(), Err(NotACommitId), "{text}");
        }
    }
}
