//! Image references, by the grammar of `distribution/reference`.

use std::{fmt, str::FromStr};

use super::digest::{Digest, DigestError};

/// A repository: registry host and path, normalised as docker does it.
///
/// `alpine` is `docker.io/library/alpine`. The host may carry a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository {
    host: String,
    path: String,
}

/// A repository with a tag, a digest or both: what a user names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageReference {
    repository: Repository,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// Text that is not an image reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageReferenceError {
    /// Nothing, or more than 512 bytes.
    #[error("an image reference has 1 to 512 characters")]
    Length,
    /// The part before the first slash is no host name.
    #[error("`{0}` is not a registry host")]
    Host(String),
    /// The path has characters or an order of characters that no registry accepts.
    #[error("`{0}` is not a repository path: lower-case letters, digits and single separators")]
    Path(String),
    /// The tag is malformed.
    #[error("`{0}` is not a tag: up to 128 letters, digits, `_`, `.` and `-`")]
    Tag(String),
    /// The digest is malformed.
    #[error("after `@` stands a digest")]
    Digest(#[from] DigestError),
    /// Neither a tag nor a digest: `latest` is never assumed.
    #[error("the image names neither a tag nor a digest, and `latest` is never assumed")]
    Unpinned,
}

impl Repository {
    /// The registry's name as a user writes it, with its port: `ghcr.io`, `127.0.0.1:5000`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path under the host: `library/alpine`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// This repository at `tag`; nothing for text that is no tag.
    pub fn tagged(&self, tag: &str) -> Option<ImageReference> {
        is_tag(tag).then(|| ImageReference {
            repository: self.clone(),
            tag: Some(tag.to_owned()),
            digest: None,
        })
    }

    /// This repository at `tag` and `digest`; nothing for text that is no tag.
    pub fn tagged_at(&self, tag: &str, digest: &Digest) -> Option<ImageReference> {
        let digest = Some(digest.clone());
        self.tagged(tag)
            .map(|image| ImageReference { digest, ..image })
    }

    /// This repository at `digest`.
    pub fn at(&self, digest: &Digest) -> ImageReference {
        ImageReference {
            repository: self.clone(),
            tag: None,
            digest: Some(digest.clone()),
        }
    }
}

impl FromStr for Repository {
    type Err = ImageReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.len() > ImageReference::MAX_LENGTH {
            return Err(ImageReferenceError::Length);
        }
        let (host, path) = match text.split_once('/') {
            Some((first, rest)) if looks_like_host(first) => (first, rest),
            _ => ("docker.io", text),
        };
        if !is_host(host) {
            return Err(ImageReferenceError::Host(host.to_owned()));
        }
        if path.is_empty() || !path.split('/').all(is_path_component) {
            return Err(ImageReferenceError::Path(path.to_owned()));
        }
        let host = if host == "index.docker.io" {
            "docker.io"
        } else {
            host
        };
        let path = if host == "docker.io" && !path.contains('/') {
            format!("library/{path}")
        } else {
            path.to_owned()
        };
        Ok(Self {
            host: host.to_owned(),
            path,
        })
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

impl ImageReference {
    /// Longer text is refused before it is looked at.
    pub const MAX_LENGTH: usize = 512;

    /// Where the image lies.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tag; where there is a digest too, it is for people only and never resolved.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, which alone counts where there is one.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }
}

impl FromStr for ImageReference {
    type Err = ImageReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.len() > Self::MAX_LENGTH {
            return Err(ImageReferenceError::Length);
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse()?)),
            None => (text, None),
        };
        // A colon before the last slash belongs to the host's port.
        let tag_at = rest
            .rfind(':')
            .filter(|&colon| !rest[colon..].contains('/'));
        let (name, tag) = match tag_at {
            Some(colon) => (&rest[..colon], Some(&rest[colon + 1..])),
            None => (rest, None),
        };
        if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
            return Err(ImageReferenceError::Tag(tag.to_owned()));
        }
        if tag.is_none() && digest.is_none() {
            name.parse::<Repository>()?;
            return Err(ImageReferenceError::Unpinned);
        }
        let reference = Self {
            repository: name.parse()?,
            tag: tag.map(str::to_owned),
            digest,
        };
        // With what goes without saying, it must still be one that can be read.
        if reference.to_string().len() > Self::MAX_LENGTH {
            return Err(ImageReferenceError::Length);
        }
        Ok(reference)
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.repository)?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest
            .iter()
            .try_for_each(|digest| write!(f, "@{digest}"))
    }
}

