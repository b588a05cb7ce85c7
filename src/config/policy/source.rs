//! Where keys and trusted roots are: a grammar each, for fullsend.yaml and for flags.

use std::{
    fmt,
    path::{Component, PathBuf},
    str::FromStr,
};

use crate::config::{
    EnvName,
    checker::text,
    suggest::suggest,
    value::{ValueError, excerpt},
};

/// A Sigstore instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootSource {
    /// The public-good instance, <https://sigstore.dev>.
    PublicGood,
    /// GitHub's own, which signs the attestations of private repositories.
    GitHub,
    /// The `trusted_root.json` of another; where relative, beside fullsend.yaml.
    File(PathBuf),
}

/// Where a public key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A PEM file; where relative, beside fullsend.yaml.
    File(PathBuf),
    /// A variable that holds the PEM text.
    Env(String),
}

impl FromStr for KeySource {
    type Err = ValueError;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        const MANAGED: [&str; 7] = [
            "awskms",
            "gcpkms",
            "azurekms",
            "hashivault",
            "k8s",
            "pkcs11",
            "gitlab",
        ];
        let mend = "export the public key to a file (`cosign public-key --key URI`) and name that";
        if written.trim_start().starts_with("-----BEGIN") {
            return Err(ValueError::new("the key itself stands here")
                .mend("name a file that holds it, or `env://NAME`"));
        }
        match written.split_once("://") {
            Some(("env", name)) => {
                let name: EnvName = name.parse()?;
                Ok(Self::Env(name.name().to_owned()))
            }
            Some((scheme, _)) if MANAGED.contains(&scheme) => Err(ValueError::new(format!(
                "keys in a key management service (`{scheme}://`) are not supported by this version"
            ))
            .mend(mend)),
            Some(("file", path)) => Err(ValueError::new(
                "a key file is named by its path, not by a URL",
            )
            .mend(format!("write `{}`", excerpt(path)))),
            Some((scheme, _)) => Err(ValueError::new(format!(
                "a key is never fetched (`{}://`): whoever serves it would decide whom to trust",
                excerpt(scheme)
            ))
            .mend("keep the public key in a file beside fullsend.yaml")),
            None if written.starts_with("pkcs11:") => Err(ValueError::new(
                "keys on a PKCS#11 token are not supported by this version",
            )
            .mend(mend)),
            None => Ok(Self::File(PathBuf::from(text(written)?))),
        }
    }
}

impl KeySource {
    /// Whether both name the same place, however a path is spelled.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let plain = |path: &PathBuf| -> PathBuf {
            let parts = path.components();
            parts
                .filter(|part| !matches!(part, Component::CurDir))
                .collect()
        };
        match (self, other) {
            (Self::File(one), Self::File(other)) => plain(one) == plain(other),
            _ => self == other,
        }
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Env(name) => write!(f, "env://{name}"),
        }
    }
}

impl RootSource {
    const NAMES: [&str; 2] = ["public-good", "github"];
}

impl FromStr for RootSource {
    type Err = ValueError;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        match written {
            "public-good" => return Ok(Self::PublicGood),
            "github" => return Ok(Self::GitHub),
            _ => {}
        }
        if let Some((scheme, _)) = written.split_once("://") {
            return Err(ValueError::new(format!(
                "a trusted root is never fetched (`{}://`): whoever serves it would decide whom to trust",
                excerpt(scheme)
            ))
            .mend("name a `trusted_root.json`, `public-good` or `github`"));
        }
        // A path or a file's ending says that a file is meant.
        let near = suggest(written, Self::NAMES.into_iter());
        match near.filter(|_| !written.contains(['/', '.'])) {
            Some(near) => Err(ValueError::new(format!(
                "`{}` is not a Sigstore instance",
                excerpt(written)
            ))
            .mend(format!(
                "did you mean `{near}`? A file of this name is written `./{}`",
                excerpt(written)
            ))),
            None => Ok(Self::File(PathBuf::from(text(written)?))),
        }
    }
}

impl fmt::Display for RootSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PublicGood => f.write_str("public-good"),
            Self::GitHub => f.write_str("github"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_named_or_files() {
        let parse = str::parse::<RootSource>;
        assert_eq!(parse("public-good"), Ok(RootSource::PublicGood));
        assert_eq!(parse("github"), Ok(RootSource::GitHub));
        for file in ["root.json", "./github", "trust/root.json"] {
            assert_eq!(parse(file), Ok(RootSource::File(file.into())));
        }
        for (bad, mend) in [
            ("GitHub", "did you mean `github`?"),
            ("publicgood", "did you mean `public-good`?"),
            ("https://a.b/root.json", "`trusted_root.json`"),
        ] {
            assert!(
                parse(bad).unwrap_err().hint().unwrap().contains(mend),
                "{bad}"
            );
        }
        assert!(parse("").is_err() && parse("a\nb").is_err());
    }
}
