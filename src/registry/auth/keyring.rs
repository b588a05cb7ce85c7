//! Where credentials are found: docker's files first, then the tokens that a CI job is given.

use std::path::PathBuf;

use super::{Credential, Secret, docker_config::DockerConfig};
use crate::{
    model::image::Repository,
    registry::error::CredentialError,
    seam::{
        environment::Environment,
        job_tokens::{self, Token},
    },
};

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
        Ok(job_tokens::for_host(&self.environment, repository.host()).map(Credential::from))
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
}

impl From<Token> for Credential {
    fn from(token: Token) -> Self {
        Self {
            username: token.user,
            secret: Secret::Password(token.secret),
            origin: token.what.to_owned(),
            hosts: Some(token.hosts),
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[tokio::test]
    async fn a_job_token_is_the_password_for_its_own_hosts() {
        let variables = [("GITHUB_TOKEN", "t"), ("GITHUB_ACTOR", "octocat")];
        let keyring = Keyring::new(variables.into_iter().collect());
        let found = async |image: &str| keyring.find(&image.parse().unwrap()).await.unwrap();
        let credential = found("ghcr.io/a/b").await.unwrap();
        let Secret::Password(password) = &credential.secret else {
            panic!("an identity token");
        };
        assert_eq!(password.expose_secret(), "t");
        assert_eq!(credential.username, "octocat");
        assert_eq!(credential.origin, "GITHUB_TOKEN");
        let own = ["ghcr.io", "api.github.com", "github.com"].map(str::to_owned);
        assert_eq!(credential.hosts, Some(own.into()));
        assert!(found("docker.io/a/b").await.is_none());
    }
}
