//! Who we are to a registry: credentials, where they may go, and the tokens got for them.

mod challenge;
mod docker_config;
mod helper;
mod keyring;
mod token;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

pub(super) use challenge::Challenge;
use keyring::Keyring;

use super::error::{CredentialError, Reason};
use crate::{
    model::image::Repository,
    seam::{
        environment::Environment,
        http::{Http, Url, authority, header::HeaderValue},
    },
};

/// A credential for one registry.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The account; registries ignore it beside an identity token.
    pub username: String,
    /// What proves it.
    pub secret: Secret,
    /// Where it was found, for errors.
    origin: String,
    /// Where `Some`, the only hosts that may see it.
    hosts: Option<Vec<String>>,
}

/// What proves an account.
#[derive(Clone, Debug)]
pub enum Secret {
    /// A password, or a token used as one.
    Password(SecretString),
    /// An `OAuth2` refresh token that the registry's token service gave at `docker login`.
    IdentityToken(SecretString),
}

impl Credential {
    /// The `Authorization` header of basic authentication; an identity token has none.
    fn basic(&self) -> Option<HeaderValue> {
        let Secret::Password(password) = &self.secret else {
            return None;
        };
        let pair = format!("{}:{}", self.username, password.expose_secret());
        sensitive(&format!("Basic {}", STANDARD.encode(pair)))
    }

    /// Whether the service at `url` may see this.
    fn may_go_to(&self, url: &Url) -> bool {
        let authority = authority(url);
        self.hosts.as_ref().is_none_or(|hosts| {
            hosts
                .iter()
                .any(|host| host.eq_ignore_ascii_case(&authority))
        })
    }
}

/// What a request does in its repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Access {
    /// It reads.
    Pull,
    /// It reads and writes.
    Push,
}

impl Access {
    /// As a token's scope has it.
    fn actions(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "pull,push",
        }
    }
}

/// The header that lets a request pass, for as long as it does.
#[derive(Clone)]
pub(super) struct Pass {
    header: HeaderValue,
    ends: Option<Instant>,
}

impl Pass {
    pub(super) fn header(&self) -> &HeaderValue {
        &self.header
    }

    fn holds(&self) -> bool {
        self.ends.is_none_or(|ends| Instant::now() < ends)
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pass").finish_non_exhaustive()
    }
}

/// A header value that logs do not show; `None` where the text is no header.
fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// What is known for one repository and what is done there. Its lock is held while a token is
/// fetched, so that requests side by side fetch one token, not one each.
#[derive(Debug, Default)]
struct Slot {
    looked_up: bool,
    credential: Option<Credential>,
    pass: Option<Pass>,
}

/// One lookup at a time.
type SharedSlot = Arc<tokio::sync::Mutex<Slot>>;

/// Keeps credentials and tokens, each for its registry and repository.
#[derive(Debug)]
pub(super) struct Authenticator {
    http: Http,
    keyring: Keyring,
    slots: Mutex<HashMap<(Repository, Access), SharedSlot>>,
}

impl Authenticator {
    pub(super) fn new(http: Http, environment: Environment) -> Self {
        Self {
            http,
            keyring: Keyring::new(environment),
            slots: Mutex::default(),
        }
    }

    /// The pass to show without being asked: one that was asked for before.
    pub(super) async fn current(&self, repository: &Repository, access: Access) -> Option<Pass> {
        let slot = self.slot(repository, access);
        let slot = slot.lock().await;
        slot.pass.clone().filter(Pass::holds)
    }

    /// Finds the user's credential for the repository, once.
    pub(super) async fn credential(
        &self,
        repository: &Repository,
    ) -> Result<Option<Credential>, CredentialError> {
        let slot = self.slot(repository, Access::Pull);
        let mut slot = slot.lock().await;
        self.credential_in(&mut slot, repository).await
    }

    /// Answers the registry's challenge; `None` where there is nothing (more) to show.
    ///
    /// `refused` is the pass that the registry did not take.
    pub(super) async fn answer(
        &self,
        repository: &Repository,
        access: Access,
        registry: &Url,
        challenge: &Challenge,
        refused: Option<Pass>,
    ) -> Result<Option<Pass>, Reason> {
        let slot = self.slot(repository, access);
        let mut slot = slot.lock().await;
        let refused = refused.map(|pass| pass.header);
        if let Some(pass) = slot.pass.as_ref().filter(|pass| pass.holds())
            && Some(&pass.header) != refused.as_ref()
        {
            // Another request got a new one while this one waited.
            return Ok(Some(pass.clone()));
        }
        slot.pass = None;
        let credential = self.credential_in(&mut slot, repository).await?;
        let pass = match challenge {
            Challenge::Basic => {
                let header = credential.as_ref().and_then(Credential::basic);
                header.map(|header| Pass { header, ends: None })
            }
            Challenge::Bearer(bearer) => {
                let scope = format!("repository:{}:{}", repository.path(), access.actions());
                let token = token::fetch(&self.http, registry, bearer, &scope, credential.as_ref());
                Some(token.await?)
            }
        };
        // The same basic credential again would be refused again.
        slot.pass = pass.filter(|pass| Some(&pass.header) != refused.as_ref());
        Ok(slot.pass.clone())
    }

    async fn credential_in(
        &self,
        slot: &mut Slot,
        repository: &Repository,
    ) -> Result<Option<Credential>, CredentialError> {
        if !slot.looked_up {
            slot.credential = self.keyring.find(repository).await?;
            slot.looked_up = true;
        }
        Ok(slot.credential.clone())
    }

    fn slot(&self, repository: &Repository, access: Access) -> SharedSlot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (repository.clone(), access);
        slots.entry(key).or_default().clone()
    }
}
