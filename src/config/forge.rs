//! What forges call things: issuers, hosts, repositories, workflows and CI files.

use super::value::{ValueError, excerpt};
pub(super) use crate::model::remote::is_path_part;
use crate::model::remote::{is_github_repository, is_gitlab_project, is_host};

/// Vouches for the workflows of github.com.
pub(super) const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";

/// Reads an issuer: an https URL, or http to a loopback address, for tests.
pub fn parse_issuer(text: &str) -> Result<String, ValueError> {
    secure_url(text).ok_or_else(|| {
        ValueError::new(format!("`{}` is not an issuer", excerpt(text))).mend(format!(
            "an issuer is an https URL, for example `{GITHUB_ISSUER}`"
        ))
    })
}

/// `text`, if it is an https URL without credentials, query and fragment.
pub(super) fn secure_url(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    let loopback = match url.host()? {
        url::Host::Domain(name) => name == "localhost",
        url::Host::Ipv4(address) => address.is_loopback(),
        url::Host::Ipv6(address) => address.is_loopback(),
    };
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let secure = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    (plain && secure).then(|| text.to_owned())
}

/// Who vouches for the workflows of the GitHub at `host`.
pub fn github_issuer(host: &str) -> String {
    match host {
        "github.com" => GITHUB_ISSUER.to_owned(),
        // GitHub's own enterprise cloud has a host for each customer.
        cloud if cloud.ends_with(".ghe.com") => format!("https://token.actions.{cloud}"),
        server => format!("https://{server}/_services/token"),
    }
}

/// Who vouches for the pipelines of the GitLab at `host`, unless it is told otherwise.
pub fn gitlab_issuer(host: &str) -> String {
    format!("https://{host}")
}

/// The GitHub host whose workflows `issuer` vouches for, where the issuer tells it.
pub(super) fn github_host(issuer: &str) -> Option<String> {
    // An enterprise on github.com may have its name behind the issuer.
    let public = issuer
        .strip_prefix(GITHUB_ISSUER)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if public {
        return Some("github.com".to_owned());
    }
    let rest = issuer.strip_prefix("https://")?;
    let cloud = rest.strip_prefix("token.actions.");
    let host = cloud
        .filter(|host| host.ends_with(".ghe.com"))
        .or_else(|| rest.strip_suffix("/_services/token"))?;
    is_host(host).then(|| host.to_owned())
}

/// The GitLab host whose pipelines `issuer` vouches for.
pub(super) fn gitlab_host(issuer: &str) -> Option<String> {
    let host = issuer.strip_prefix("https://")?;
    let host = host.strip_suffix('/').unwrap_or(host);
    (is_host(host) && !issuer.starts_with(GITHUB_ISSUER)).then(|| host.to_owned())
}

/// Reads the host of a forge, with or without port.
pub fn parse_host(text: &str) -> Result<String, ValueError> {
    if is_host(text) {
        return Ok(text.to_owned());
    }
    Err(
        ValueError::new(format!("`{}` is not a host", excerpt(text)))
            .mend("write the name alone, for example `github.example.com`"),
    )
}

/// Reads `OWNER/NAME`.
pub fn parse_github_repository(text: &str) -> Result<String, ValueError> {
    let mend = "a repository of GitHub is written `OWNER/NAME`";
    if is_github_repository(text) {
        return Ok(text.to_owned());
    }
    Err(ValueError::new(format!("`{}` is not a repository", excerpt(text))).mend(mend))
}

/// Reads the path of a GitHub workflow.
pub fn parse_workflow(text: &str) -> Result<String, ValueError> {
    let file = text.strip_prefix(".github/workflows/");
    if file.is_some_and(|file| is_path_part(file) && is_yaml(file)) {
        return Ok(text.to_owned());
    }
    let name = text.rsplit('/').next().unwrap_or(text);
    let name = if is_yaml(name) { name } else { "release.yml" };
    Err(
        ValueError::new(format!("`{}` is not a workflow", excerpt(text))).mend(format!(
            "write its path, for example `.github/workflows/{}`",
            excerpt(name)
        )),
    )
}

/// Reads the full path of a GitLab project.
pub fn parse_gitlab_project(text: &str) -> Result<String, ValueError> {
    if is_gitlab_project(text) {
        return Ok(text.to_owned());
    }
    Err(
        ValueError::new(format!("`{}` is not a project", excerpt(text)))
            .mend("a project of GitLab is written `GROUP/NAME` or `GROUP/SUBGROUP/NAME`"),
    )
}

/// Reads the path of a GitLab CI file.
pub fn parse_gitlab_config(text: &str) -> Result<String, ValueError> {
    if text.split('/').all(is_path_part) {
        return Ok(text.to_owned());
    }
    Err(
        ValueError::new(format!("`{}` is not a CI file", excerpt(text)))
            .mend("write its path in the project, for example `.gitlab-ci.yml`"),
    )
}

/// Whether a forge would take `file` for a workflow; it compares the case too.
#[expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "GitHub ignores workflows in other case"
)]
pub(super) fn is_yaml(file: &str) -> bool {
    file.ends_with(".yml") || file.ends_with(".yaml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_come_from_issuers() {
        assert_eq!(github_host(GITHUB_ISSUER).as_deref(), Some("github.com"));
        let enterprise = "https://ghes.acme.example/_services/token";
        assert_eq!(
            github_host(enterprise).as_deref(),
            Some("ghes.acme.example")
        );
        assert_eq!(
            github_host("https://token.actions.githubusercontent.com.evil.example"),
            None
        );
        assert_eq!(
            github_host("https://token.actions.acme.ghe.com").as_deref(),
            Some("acme.ghe.com")
        );
        assert_eq!(github_host("https://token.actions.a/b.ghe.com"), None);
        assert_eq!(github_host("https://token.actions.acme.evil.com"), None);
        assert_eq!(github_host("https://a/b/_services/token"), None);
        assert_eq!(
            gitlab_host("https://gitlab.com").as_deref(),
            Some("gitlab.com")
        );
        assert_eq!(gitlab_host("https://acme.example/gitlab"), None);
    }

    #[test]
    fn issuers_are_https() {
        assert!(parse_issuer(GITHUB_ISSUER).is_ok());
        assert!(parse_issuer("http://127.0.0.1:8080").is_ok());
        for bad in [
            "",
            "gitlab.com",
            "http://gitlab.com",
            "https://u:p@a.b",
            "https://a.b?x",
            "ftp://a.b",
        ] {
            assert!(parse_issuer(bad).is_err(), "{bad:?}");
        }
    }
}
