//! docker's `config.json` and the containers tools' `auth.json`, which share their form.

use std::{collections::BTreeMap, path::Path};

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    Credential, Secret,
    helper::{self, IDENTITY_TOKEN_USER},
};
use crate::{
    model::image::Repository,
    registry::{error::CredentialError, limits},
    seam::files,
};

/// The key under which docker keeps the credential of docker.io.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What of the file concerns credentials.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct DockerConfig {
    auths: BTreeMap<String, Entry>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: String,
    #[serde(skip)]
    place: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<SecretString>,
    username: Option<String>,
    password: Option<SecretString>,
    identitytoken: Option<SecretString>,
}

impl DockerConfig {
    /// Reads the file at `path`; one that is not there says nothing.
    pub(super) fn read(path: &Path) -> Result<Self, CredentialError> {
        let bytes = match files::read(path, limits::DOCKER_CONFIG) {
            Ok(bytes) => bytes,
            Err(error) if error.is_not_found() => return Ok(Self::default()),
            Err(error) => return Err(error.into()),
        };
        let place = path.display().to_string();
        match serde_json::from_slice::<Self>(&bytes) {
            Ok(config) => Ok(Self { place, ..config }),
            // The parser's own words could quote a secret.
            Err(_) => Err(CredentialError::Malformed {
                place,
                what: "it is not the JSON of docker's configuration",
            }),
        }
    }

    /// The credential for `repository`: from its own helper, the common store or the file itself,
    /// in docker's order, each by the longest key that fits.
    pub(super) async fn credential(
        &self,
        repository: &Repository,
        path: Option<&str>,
    ) -> Result<Option<Credential>, CredentialError> {
        let keys = keys(repository);
        let server = match repository.host() {
            "docker.io" => DOCKER_HUB,
            host => host,
        };
        if let Some((_, name)) =
            find(&self.cred_helpers, &keys).filter(|(_, name)| !name.is_empty())
        {
            return helper::ask(name, server, path).await;
        }
        if !self.creds_store.is_empty()
            && let Some(credential) = helper::ask(&self.creds_store, server, path).await?
        {
            return Ok(Some(credential));
        }
        match find(&self.auths, &keys) {
            Some((key, entry)) => self.entry(key, entry),
            None => Ok(None),
        }
    }

    fn entry(&self, key: &str, entry: &Entry) -> Result<Option<Credential>, CredentialError> {
        let malformed = |what| CredentialError::Malformed {
            place: format!("the entry `{key}` of {}", self.place),
            what,
        };
        let filled = |secret: &&SecretString| !secret.expose_secret().is_empty();
        let credential = |username: &str, secret| {
            Ok(Some(Credential {
                username: username.to_owned(),
                secret,
                origin: self.place.clone(),
                hosts: None,
            }))
        };
        if let Some(token) = entry.identitytoken.as_ref().filter(filled) {
            return credential(IDENTITY_TOKEN_USER, Secret::IdentityToken(token.clone()));
        }
        if let Some(auth) = entry.auth.as_ref().filter(filled) {
            let (username, password) = decode(auth)
                .ok_or_else(|| malformed("its `auth` is not base64 of NAME:PASSWORD"))?;
            return if username == IDENTITY_TOKEN_USER {
                credential(IDENTITY_TOKEN_USER, Secret::IdentityToken(password))
            } else {
                credential(&username, Secret::Password(password))
            };
        }
        match (&entry.username, entry.password.as_ref().filter(filled)) {
            (Some(username), Some(password)) => {
                credential(username, Secret::Password(password.clone()))
            }
            // `docker login` with a store leaves an empty entry.
            _ => Ok(None),
        }
    }
}

