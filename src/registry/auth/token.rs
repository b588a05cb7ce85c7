//! Tokens from a registry's token service.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::Instant;
use url::form_urlencoded::Serializer;

use super::{Credential, Pass, Secret, challenge::Bearer, sensitive};
use crate::{
    registry::{
        error::{CredentialError, Reason},
        exchange::refused,
        limits,
    },
    seam::http::{
        Http, Method, Request, Url, authority,
        header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
    },
};

/// Tokens live at most this long for us, whatever the service says.
const LONGEST_LIFE: Duration = Duration::from_hours(1);

#[derive(Deserialize)]
struct Answer {
    token: Option<SecretString>,
    access_token: Option<SecretString>,
    expires_in: Option<u64>,
}

/// Fetches a token for `scope`: with the credential where there is one, anonymously otherwise.
pub(super) async fn fetch(
    http: &Http,
    registry: &Url,
    bearer: &Bearer,
    scope: &str,
    credential: Option<&Credential>,
) -> Result<Pass, Reason> {
    let service = authority(&bearer.realm);
    check_service(registry, &bearer.realm, &service, credential)?;
    let request = request(bearer, scope, credential);
    let asked_at = Instant::now();
    let answer = ask(http, request).await.map_err(|reason| Reason::Token {
        service: service.clone(),
        reason: Box::new(reason),
    })?;
    answer.pass(asked_at).ok_or_else(|| Reason::Token {
        service,
        reason: Box::new(Reason::Malformed("there is no token in it".to_owned())),
    })
}

/// Refuses a token service that must not see what would be sent.
///
/// Registries commonly have their token service on another host, which docker trusts with the
/// credential of that registry; so do we with what the user stored for the registry. A token from
/// the environment goes to its own hosts alone.
fn check_service(
    registry: &Url,
    realm: &Url,
    service: &str,
    credential: Option<&Credential>,
) -> Result<(), CredentialError> {
    let plain_at_home = registry.scheme() == "http" && registry.host() == realm.host();
    if realm.scheme() != "https" && !plain_at_home {
        return Err(CredentialError::PlainTokenService(service.to_owned()));
    }
    match credential {
        Some(credential) if !credential.may_go_to(realm) => {
            Err(CredentialError::ForeignTokenService {
                origin: credential.origin.clone(),
                service: service.to_owned(),
            })
        }
        _ => Ok(()),
    }
}

fn request(bearer: &Bearer, scope: &str, credential: Option<&Credential>) -> Request {
    let service = bearer.service.as_deref();
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(Credential {
        secret: Secret::IdentityToken(token),
        ..
    }) = credential
    {
        return refresh(bearer, scope, token, headers);
    }
    if let Some(basic) = credential.and_then(Credential::basic) {
        headers.insert(AUTHORIZATION, basic);
    }
    let mut url = bearer.realm.clone();
    url.query_pairs_mut()
        .extend_pairs(service.map(|service| ("service", service)))
        .append_pair("scope", scope);
    Request::get(url, headers)
}

/// The `OAuth2` form, by which an identity token becomes an access token.
fn refresh(bearer: &Bearer, scope: &str, token: &SecretString, mut headers: HeaderMap) -> Request {
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert(CONTENT_TYPE, form);
    let body = Serializer::new(String::new())
        .append_pair("grant_type", "refresh_token")
        .append_pair("client_id", "fullsend")
        .append_pair("service", bearer.service.as_deref().unwrap_or_default())
        .append_pair("scope", scope)
        .append_pair("refresh_token", token.expose_secret())
        .finish();
    Request {
        method: Method::POST,
        url: bearer.realm.clone(),
        headers,
        body: Some(body.into_bytes()),
    }
}

async fn ask(http: &Http, request: Request) -> Result<Answer, Reason> {
    let response = http.send(request).await?;
    match response.status() {
        200 => {}
        300..400 => return Err(Reason::Redirect("instead of answering")),
        _ => return Err(refused(response, true).await),
    }
    let body = response.read(limits::TOKEN).await?;
    // The parser's own words could quote the token.
    serde_json::from_slice(&body)
        .map_err(|_| Reason::Malformed("it is not a token in JSON".to_owned()))
}

impl Answer {
    fn pass(self, asked_at: Instant) -> Option<Pass> {
        let token = self.token.filter(|token| !token.expose_secret().is_empty());
        let token = token.or(self.access_token)?;
        let text = token.expose_secret();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let life = self
            .expires_in
            .map_or(limits::TOKEN_LIFE, Duration::from_secs);
        let life = life.min(LONGEST_LIFE).saturating_sub(limits::TOKEN_MARGIN);
        Some(Pass {
            header: sensitive(&format!("Bearer {text}"))?,
            ends: Some(asked_at + life),
        })
    }
}
