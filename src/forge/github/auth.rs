//! Whom we speak for: a token, or an installation of an app.

use std::{collections::BTreeMap, fmt, sync::Mutex, time::Duration};

use jiff::Timestamp;
use octocrab::{AuthState, EncodingKey, auth::AppAuth, models::AppId};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::{
    super::{Cost, Reason},
    answer,
    client::{Call, Client},
};
use crate::seam::{environment::Environment, files, http::Method};

/// An installation's token lives for an hour; one that would end within this is not used any more.
const SPARE: Duration = Duration::from_mins(5);
/// A key has a few thousand bytes.
const MAX_KEY: u64 = 64 << 10;

const APP: &str = "FULLSEND_APP_ID";
const KEY: &str = "FULLSEND_APP_PRIVATE_KEY";
const KEY_FILE: &str = "FULLSEND_APP_PRIVATE_KEY_FILE";
const INSTALLATION: &str = "FULLSEND_APP_INSTALLATION_ID";

/// Whom we speak for.
#[derive(Debug)]
pub(super) enum Auth {
    /// Whoever the token is of.
    Token(SecretString),
    /// An app's installation.
    App(Box<App>),
}

/// An installation of an app.
pub(super) struct App {
    signer: AppAuth,
    /// Whose installation it is.
    owner: String,
    /// Its number, where it was told.
    installation: Option<u64>,
    minted: Mutex<Option<Minted>>,
    /// Only one mints at a time.
    minting: tokio::sync::Mutex<()>,
}

/// A token of an installation.
#[derive(Clone, Debug)]
struct Minted {
    token: SecretString,
    until: Timestamp,
    permissions: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

#[derive(Deserialize)]
struct Granted {
    token: SecretString,
    expires_at: Timestamp,
    #[serde(default)]
    permissions: BTreeMap<String, String>,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

impl Auth {
    /// What octocrab shows by itself: the token, or for an app its own signature.
    pub(super) fn state(&self) -> AuthState {
        match self {
            Self::Token(token) => AuthState::AccessToken {
                token: token.clone(),
            },
            Self::App(app) => AuthState::App(app.signer.clone()),
        }
    }

    /// Whether it is an app's, which may write wherever it may read; GitHub tells no permission for
    /// each repository to those.
    pub(super) fn writes_everywhere(&self) -> bool {
        match self {
            // The beginning of every installation's token, also of one that was minted elsewhere.
            Self::Token(token) => token.expose_secret().starts_with("ghs_"),
            Self::App(_) => true,
        }
    }

    /// Forgets a token that is refused, if another can be had.
    pub(super) fn forget(&self) -> bool {
        let Self::App(app) = self else {
            return false;
        };
        app.lock().take().is_some()
    }
}

impl App {
    /// The app that `environment` names, if it names one, for its installation at `owner`.
    pub(super) fn of(environment: &Environment, owner: &str) -> Result<Option<Self>, Reason> {
        let Some(id) = environment.get(APP) else {
            return Ok(None);
        };
        let installation = environment.get(INSTALLATION);
        let installation = installation
            .map(|it| number(INSTALLATION, it))
            .transpose()?;
        let key = EncodingKey::from_rsa_pem(key(environment)?.as_bytes());
        let key = key.map_err(|_| setting(format!("{KEY} holds no RSA private key in PEM")))?;
        Ok(Some(Self {
            signer: AppAuth {
                app_id: AppId(number(APP, id)?),
                key,
            },
            owner: owner.to_owned(),
            installation,
            minted: Mutex::new(None),
            minting: tokio::sync::Mutex::new(()),
        }))
    }

    /// A token of the installation that is good for minutes.
    pub(super) async fn token(&self, client: &Client) -> Result<SecretString, Reason> {
        Ok(self.minted(client).await?.token)
    }

    /// What the installation may do, as GitHub names it: `contents` to `write`.
    pub(super) async fn permissions(
        &self,
        client: &Client,
    ) -> Result<BTreeMap<String, String>, Reason> {
        Ok(self.minted(client).await?.permissions)
    }

    async fn minted(&self, client: &Client) -> Result<Minted, Reason> {
        if let Some(minted) = self.fresh() {
            return Ok(minted);
        }
        let _one = self.minting.lock().await;
        if let Some(minted) = self.fresh() {
            return Ok(minted);
        }
        let minted = self.mint(client).await?;
        *self.lock() = Some(minted.clone());
        Ok(minted)
    }

    fn fresh(&self) -> Option<Minted> {
        let soon = Timestamp::now().checked_add(SPARE).ok()?;
        let minted = self.lock().clone();
        minted.filter(|it| it.until > soon)
    }

    async fn mint(&self, client: &Client) -> Result<Minted, Reason> {
        let installation = match self.installation {
            Some(installation) => installation,
            None => self.installation(client).await?,
        };
        let path = format!("/app/installations/{installation}/access_tokens");
        let cost = Cost {
            points: 5,
            contents: 0,
        };
        // A token more does no harm.
        let call = Call::write(Method::POST, path, json!({}), cost).repeatable();
        let granted: Granted = answer::read(&client.send_as_app(&call).await?)?;
        Ok(Minted {
            token: granted.token,
            until: granted.expires_at,
            permissions: granted.permissions,
        })
    }

    /// The owner's installation: an organisation's, else a person's.
    async fn installation(&self, client: &Client) -> Result<u64, Reason> {
        let owner = &self.owner;
        let call = Call::get(format!("/orgs/{owner}/installation"));
        let mut found = client.send_as_app(&call).await?;
        if found.status == 404 {
            let call = Call::get(format!("/users/{owner}/installation"));
            found = client.send_as_app(&call).await?;
        }
        let found: Result<Installation, Reason> = answer::read(&found);
        found.map(|it| it.id)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Minted>> {
        let guard = self.minted.lock();
        guard.unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn key(environment: &Environment) -> Result<String, Reason> {
    if let Some(key) = environment.get(KEY) {
        return Ok(key.to_owned());
    }
    let path = environment
        .get(KEY_FILE)
        .ok_or_else(|| setting(format!("{APP} is set, but neither {KEY} nor {KEY_FILE} is")))?;
    let bytes = files::read(path.as_ref(), MAX_KEY)
        .map_err(|error| setting(format!("{KEY_FILE}: {error}")))?;
    String::from_utf8(bytes).map_err(|_| setting(format!("{KEY_FILE} names a file that is no PEM")))
}

fn number(name: &str, value: &str) -> Result<u64, Reason> {
    let number = value.trim().parse();
    number.map_err(|_| setting(format!("{name} is not a number")))
}

fn setting(what: String) -> Reason {
    Reason::Setting(what)
}
