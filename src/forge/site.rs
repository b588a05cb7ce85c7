//! Where a fleet's forge is, and the way to it.

use std::{collections::BTreeSet, sync::Arc};

use secrecy::SecretString;

use super::{Forge, ForgeError, GitHosts, GitOptions, Governor, Reason, github, gitlab};
use crate::{
    config::FleetForge,
    seam::{
        environment::Environment,
        github_urls::{GithubUrls, server_of, usual_api},
        http::{Url, authority},
        job_tokens::{self, Platform},
    },
};

/// Where fleet.yaml says that a forge is if it says nothing.
const USUAL: [&str; 2] = ["https://github.com", "https://gitlab.com"];

/// Where a fleet's forge is, and how it is spoken to.
#[derive(Clone, Debug)]
pub struct Site {
    /// What it runs on, and the owner or group.
    pub place: FleetForge,
    /// Its API, where the user names it: `--forge-url`.
    ///
    /// Without it, it is where `GITHUB_API_URL` or `CI_API_V4_URL` say if that is the forge that
    /// fleet.yaml means, else at the usual place on fleet.yaml's host.
    pub api: Option<Url>,
    /// Hosts (`host` or `host:port`) that may be spoken to in plain HTTP, besides this machine.
    pub insecure_hosts: Vec<String>,
    /// Where `Some`, the only hosts that are connected to.
    pub offline: Option<BTreeSet<String>>,
}

impl Site {
    /// The forge's host, with the port where that is not the scheme's own.
    pub(super) fn host(&self, environment: &Environment) -> String {
        let place = Url::parse(self.place.url()).ok();
        let told = || {
            let place = place.as_ref()?;
            self.told_api(environment, place)
        };
        let api = self.api.clone().or_else(told);
        let server = api.map(|api| server_of(&api).unwrap_or(api));
        let url = server.or(place);
        url.map_or_else(|| self.place.url().to_owned(), |url| authority(&url))
    }

    /// The organisation, person or group.
    pub(super) fn owner(&self) -> &str {
        match &self.place {
            FleetForge::GitHub { owner, .. } => owner,
            FleetForge::GitLab { group, .. } => group,
        }
    }

    /// Where its API is.
    pub(super) fn api(&self, environment: &Environment) -> Result<Url, Reason> {
        if let Some(api) = &self.api {
            return Ok(api.clone());
        }
        let wrong = |_| Reason::Setting("its address is not a URL".to_owned());
        let url = Url::parse(self.place.url()).map_err(wrong)?;
        if let Some(api) = self.told_api(environment, &url) {
            return Ok(api);
        }
        let usual = match &self.place {
            FleetForge::GitHub { .. } => usual_api(&url),
            FleetForge::GitLab { .. } => url.join("/api/v4").ok(),
        };
        usual.ok_or_else(|| Reason::Setting("its address has no host".to_owned()))
    }

    /// The API that the environment names, if it is that of the forge at `url`: of the same host,
    /// or of whichever forge the job runs on where fleet.yaml names none.
    fn told_api(&self, environment: &Environment, url: &Url) -> Option<Url> {
        let (name, server) = match &self.place {
            FleetForge::GitHub { .. } => ("GITHUB_API_URL", GithubUrls::of(environment).server),
            FleetForge::GitLab { .. } => {
                let server = environment.get("CI_SERVER_URL");
                ("CI_API_V4_URL", server.and_then(|it| Url::parse(it).ok()))
            }
        };
        let api = Url::parse(environment.get(name)?).ok()?;
        let is_it = |other: &Url| authority(other) == authority(url);
        let is_usual = USUAL.contains(&self.place.url());
        (is_usual || is_it(&api) || server.is_some_and(|server| is_it(&server))).then_some(api)
    }

    /// The token that the environment has for the API at `api`.
    ///
    /// A token goes to the hosts that the user or the environment named; fleet.yaml comes from a
    /// repository and cannot send it anywhere.
    pub(super) fn token(
        &self,
        environment: &Environment,
        api: &Url,
    ) -> Result<SecretString, Reason> {
        let platform = self.platform();
        let token = match &self.api {
            Some(named) if named == api => job_tokens::of_platform(environment, platform),
            _ => job_tokens::for_api(environment, platform, &authority(api)),
        };
        token.map(|it| it.secret).ok_or(Reason::NoToken)
    }

    /// Who has the actions that workflows use: the fleet's own GitHub, and for what that lacks the
    /// one of the job, then github.com.
    pub fn actions(&self, environment: &Environment) -> Vec<GitHosts> {
        let options = |url: Url| GitOptions {
            insecure_hosts: self.insecure_hosts.clone(),
            offline: self.offline.clone(),
            ..GitOptions::new(url)
        };
        let job = GithubUrls::of(environment);
        let mut all: Vec<GitOptions> = Vec::new();
        if let (FleetForge::GitHub { .. }, Ok(api)) = (&self.place, self.api(environment)) {
            let is_of_job = job.api.as_ref() == Some(&api);
            let server = job.server.clone().filter(|_| is_of_job);
            let server = server.or_else(|| server_of(&api));
            all.extend(server.map(|server| GitOptions {
                github_api: Some(api),
                ..options(server)
            }));
        }
        let public = Url::parse(USUAL[0]).ok();
        for url in job.server.into_iter().chain(public) {
            let is_known = |it: &GitOptions| authority(&it.github_url) == authority(&url);
            if !all.iter().any(is_known) {
                all.push(options(url));
            }
        }
        let all = all.into_iter();
        all.map(|it| GitHosts::new(environment, it)).collect()
    }

