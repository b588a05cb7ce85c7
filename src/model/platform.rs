//! The platform an image is built for.

use std::{fmt, str::FromStr};

/// An operating system and architecture in Go's names, as manifests have them: `linux/arm64`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Platform {
    /// `linux` in practice.
    pub os: String,
    /// `amd64`, `arm64`, …
    pub architecture: String,
    /// `v7` of `linux/arm/v7`.
    pub variant: Option<String>,
}

/// Text that is not a platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a platform is written OS/ARCH or OS/ARCH/VARIANT, for example linux/amd64")]
pub struct PlatformError;

impl Platform {
    /// Linux on the architecture that this program was built for.
    pub fn host() -> Self {
        Self::linux(std::env::consts::ARCH)
    }

    /// Linux on `architecture`, in either Go's (`amd64`) or the kernel's name (`x86_64`).
    pub fn linux(architecture: &str) -> Self {
        let architecture = match architecture {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        Self {
            os: "linux".to_owned(),
            architecture: architecture.to_owned(),
            variant: None,
        }
    }

    /// Whether an image of platform `offered` may stand in for this one.
    ///
    /// A variant matters only where this platform names one, except that arm64's sole variant,
    /// `v8`, means the same as none.
    pub fn accepts(&self, offered: &Self) -> bool {
        let plain = |platform: &Self| match platform.variant.as_deref() {
            Some("v8") if platform.architecture == "arm64" => None,
            other => other.map(str::to_owned),
        };
        self.os == offered.os
            && self.architecture == offered.architecture
            && (plain(self).is_none() || plain(self) == plain(offered))
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |part: &&str| {
            !part.is_empty()
                && part.len() <= 32
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        let parts: Vec<&str> = text.split('/').collect();
        if !(2..=3).contains(&parts.len()) || !parts.iter().all(word) {
            return Err(PlatformError);
        }
        Ok(Self {
            os: parts[0].to_owned(),
            architecture: parts[1].to_owned(),
            variant: parts.get(2).map(|&variant| variant.to_owned()),
        })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant
            .iter()
            .try_for_each(|variant| write!(f, "/{variant}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes() {
        for text in ["linux/amd64", "linux/arm/v7"] {
            assert_eq!(text.parse::<Platform>().unwrap().to_string(), text);
        }
        for bad in ["", "linux", "linux/", "a/b/c/d", "linux/am d64"] {
            assert_eq!(bad.parse::<Platform>(), Err(PlatformError), "{bad:?}");
        }
    }

    #[test]
    fn arm64_v8_is_arm64() {
        let plain: Platform = "linux/arm64".parse().unwrap();
        let v8: Platform = "linux/arm64/v8".parse().unwrap();
        assert!(plain.accepts(&v8) && v8.accepts(&plain));
        let v7: Platform = "linux/arm/v7".parse().unwrap();
        assert!(!v7.accepts(&"linux/arm/v6".parse().unwrap()));
    }
}
