//! Whether an image that the runtime has is the one that was verified.
//!
//! A tag says nothing: whoever may talk to the runtime can give any image any tag. What binds are
//! the identifiers by content. The runtime files an image under `repository@digest` only after it
//! has received a manifest of that digest from that repository, and its own identifier is a digest
//! as well: of the configuration (which lists every layer) with Docker's graph drivers and Podman,
//! of the manifest or index with the containerd store. So the image is looked up by
//! `repository@digest` for each verified digest, and from then on named by its identifier alone:
//! between this check and `create` nothing can be moved under that name.

use crate::model::{
    digest::Digest,
    image::{ImageReference, Repository},
    platform::Platform,
};

/// An image of the runtime that was checked against what was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalImage {
    id: Digest,
    repository: Repository,
    digest: Digest,
    foreign_platform: Option<Platform>,
    defaults: ImageDefaults,
}

/// What an image says about how it wants to be run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageDefaults {
    /// The program that every command goes through; may be empty.
    pub entrypoint: Vec<String>,
    /// The command where none is given; may be empty.
    pub command: Vec<String>,
    /// `UID[:GID]` or names; empty is root.
    pub user: String,
}

/// What the runtime says of an image.
#[derive(Clone, Debug, Default)]
pub(super) struct ImageFacts {
    pub(super) id: String,
    pub(super) repo_digests: Vec<String>,
    pub(super) os: String,
    pub(super) architecture: String,
    pub(super) variant: Option<String>,
    pub(super) defaults: ImageDefaults,
}

/// Why an image of the runtime is not the verified one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum IdentityError {
    #[error("its identifier `{0}` is no digest")]
    Identifier(String),
    #[error("it is not filed under the verified digest")]
    Digest,
    #[error("it is for {0}")]
    Platform(String),
}

impl LocalImage {
    /// The identifier by content that `create` names the image by.
    pub fn id(&self) -> &Digest {
        &self.id
    }

    /// The verified repository and digest under which the runtime has it.
    pub fn reference(&self) -> ImageReference {
        self.repository.at(&self.digest)
    }

    /// What the image says about how it wants to be run.
    pub fn defaults(&self) -> &ImageDefaults {
        &self.defaults
    }

    /// The image's platform where it is not the runtime's own.
    pub(super) fn foreign_platform(&self) -> Option<&Platform> {
        self.foreign_platform.as_ref()
    }
}

/// Decides whether `facts`, the answer to a look-up of `repository@digest`, are those of the
/// verified image.
pub(super) fn check(
    facts: &ImageFacts,
    repository: &Repository,
    digest: &Digest,
    wanted: &Platform,
    machine: &Platform,
) -> Result<LocalImage, IdentityError> {
    let id = identifier(&facts.id).ok_or_else(|| IdentityError::Identifier(facts.id.clone()))?;
    // Docker writes `busybox@…` where Podman writes `docker.io/library/busybox@…`: both are parsed.
    let filed = |entry: &String| {
        entry.parse::<ImageReference>().is_ok_and(|reference| {
            reference.repository() == repository && reference.digest() == Some(digest)
        })
    };
    // The containerd store's identifier is the digest that was asked for, which needs no filing.
    if id != *digest && !facts.repo_digests.iter().any(filed) {
        return Err(IdentityError::Digest);
    }
    let offered = Platform {
        os: facts.os.clone(),
        architecture: facts.architecture.clone(),
        variant: facts.variant.clone().filter(|variant| !variant.is_empty()),
    };
    if !wanted.accepts(&offered) {
        return Err(IdentityError::Platform(offered.to_string()));
    }
    Ok(LocalImage {
        id,
        repository: repository.clone(),
        digest: digest.clone(),
        foreign_platform: (!machine.accepts(wanted)).then(|| wanted.clone()),
        defaults: facts.defaults.clone(),
    })
}

/// Reads an image's identifier, which Podman writes without its algorithm in places.
pub(super) fn identifier(text: &str) -> Option<Digest> {
    let whole = || format!("sha256:{text}").parse().ok();
    text.parse().ok().or_else(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(letter: &str) -> Digest {
        format!("sha256:{}", letter.repeat(64)).parse().unwrap()
    }

    fn facts(id: &Digest, repo_digests: &[String]) -> ImageFacts {
        ImageFacts {
            id: id.to_string(),
            repo_digests: repo_digests.to_vec(),
            os: "linux".to_owned(),
            architecture: "amd64".to_owned(),
            variant: None,
            defaults: ImageDefaults::default(),
        }
    }

    fn decide(facts: &ImageFacts, repository: &str) -> Result<LocalImage, IdentityError> {
        let amd64 = Platform::linux("amd64");
        let repository = repository.parse().unwrap();
        check(facts, &repository, &digest("a"), &amd64, &amd64)
    }

    #[test]
    fn the_verified_digest_of_the_same_repository_is_accepted() {
        let wanted = digest("a");
        for (repository, filed) in [
            ("busybox", format!("busybox@{wanted}")),
            ("busybox", format!("docker.io/library/busybox@{wanted}")),
            ("ghcr.io/a/b", format!("ghcr.io/a/b@{wanted}")),
            ("127.0.0.1:5000/a", format!("127.0.0.1:5000/a@{wanted}")),
        ] {
            let image = decide(&facts(&digest("c"), &[filed]), repository).unwrap();
            assert_eq!(image.id(), &digest("c"));
            assert_eq!(image.reference().digest(), Some(&wanted));
        }
    }

    #[test]
    fn another_digest_repository_or_a_mere_tag_is_refused() {
        for filed in [
            vec![],
            vec![format!("ghcr.io/a/b@{}", digest("b"))],
            vec![format!("ghcr.io/a/other@{}", digest("a"))],
            vec![format!("evil.example/a/b@{}", digest("a"))],
            vec!["ghcr.io/a/b:1".to_owned(), "<none>@<none>".to_owned()],
        ] {
            assert_eq!(
                decide(&facts(&digest("c"), &filed), "ghcr.io/a/b"),
                Err(IdentityError::Digest),
                "{filed:?}"
            );
        }
    }

    #[test]
    fn the_containerd_stores_identifier_is_the_digest_itself() {
        let image = decide(&facts(&digest("a"), &[]), "ghcr.io/a/b").unwrap();
        assert_eq!(image.id(), &digest("a"));
    }

    #[test]
    fn another_platform_or_no_identifier_is_refused() {
        let filed = [format!("ghcr.io/a/b@{}", digest("a"))];
        let mut arm = facts(&digest("c"), &filed);
        arm.architecture = "arm64".to_owned();
        assert_eq!(
            decide(&arm, "ghcr.io/a/b"),
            Err(IdentityError::Platform("linux/arm64".to_owned()))
        );
        let mut nameless = facts(&digest("c"), &filed);
        nameless.id = "busybox".to_owned();
        assert!(matches!(
            decide(&nameless, "ghcr.io/a/b"),
            Err(IdentityError::Identifier(_))
        ));
    }

    #[test]
    fn a_foreign_platform_is_remembered_for_create() {
        let filed = [format!("ghcr.io/a/b@{}", digest("a"))];
        let mut arm = facts(&digest("c"), &filed);
        arm.architecture = "arm64".to_owned();
        let wanted = Platform::linux("arm64");
        let image = check(
            &arm,
            &"ghcr.io/a/b".parse().unwrap(),
            &digest("a"),
            &wanted,
            &Platform::linux("amd64"),
        );
        assert_eq!(image.unwrap().foreign_platform(), Some(&wanted));
    }
}
