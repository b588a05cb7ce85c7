//! The tokens that a CI job is given, and the only hosts that they go to.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};

use crate::seam::{
    environment::Environment,
    http::{Url, authority, header::HeaderValue},
};

/// Where a GitHub token belongs that was not set by a CI job.
const GITHUB: [&str; 2] = ["https://github.com", "https://api.github.com"];

/// Every token there is.
#[derive(Debug)]
pub(super) struct Credentials(Vec<Credential>);

#[derive(Debug)]
struct Credential {
    username: &'static str,
    token: SecretString,
    hosts: Vec<String>,
}

/// In which way a token is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// As a password, for git.
    Basic,
    /// As it is, for an API.
    Bearer,
}

/// The `Authorization` header of a host's token.
#[derive(Clone)]
pub(super) struct Pass(HeaderValue);

impl Pass {
    pub(super) fn header(&self) -> &HeaderValue {
        &self.0
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pass").finish_non_exhaustive()
    }
}

impl Credentials {
    pub(super) fn of(environment: &Environment) -> Self {
        let token = |variable, username, hosts| {
            Some(Credential {
                username,
                token: SecretString::from(environment.get(variable)?),
                hosts,
            })
        };
        let github = token("GITHUB_TOKEN", "x-access-token", github_hosts(environment));
        // Whoever sets GITLAB_TOKEN wants more than the job's own token can.
        let gitlab = token("GITLAB_TOKEN", "oauth2", gitlab_hosts(environment)).or_else(|| {
            let hosts = gitlab_hosts(environment);
            token("CI_JOB_TOKEN", "gitlab-ci-token", hosts)
        });
        Self(github.into_iter().chain(gitlab).collect())
    }

    /// What to show at `url`, if a token belongs there.
    pub(super) fn pass(&self, url: &Url, scheme: Scheme) -> Option<Pass> {
        let authority = authority(url);
        let own = |host: &String| host.eq_ignore_ascii_case(&authority);
        let credential = self.0.iter().find(|one| one.hosts.iter().any(own))?;
        let token = credential.token.expose_secret();
        let text = match scheme {
            Scheme::Basic => {
                let pair = format!("{}:{token}", credential.username);
                format!("Basic {}", STANDARD.encode(pair))
            }
            Scheme::Bearer => format!("Bearer {token}"),
        };
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(Pass(header))
    }
}

fn github_hosts(environment: &Environment) -> Vec<String> {
    let variables = ["GITHUB_SERVER_URL", "GITHUB_API_URL"].into_iter();
    let urls = variables.zip(GITHUB).filter_map(|(variable, default)| {
        Url::parse(environment.get(variable).unwrap_or(default)).ok()
    });
    urls.map(|url| authority(&url)).collect()
}

/// GitLab names its host with and without the port.
fn gitlab_hosts(environment: &Environment) -> Vec<String> {
    let variables = ["CI_SERVER_HOST", "CI_SERVER_FQDN"].into_iter();
    let hosts = variables.filter_map(|variable| environment.get(variable));
    hosts.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(variables: &[(&str, &str)], url: &str) -> Option<String> {
        let credentials = Credentials::of(&variables.iter().copied().collect());
        let pass = credentials.pass(&Url::parse(url).unwrap(), Scheme::Basic)?;
        assert!(pass.header().is_sensitive());
        assert!(!format!("{credentials:?}{pass:?}").contains("t0ken"));
        let encoded = pass.header().to_str().unwrap().strip_prefix("Basic ")?;
        String::from_utf8(STANDARD.decode(encoded).unwrap()).ok()
    }

    #[test]
    fn a_github_token_goes_to_its_server_and_its_api() {
        let own = Some("x-access-token:t0ken".to_owned());
        let alone = [("GITHUB_TOKEN", "t0ken")];
        assert_eq!(shown(&alone, "https://github.com/o/r"), own);
        assert_eq!(shown(&alone, "https://api.github.com/repos"), own);
        let job = [
            ("GITHUB_TOKEN", "t0ken"),
            ("GITHUB_SERVER_URL", "https://ghe.example:8443"),
            ("GITHUB_API_URL", "https://ghe.example:8443/api/v3"),
        ];
        assert_eq!(shown(&job, "https://ghe.example:8443/o/r"), own);
        for other in [
            "https://github.com/o/r",
            "https://ghe.example/o/r",
            "https://ghe.example.evil.example:8443/o/r",
            "https://gitlab.com/o/r",
        ] {
            assert_eq!(shown(&job, other), None, "{other}");
        }
    }

    #[test]
    fn gitlabs_tokens_go_to_their_server() {
        let job = [
            ("CI_JOB_TOKEN", "t0ken"),
            ("CI_SERVER_HOST", "gitlab.example"),
        ];
        let own = Some("gitlab-ci-token:t0ken".to_owned());
        assert_eq!(shown(&job, "https://gitlab.example/g/r"), own);
        assert_eq!(shown(&job, "https://github.com/o/r"), None);
        assert_eq!(shown(&job[..1], "https://gitlab.com/g/r"), None);
        let mut both = job.to_vec();
        both.push(("GITLAB_TOKEN", "t0ken"));
        let own = Some("oauth2:t0ken".to_owned());
        assert_eq!(shown(&both, "https://gitlab.example/g/r"), own);
    }
}
