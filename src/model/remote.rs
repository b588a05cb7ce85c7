//! Repositories on forges, as the remotes of git name them.

/// A repository on a forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// What the forge runs on.
    pub kind: ForgeKind,
    /// Its host, with the port where its web pages have another than usual.
    pub host: String,
    /// `OWNER/NAME`, or a project's full path.
    pub path: String,
}

/// What a forge runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForgeKind {
    /// github.com, an enterprise's own, or its cloud.
    GitHub,
    /// gitlab.com, or an instance.
    GitLab,
}

impl Remote {
    /// The repository that `url`, a git remote's, leads to; nothing of the user in it is kept.
    ///
    /// `hint` is for hosts whose names do not tell what runs there.
    pub fn of(url: &str, hint: Option<ForgeKind>) -> Option<Self> {
        let (host, path) = host_and_path(url)?;
        let host = host.to_ascii_lowercase();
        let name = host.split(':').next().unwrap_or(&host);
        let kind = if name.contains("github") || name.ends_with(".ghe.com") {
            ForgeKind::GitHub
        } else if name.contains("gitlab") {
            ForgeKind::GitLab
        } else {
            hint?
        };
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let is_path = match kind {
            ForgeKind::GitHub => is_github_repository(path),
            ForgeKind::GitLab => is_gitlab_project(path),
        };
        (is_path && is_host(&host)).then(|| Self {
            kind,
            host,
            path: path.to_owned(),
        })
    }
}

/// `https://user:password@host/path`, `ssh://git@host:22/path` or `git@host:path`.
fn host_and_path(url: &str) -> Option<(&str, &str)> {
    let without_user = |host: &'_ str| host.rfind('@').map_or(0, |at| at + 1);
    match url.split_once("://") {
        Some((scheme @ ("https" | "http" | "ssh" | "git"), rest)) => {
            let (host, path) = rest.split_once('/')?;
            let host = &host[without_user(host)..];
            // Where git is spoken to by ssh tells nothing of where the forge is.
            let has_forges_port = scheme.starts_with("http");
            let name = host.split(':').next().unwrap_or(host);
            Some((if has_forges_port { host } else { name }, path))
        }
        Some(_) => None,
        None => {
            let (host, path) = url.split_once(':')?;
            Some((&host[without_user(host)..], path))
        }
    }
}

/// Whether `text` is a host, with or without port.
pub fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').unwrap_or((text, "1"));
    let body = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    let label = |label: &str| !label.is_empty();
    name.split('.').all(label) && name.bytes().all(body) && port.parse::<u16>().is_ok()
}

/// Whether `text` is `OWNER/NAME`.
pub fn is_github_repository(text: &str) -> bool {
    text.split('/').count() == 2 && text.split('/').all(is_path_part)
}

/// Whether `text` is a GitLab project's full path.
pub fn is_gitlab_project(text: &str) -> bool {
    text.contains('/') && text.split('/').all(is_path_part)
}

/// Whether `part` can stand between the slashes of a forge's path.
pub fn is_path_part(part: &str) -> bool {
    let body = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    !matches!(part, "" | "." | "..") && part.len() <= 255 && part.bytes().all(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_tells_its_forge() {
        for (url, host, path) in [
            (
                "git@github.com:Acme/agents.git",
                "github.com",
                "Acme/agents",
            ),
            (
                "https://x:secret@GitHub.example:8443/a/b/",
                "github.example:8443",
                "a/b",
            ),
            ("ssh://git@github.example:22/a/b", "github.example", "a/b"),
        ] {
            let remote = Remote::of(url, None).unwrap();
            assert_eq!(remote.kind, ForgeKind::GitHub, "{url}");
            assert_eq!((&*remote.host, &*remote.path), (host, path), "{url}");
        }
        let hint = Some(ForgeKind::GitLab);
        let remote = Remote::of("https://git.example.com/a/b/c", hint).unwrap();
        assert_eq!((remote.kind, &*remote.path), (ForgeKind::GitLab, "a/b/c"));
    }

    #[test]
    fn what_leads_elsewhere_is_none() {
        for url in [
            "https://git.example.com/a/b",
            "https://github.com/a",
            "https://github.com/a/b/c",
            "https://github.com/a/..",
            "file:///github/acme",
            "https://github.com/a/b\nc",
            "https://git hub.com/github",
            "",
        ] {
            assert_eq!(Remote::of(url, None), None, "{url:?}");
        }
    }
}