    /// Whether a credential of this forge may go to `api`: see [`token`](Self::token).
    pub(super) fn is_trusted(&self, environment: &Environment, api: &Url) -> bool {
        let named = self.api.as_ref() == Some(api);
        named || job_tokens::is_own(environment, self.platform(), &authority(api))
    }

    fn platform(&self) -> Platform {
        match &self.place {
            FleetForge::GitHub { .. } => Platform::GitHub,
            FleetForge::GitLab { .. } => Platform::GitLab,
        }
    }
}

/// The forge at `site`, with the token that `environment` has for it.
///
/// Nothing is asked yet. Fails where there is no token: nothing of a fleet can be done without.
pub fn connect(
    site: &Site,
    environment: &Environment,
    governor: Arc<Governor>,
) -> Result<Arc<dyn Forge>, ForgeError> {
    match &site.place {
        FleetForge::GitHub { .. } => github::connect(site, environment, governor),
        FleetForge::GitLab { .. } => gitlab::connect(site, environment, governor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(place: &str, api: Option<&str>) -> Site {
        let (kind, url) = place.split_once(' ').unwrap();
        let url = url.to_owned();
        Site {
            place: match kind {
                "github" => FleetForge::GitHub {
                    owner: "acme".to_owned(),
                    url,
                },
                _ => FleetForge::GitLab {
                    group: "acme".to_owned(),
                    url,
                    component_source: None,
                },
            },
            api: api.map(|api| Url::parse(api).unwrap()),
            insecure_hosts: Vec::new(),
            offline: None,
        }
    }

    const USUAL_HUB: &str = "github https://github.com";
    const USUAL_LAB: &str = "gitlab https://gitlab.com";

    #[test]
    fn the_api_is_where_the_user_the_environment_or_the_file_says() {
        let hub = ("GITHUB_API_URL", "https://ghe.example/api/v3");
        let lab = ("CI_API_V4_URL", "https://lab.example/sub/api/v4");
        let server = ("CI_SERVER_URL", "https://lab.example/sub");
        for (place, named, variables, api, host) in [
            (
                USUAL_HUB,
                None,
                &[][..],
                "https://api.github.com/",
                "github.com",
            ),
            (USUAL_HUB, None, &[hub], hub.1, "ghe.example"),
            (
                "github https://other.example",
                None,
                &[hub],
                "https://other.example/api/v3",
                "other.example",
            ),
            (
                "github https://ghe.example",
                None,
                &[hub],
                hub.1,
                "ghe.example",
            ),
            (
                "github https://acme.ghe.com",
                None,
                &[],
                "https://api.acme.ghe.com/",
                "acme.ghe.com",
            ),
            (
                USUAL_HUB,
                Some("https://api.github.com"),
                &[hub],
                "https://api.github.com/",
                "github.com",
            ),
            (
                USUAL_HUB,
                Some("http://127.0.0.1:9"),
                &[hub],
                "http://127.0.0.1:9/",
                "127.0.0.1:9",
            ),
            (
                USUAL_LAB,
                None,
                &[],
                "https://gitlab.com/api/v4",
                "gitlab.com",
            ),
            (USUAL_LAB, None, &[lab], lab.1, "lab.example"),
            (
                "gitlab https://lab.example",
                None,
                &[lab, server],
                lab.1,
                "lab.example",
            ),
            (
                "gitlab https://other.example:8443",
                None,
                &[lab],
                "https://other.example:8443/api/v4",
                "other.example:8443",
            ),
        ] {
            let environment = variables.iter().copied().collect();
            let site = site(place, named);
            let found = site.api(&environment).unwrap();
            assert_eq!(found.as_str(), api, "{place} {variables:?}");
            assert_eq!(site.host(&environment), host, "{place} {variables:?}");
        }
    }

    #[test]
    fn a_token_goes_where_the_user_or_the_environment_says() {
        let token = ("GITHUB_TOKEN", "hunter2");
        let hub = ("GITHUB_API_URL", "https://ghe.example/api/v3");
        for (place, named, variables, goes) in [
            (USUAL_HUB, None, &[token][..], true),
            (USUAL_HUB, None, &[token, hub], true),
            ("github https://ghe.example", None, &[token, hub], true),
            ("github https://ghe.example", None, &[token], false),
            (
                "github https://ghe.example",
                Some("https://ghe.example/api/v3"),
                &[token],
                true,
            ),
            ("github https://evil.example", None, &[token, hub], false),
            // A job's GitHub has its own token; github.com is another.
            ("github https://api.github.com", None, &[token, hub], false),
            (USUAL_LAB, None, &[token], false),
        ] {
            let environment = variables.iter().copied().collect();
            let site = site(place, named);
            let api = site.api(&environment).unwrap();
            let found = site.token(&environment, &api).is_ok();
            assert_eq!(found, goes, "{place} {variables:?}");
        }
    }
}
