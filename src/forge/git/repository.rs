//! Which repository is asked about.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

use super::limits;
use crate::seam::http::{Url, authority};

/// A git repository on a host, such as `https://github.com/actions/checkout`.
///
/// Two are equal that the host takes for one, and each keeps the letters that it was written in.
#[derive(Clone, Debug)]
pub struct RemoteRepository {
    /// Without `.git`, user, query and fragment; boxed, as errors carry what is to be asked.
    url: Box<Url>,
    /// What is compared.
    key: String,
}

impl PartialEq for RemoteRepository {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for RemoteRepository {}

impl Hash for RemoteRepository {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl PartialOrd for RemoteRepository {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RemoteRepository {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

/// What is no repository's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RepositoryError {
    /// The host's address is not for git over HTTP.
    #[error("a git host's address starts with `https://` and holds no user name and no query")]
    Base,
    /// The path could lead somewhere else, or nowhere.
    #[error("not the path of a repository, such as `owner/name`")]
    Path,
}

impl RemoteRepository {
    /// The repository `path` (`owner/name`, or longer on GitLab) of the host at `base`.
    pub fn new(base: &Url, path: &str) -> Result<Self, RepositoryError> {
        let is_base = matches!(base.scheme(), "https" | "http")
            && base.has_host()
            && base.username().is_empty()
            && base.password().is_none()
            && base.query().is_none()
            && base.fragment().is_none();
        if !is_base {
            return Err(RepositoryError::Base);
        }
        let path = path.strip_suffix(".git").unwrap_or(path);
        if path.len() > limits::PATH || !path.split('/').all(is_segment) {
            return Err(RepositoryError::Path);
        }
        let mut url = base.clone();
        let folder = base.path().trim_end_matches('/');
        url.set_path(&format!("{folder}/{path}"));
        let key = url.to_string();
        let url = Box::new(url);
        Ok(Self { url, key })
    }

    /// The repository `path` of the GitHub at `base`, where the case of letters tells nothing
    /// apart.
    pub fn github(base: &Url, path: &str) -> Result<Self, RepositoryError> {
        let mut repository = Self::new(base, path)?;
        repository.key.make_ascii_lowercase();
        Ok(repository)
    }

    /// The address that people open, without `.git`.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The host, with its port where that is not the scheme's own.
    pub fn host(&self) -> String {
        authority(&self.url)
    }

    /// The path below the host, such as `owner/name`.
    pub fn path(&self) -> &str {
        self.url.path().trim_start_matches('/')
    }

    /// Where git asks for `service`. The `.git` is what every host takes: GitLab redirects
    /// without it.
    pub(super) fn service(&self, service: &str) -> Url {
        let mut url = Url::clone(&self.url);
        url.set_path(&format!("{}.git/{service}", self.url.path()));
        url
    }

    /// The repository whose `service` is at `url`.
    pub(super) fn of_service(url: &Url, service: &str) -> Option<Self> {
        let path = url.path().strip_suffix(service)?.strip_suffix('/')?;
        let mut base = url.clone();
        base.set_path("");
        base.set_query(None);
        base.set_fragment(None);
        Self::new(&base, path.strip_prefix('/')?).ok()
    }
}

impl fmt::Display for RemoteRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

/// What no host takes for something else, nor a URL for more than a name.
pub(super) fn is_segment(segment: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+' | b'~');
    !matches!(segment, "" | "." | "..") && segment.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn new(base: &str, path: &str) -> Result<String, RepositoryError> {
        let repository = RemoteRepository::new(&Url::parse(base).unwrap(), path)?;
        Ok(repository.to_string())
    }

    #[test]
    fn a_repository_is_a_host_and_a_path() {
        for (base, path, expected) in [
            ("https://github.com", "o/r", "https://github.com/o/r"),
            ("https://github.com/", "o/r.git", "https://github.com/o/r"),
            ("https://h:8443/git/", "g/s/r", "https://h:8443/git/g/s/r"),
            ("http://127.0.0.1:3000", "r", "http://127.0.0.1:3000/r"),
        ] {
            assert_eq!(new(base, path).unwrap(), expected);
        }
    }

    #[test]
    fn the_case_of_letters_tells_nothing_apart_on_github_alone() {
        let base = Url::parse("https://GitHub.com").unwrap();
        let github = |path| RemoteRepository::github(&base, path).unwrap();
        assert_eq!(github("O/R"), github("o/r"));
        assert_eq!(github("O/R").cmp(&github("o/r")), Ordering::Equal);
        assert_eq!(HashSet::from([github("O/R"), github("o/r")]).len(), 1);
        assert_eq!(github("O/R").to_string(), "https://github.com/O/R");
        let other = |path| RemoteRepository::new(&base, path).unwrap();
        assert_ne!(other("O/R"), other("o/r"));
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for base in [
            "ftp://github.com",
            "file:///srv/git",
            "https://user@github.com",
            "https://github.com/?a=b",
            "https://github.com/#a",
        ] {
            assert_eq!(new(base, "o/r"), Err(RepositoryError::Base), "{base}");
        }
        for path in [
            "",
            "/",
            "o/",
            "/o/r",
            "o//r",
            "o/../r",
            "o/./r",
            "o/r?a",
            "o/r#a",
            "o/%2e%2e/r",
            "o/r\n",
            "o\\r",
            "o/é",
            "o/@r",
            "o/.git",
        ] {
            assert_eq!(
                new("https://github.com", path),
                Err(RepositoryError::Path),
                "{path}"
            );
        }
        let long = "a".repeat(limits::PATH + 1);
        assert_eq!(new("https://h", &long), Err(RepositoryError::Path));
    }

    #[test]
    fn the_address_of_a_service_leads_back() {
        let base = Url::parse("https://github.com").unwrap();
        let repository = RemoteRepository::new(&base, "o/r").unwrap();
        let service = repository.service("git-upload-pack");
        assert_eq!(service.path(), "/o/r.git/git-upload-pack");
        let back = RemoteRepository::of_service(&service, "git-upload-pack");
        assert_eq!(back, Some(repository.clone()));
        let bare = base.join("/o/r/git-upload-pack?x=y").unwrap();
        let back = RemoteRepository::of_service(&bare, "git-upload-pack");
        assert_eq!(back, Some(repository));
        let other = base.join("/login").unwrap();
        assert_eq!(
            RemoteRepository::of_service(&other, "git-upload-pack"),
            None
        );
    }
}
