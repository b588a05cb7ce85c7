//! Where credentials are found: docker's files first, then the tokens that a CI job is given.

use std::path::PathBuf;

use secrecy::SecretString;

use super::{Credential, Secret, docker_config::DockerConfig};
use crate::{
    model::image::Repository,
    registry::error::CredentialError,
    seam::{
        environment::Environment,
        http::{Url, authority},
    },
};

/// GitHub's container registry.
const GITHUB_REGISTRY: &str = "ghcr.io";

/// The credentials of this user or job.
#[derive(Debug)]
pub(super) struct Keyring {
    environment: Environment,
}

impl Keyring {
    pub(super) fn new(environment: Environment) -> Self {
        Self { environment }
    }

    /// The credential for `repository`, if there is one.
    pub(super) async fn find(
        &self,
        repository: &Repository,
    ) -> Result<Option<Credential>, CredentialError> {
        let path = self.environment.get("PATH");
        for file in self.files() {
            let config = DockerConfig::read(&file)?;
            if let Some(credential) = config.credential(repository, path).await? {
                return Ok(Some(credential));
            }
        }
        Ok(self.github(repository).or_else(|| self.gitlab(repository)))
    }

    fn files(&self) -> impl Iterator<Item = PathBuf> {
        let own = self
            .environment
            .get("REGISTRY_AUTH_FILE")
            .map(PathBuf::from);
        let folder = self.environment.get("DOCKER_CONFIG").map(PathBuf::from);
        let folder = folder.or_else(|| Some(self.environment.home()?.join(".docker")));
        let docker = folder.map(|folder| folder.join("config.json"));
        own.into_iter().chain(docker)
    }

    fn github(&self, repository: &Repository) -> Option<Credential> {
        let servers = ["GITHUB_API_URL", "GITHUB_SERVER_URL"];
        let servers = servers.iter().filter_map(|name| {
            let url = Url::parse(self.environment.get(name)?).ok()?;
            Some(authority(&url))
        });
        let hosts = std::iter::once(GITHUB_REGISTRY.to_owned()).chain(servers);
        let user = self.environment.get("GITHUB_ACTOR");
        self.token(
            "GITHUB_TOKEN",
            user.unwrap_or("x-access-token"),
            hosts.collect(),
            repository,
        )
    }

    fn gitlab(&self, repository: &Repository) -> Option<Credential> {
        let hosts = || {
            let names = ["CI_REGISTRY", "CI_SERVER_HOST", "CI_SERVER_FQDN"];
            let hosts = names.iter().filter_map(|name| self.environment.get(name));
            hosts.map(str::to_owned).collect()
        };
        // Whoever sets GITLAB_TOKEN wants more than the job's own token can.
        self.token("GITLAB_TOKEN", "oauth2", hosts(), repository)
            .or_else(|| self.token("CI_JOB_TOKEN", "gitlab-ci-token", hosts(), repository))
    }

    /// The token in `variable`, if the repository is on one of the token's `hosts`.
    fn token(
        &self,
        variable: &str,
        username: &str,
        hosts: Vec<String>,
        repository: &Repository,
    ) -> Option<Credential> {
        let own = |host: &String| host.eq_ignore_ascii_case(repository.host());
        if !hosts.iter().any(own) {
            return None;
        }
        let token = self.environment.get(variable)?;
        Some(Credential {
            username: username.to_owned(),
            secret: Secret::Password(SecretString::from(token)),
            origin: variable.to_owned(),
            hosts: Some(hosts),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn origin(variables: &[(&str, &str)], repository: &str) -> Option<String> {
        let keyring = Keyring::new(variables.iter().copied().collect());
        let found = keyring.find(&repository.parse().unwrap()).await.unwrap();
        found.map(|credential| format!("{} {}", credential.origin, credential.username))
    }

    #[tokio::test]
    async fn github_token_goes_to_github_alone() {
        let variables = [
            ("GITHUB_TOKEN", "t"),
            ("GITHUB_ACTOR", "octocat"),
            ("GITHUB_SERVER_URL", "https://ghe.example:8443"),
        ];
        let own = Some("GITHUB_TOKEN octocat".to_owned());
        assert_eq!(origin(&variables, "ghcr.io/a/b").await, own);
        assert_eq!(origin(&variables, "ghe.example:8443/a/b").await, own);
        for other in [
            "docker.io/a/b",
            "ghcr.io.evil.example/a",
            "ghe.example/a",
            "ghcr.io:444/a",
        ] {
            assert_eq!(origin(&variables, other).await, None, "{other}");
        }
    }

    #[tokio::test]
    async fn gitlab_tokens_go_to_their_instance_alone() {
        let job = [
            ("CI_JOB_TOKEN", "t"),
            ("CI_REGISTRY", "registry.gitlab.example:5050"),
            ("CI_SERVER_HOST", "gitlab.example"),
        ];
        let own = Some("CI_JOB_TOKEN gitlab-ci-token".to_owned());
        let here = "registry.gitlab.example:5050/a/b";
        assert_eq!(origin(&job, here).await, own);
        assert_eq!(origin(&job, "registry.gitlab.example/a/b").await, None);
        assert_eq!(origin(&job, "ghcr.io/a/b").await, None);
        let mut both = job.to_vec();
        both.push(("GITLAB_TOKEN", "t"));
        assert_eq!(
            origin(&both, here).await.as_deref(),
            Some("GITLAB_TOKEN oauth2")
        );
        assert_eq!(origin(&[("CI_JOB_TOKEN", "t")], here).await, None);
    }
}
