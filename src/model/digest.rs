//! Content digests, as the OCI image specification writes them.

use std::{fmt, str::FromStr};

use sha2::{Digest as _, Sha256};

/// The digest of a manifest or blob: `sha256:` and 64 lower-case hexadecimal digits.
///
/// A value of this type is safe to place in a URL path: anything else is refused when parsed.
/// `sha512` digests are refused too, as no image registry in use issues them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(String);

/// Text that is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// There is no known algorithm before a colon.
    #[error("a digest starts with `sha256:`")]
    Algorithm,
    /// It would be a digest in lower case.
    #[error("a digest is written in lower case: write it so")]
    UpperCase,
    /// What follows is not 64 lower-case hexadecimal digits.
    #[error("a sha256 digest has 64 lower-case hexadecimal digits")]
    Hex,
}

impl Digest {
    const PREFIX: &str = "sha256:";

    /// Hashes `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_sha256(Sha256::digest(bytes).into())
    }

    /// Wraps an already computed SHA-256.
    pub fn from_sha256(sha256: [u8; 32]) -> Self {
        Self(format!("{}{}", Self::PREFIX, hex::encode(sha256)))
    }

    /// The whole text, `sha256:…`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 64 hexadecimal digits alone.
    pub fn hex(&self) -> &str {
        &self.0[Self::PREFIX.len()..]
    }

    /// The 32 bytes behind the text.
    pub fn sha256(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let decoded = hex::decode_to_slice(self.hex(), &mut bytes);
        debug_assert!(decoded.is_ok(), "64 digits were checked when parsed");
        bytes
    }

    /// The tag under which cosign looks for what belongs to this digest: `sha256-<hex>`.
    pub fn fallback_tag(&self) -> String {
        format!("sha256-{}", self.hex())
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (algorithm, hex) = text
            .split_at_checked(Self::PREFIX.len())
            .filter(|(algorithm, _)| algorithm.eq_ignore_ascii_case(Self::PREFIX))
            .ok_or(DigestError::Algorithm)?;
        if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(DigestError::Hex);
        }
        if [algorithm, hex]
            .iter()
            .any(|part| part.contains(|c: char| c.is_ascii_uppercase()))
        {
            return Err(DigestError::UpperCase);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_and_reads_back() {
        let digest = Digest::of(b"hello");
        assert_eq!(
            digest.as_str(),
            "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        );
        assert_eq!(digest.as_str().parse::<Digest>(), Ok(digest.clone()));
        assert_eq!(Digest::from_sha256(digest.sha256()), digest);
    }

    #[test]
    fn says_that_only_the_case_is_wrong() {
        for text in [
            format!("sha256:{}A", "a".repeat(63)),
            format!("SHA256:{}", "a".repeat(64)),
        ] {
            assert_eq!(text.parse::<Digest>(), Err(DigestError::UpperCase));
        }
    }

    #[test]
    fn refuses_what_could_leave_the_path() {
        let hex = "a".repeat(64);
        for bad in [
            String::new(),
            "sha256:".to_owned(),
            format!("sha512:{hex}"),
            format!("sha256:{}", hex.to_uppercase()),
            format!("sha256:{}", "a".repeat(63)),
            format!("sha256:{}", "../".repeat(21) + "a"),
            format!("sha256:{hex}\n"),
            format!("sha256:{}é", "a".repeat(62)),
        ] {
            assert!(bad.parse::<Digest>().is_err(), "{bad:?}");
        }
    }
}