/// Whether `tag` has the form that registries accept.
pub fn is_tag(tag: &str) -> bool {
    let body = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    (1..=128).contains(&tag.len()) && !tag.starts_with(['.', '-']) && tag.bytes().all(body)
}

/// Docker's rule for telling a host from the first part of a path.
fn looks_like_host(first: &str) -> bool {
    first.contains(['.', ':'])
        || first == "localhost"
        || first.bytes().any(|b| b.is_ascii_uppercase())
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => {
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            return rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
        }
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    name.split('.').all(label) && port.is_none_or(is_port)
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port != 0)
}

/// Alphanumeric runs, separated by one `.`, one or two `_`, or any number of `-`.
fn is_path_component(component: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let (Some(first), Some(last)) = (component.bytes().next(), component.bytes().last()) else {
        return false;
    };
    alphanumeric(first)
        && alphanumeric(last)
        && component
            .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            .all(|run| matches!(run, "" | "." | "_" | "__") || run.bytes().all(|b| b == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[test]
    fn normalises_as_docker_does() {
        for (text, whole) in [
            ("alpine:3", "docker.io/library/alpine:3"),
            ("index.docker.io/a/b:1", "docker.io/a/b:1"),
            ("localhost/a:1", "localhost/a:1"),
            ("127.0.0.1:5000/a/b:1.2.3", "127.0.0.1:5000/a/b:1.2.3"),
            ("[::1]:5000/a:1", "[::1]:5000/a:1"),
            ("team/a__b-c.d:V1", "docker.io/team/a__b-c.d:V1"),
        ] {
            assert_eq!(text.parse::<ImageReference>().unwrap().to_string(), whole);
        }
    }

    #[test]
    fn keeps_tag_and_digest() {
        let image: ImageReference = format!("ghcr.io/a/b:1.4.2@{HEX}").parse().unwrap();
        assert_eq!(image.tag(), Some("1.4.2"));
        assert_eq!(image.digest().unwrap().as_str(), HEX);
        assert_eq!(image.repository().to_string(), "ghcr.io/a/b");
    }

    /// Found by fuzzing: what goes without saying counts.
    #[test]
    fn the_longest_is_still_one_when_it_is_written_out() {
        for (written, prefix) in [("a/", "docker.io/"), ("", "docker.io/library/")] {
            let room = ImageReference::MAX_LENGTH - prefix.len() - written.len() - 2;
            for (length, is_one) in [(room, true), (room + 1, false)] {
                let text = format!("{written}{}:1", "a".repeat(length));
                assert_eq!(text.parse::<ImageReference>().is_ok(), is_one, "{text}");
            }
        }
    }

    #[test]
    fn refuses_what_no_registry_accepts() {
        for bad in [
            "",
            ":1",
            "a:",
            "a:-x",
            "a@sha256:1",
            "a@",
            "A:1",
            "a//b:1",
            "a/:1",
            "/a:1",
            "a..b:1",
            "ghcr.io/../admin:1",
            "ghcr.io/a/b?x:1",
            "a b:1",
            "http://ghcr.io/a:1",
            "a.b:99999/c:1",
            "-a.b/c:1",
            "a___b:1",
            "ghcr.io:/a:1",
            "a:1@b@c",
            "a%2f:1",
            "[::g]/a:1",
        ] {
            assert!(bad.parse::<ImageReference>().is_err(), "{bad:?}");
        }
        assert_eq!(
            "ghcr.io/a/b".parse::<ImageReference>(),
            Err(ImageReferenceError::Unpinned)
        );
    }
}
