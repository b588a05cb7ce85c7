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
    pub(super) fn pass(&self, url: &Url) -> Option<Pass> {
        let authority = authority(url);
        let own = |host: &String| host.eq_ignore_ascii_case(&authority);
        let credential = self.0.iter().find(|one| one.hosts.iter().any(own))?;
        let pair = format!(
            "{}:{}",
            credential.username,
            credential.token.expose_secret()
        );
        let basic = format!("Basic {}", STANDARD.encode(pair));
        let mut header = HeaderValue::from_str(&basic).ok()?;
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
