//! Mirrors: other places that hold what a registry holds.
//!
//! Nothing is believed for coming from a mirror. What is asked for by digest is taken from the
//! first place that has the right bytes; a tag from the mirror, where that has it. A mirror that
//! lacks a signature does not hide it: many pull through, and few carry the referrers along.

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::error::Reason;
use crate::model::{
    image::{ImageReferenceError, Repository},
    text::excerpt,
};

/// `HOST=MIRROR[/PREFIX]`: what HOST holds as `a/b`, MIRROR holds as `PREFIX/a/b`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    host: String,
    place: String,
    /// Empty, or with a slash at its end.
    prefix: String,
}

/// Text that names no mirror.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MirrorError {
    /// There is no `=`.
    #[error(
        "a mirror is written `HOST=MIRROR[/PREFIX]`, for example `docker.io=mirror.example/cache`"
    )]
    Form,
    /// What stands before or after the `=` is no registry.
    #[error("`{0}` is not a registry host")]
    Host(String),
    /// The prefix is no path in a registry.
    #[error(transparent)]
    Prefix(#[from] ImageReferenceError),
}

impl Mirror {
    /// The registry that is mirrored, as images name it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The registry that is asked instead.
    pub fn mirror_host(&self) -> &str {
        &self.place
    }

    /// Where the mirror has what is in `repository`; `None` for other registries' repositories.
    fn of(&self, repository: &Repository) -> Option<Repository> {
        let own = self.host == repository.host();
        let place = || format!("{}/{}{}", self.place, self.prefix, repository.path());
        // Only a path that grew beyond all bounds is refused here.
        own.then(place)?.parse().ok()
    }
}

impl FromStr for Mirror {
    type Err = MirrorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, place) = text.split_once('=').ok_or(MirrorError::Form)?;
        let (mirror, prefix) = match place.trim_end_matches('/').split_once('/') {
            Some((mirror, prefix)) => (mirror, format!("{prefix}/")),
            None => (place.trim_end_matches('/'), String::new()),
        };
        let host = registry(host)?;
        let mirror = registry(mirror)?;
        format!("{mirror}/{prefix}a/b").parse::<Repository>()?;
        Ok(Self {
            host,
            place: mirror,
            prefix,
        })
    }
}

/// A registry as images name it; a word that docker would take for a path is none.
fn registry(host: &str) -> Result<String, MirrorError> {
    let other = || MirrorError::Host(excerpt(host));
    let repository: Repository = format!("{host}/a/b").parse().map_err(|_| other())?;
    match repository.path() {
        "a/b" => Ok(repository.host().to_owned()),
        _ => Err(other()),
    }
}

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}/{}", self.host, self.place, self.prefix)
    }
}

/// A mirror, and what was seen of it.
#[derive(Clone, Debug)]
pub(super) struct Site {
    mirror: Mirror,
    down: Arc<AtomicBool>,
}

impl From<Mirror> for Site {
    fn from(mirror: Mirror) -> Self {
        Self {
            mirror,
            down: Arc::default(),
        }
    }
}

impl Site {
    /// Where this mirror has what is in `repository`.
    pub(super) fn of(&self, repository: &Repository) -> Option<Repository> {
        self.mirror.of(repository)
    }

    /// Whether it was seen not to answer, so that waiting for it again makes no sense.
    pub(super) fn is_down(&self) -> bool {
        self.down.load(Ordering::Relaxed)
    }

    /// Notes what became of a question.
    pub(super) fn saw(&self, reason: &Reason) {
        if matches!(reason, Reason::Transport(_) | Reason::Deadline(_)) {
            self.down.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(mirror: &str, repository: &str) -> Option<String> {
        let mirror: Mirror = mirror.parse().unwrap();
        let place = mirror.of(&repository.parse().unwrap())?;
        Some(place.to_string())
    }

    #[test]
    fn a_repository_is_found_under_the_prefix() {
        for (mirror, repository, expected) in [
            ("docker.io=m.example", "alpine", "m.example/library/alpine"),
            ("index.docker.io=m.example/", "a/b", "m.example/a/b"),
            (
                "docker.io=m.example:5000/c/d/",
                "a/b",
                "m.example:5000/c/d/a/b",
            ),
            ("ghcr.io=localhost:5000", "ghcr.io/a", "localhost:5000/a"),
            ("ghcr.io=docker.io/cache", "ghcr.io/a", "docker.io/cache/a"),
        ] {
            assert_eq!(place(mirror, repository).as_deref(), Some(expected));
        }
        assert_eq!(place("ghcr.io=m.example", "docker.io/a/b"), None);
        assert_eq!(place("ghcr.io=m.example", "ghcr.io:444/a/b"), None);
    }

    #[test]
    fn what_names_no_registry_is_refused() {
        for bad in [
            "",
            "docker.io",
            "=m.example",
            "docker.io=",
            "docker.io=/a",
            "docker.io=mirror",
            "mirror=m.example",
            "docker.io=https://m.example",
            "docker.io=m.example/../x",
            "docker.io=m.example/A",
            "docker.io=m.example//a",
            "docker.io/a=m.example",
            "docker.io=user:pw@m.example",
        ] {
            bad.parse::<Mirror>().unwrap_err();
        }
    }
}