fn decode(auth: &SecretString) -> Option<(String, SecretString)> {
    let bytes = BASE64.decode(auth.expose_secret().trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (username, password) = text.split_once(':')?;
    // Old versions of docker padded with NUL.
    let password = password.trim_end_matches('\0');
    Some((username.to_owned(), SecretString::from(password)))
}

/// The keys that fit a repository, the most particular first.
fn keys(repository: &Repository) -> Vec<String> {
    let name = repository.to_string();
    let slashes = name.char_indices().filter(|&(_, c)| c == '/');
    let mut keys: Vec<String> = slashes.map(|(at, _)| name[..at].to_owned()).collect();
    keys.push(name);
    keys.reverse();
    if repository.host() == "docker.io" {
        keys.extend(["index.docker.io", "registry-1.docker.io"].map(str::to_owned));
    }
    keys
}

/// The entry of the first key; only then those that are written as URLs, which stand for a host.
fn find<'a, T>(map: &'a BTreeMap<String, T>, keys: &[String]) -> Option<(&'a str, &'a T)> {
    let exact = keys.iter().find_map(|key| map.get_key_value(key));
    let by_host = || {
        map.iter().find(|(key, _)| {
            let url = key.strip_prefix("https://").or(key.strip_prefix("http://"));
            let host = url.and_then(|url| url.split('/').next());
            host.is_some_and(|host| keys.iter().any(|key| key == host))
        })
    };
    exact
        .or_else(by_host)
        .map(|(key, value)| (key.as_str(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn found(config: &str, repository: &str) -> Option<(String, String)> {
        let config: DockerConfig = serde_json::from_str(config).unwrap();
        let repository = repository.parse().unwrap();
        let credential = config.credential(&repository, None).await.unwrap()?;
        Some(match credential.secret {
            Secret::Password(secret) => (credential.username, secret.expose_secret().to_owned()),
            Secret::IdentityToken(secret) => {
                ("token".to_owned(), secret.expose_secret().to_owned())
            }
        })
    }

    fn pair(username: &str, password: &str) -> (String, String) {
        (username.to_owned(), password.to_owned())
    }

    #[tokio::test]
    async fn the_longest_key_wins() {
        // a:1, b:2 and c:3 in base64.
        let config = r#"{"auths": {
            "r.example": {"auth": "YToxAA=="},
            "r.example/team": {"auth": "Yjoy"},
            "r.example/team/app": {"auth": "Yzoz"}
        }}"#;
        assert_eq!(
            found(config, "r.example/team/app").await,
            Some(pair("c", "3"))
        );
        assert_eq!(
            found(config, "r.example/team/apple").await,
            Some(pair("b", "2"))
        );
        assert_eq!(found(config, "r.example/teams").await, Some(pair("a", "1")));
        assert_eq!(found(config, "r.example:5000/team").await, None);
        assert_eq!(found(config, "other.example/team").await, None);
    }

    #[tokio::test]
    async fn docker_hub_has_many_names() {
        for key in [
            "https://index.docker.io/v1/",
            "index.docker.io",
            "docker.io",
            "docker.io/library",
        ] {
            let config = format!(r#"{{"auths": {{"{key}": {{"auth": "YTox"}}}}}}"#);
            assert_eq!(
                found(&config, "alpine").await,
                Some(pair("a", "1")),
                "{key}"
            );
        }
    }

    #[tokio::test]
    async fn every_form_of_entry_is_read() {
        for (entry, expected) in [
            (r#"{"auth": "YTox"}"#, Some(pair("a", "1"))),
            (r#"{"auth": "YToxOjI"}"#, Some(pair("a", "1:2"))),
            (
                r#"{"username": "a", "password": "1"}"#,
                Some(pair("a", "1")),
            ),
            (
                r#"{"auth": "YTox", "identitytoken": "t"}"#,
                Some(pair("token", "t")),
            ),
            (r#"{"auth": "PHRva2VuPjp4"}"#, Some(pair("token", "x"))),
            ("{}", None),
            (r#"{"auth": ""}"#, None),
        ] {
            let config = format!(r#"{{"auths": {{"https://r.example/v2/": {entry}}}, "x": 1}}"#);
            assert_eq!(found(&config, "r.example/a").await, expected, "{entry}");
        }
    }

    #[tokio::test]
    async fn a_broken_entry_is_an_error_that_does_not_quote_it() {
        let config: DockerConfig =
            serde_json::from_str(r#"{"auths": {"r.example": {"auth": "hunter2!"}}}"#).unwrap();
        let repository = "r.example/a".parse().unwrap();
        let error = config.credential(&repository, None).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
