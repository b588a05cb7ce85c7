//! octocrab over the one way to a forge.
//!
//! octocrab builds requests and shows tokens; what carries them is [`Transport`], so that proxies,
//! bounds, the pace and "a write is sent once" hold for it as for everything else.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};

use bytes::Bytes;
use http::{Request as HttpRequest, Response as HttpResponse};
use http_body_util::{BodyExt, Full};
use octocrab::{OctoBody, Octocrab, OctocrabBuilder};
use serde_json::Value;

use super::{
    super::{
        Cost, Reason, Refusal,
        transport::{Answer, Repeat, Transport},
    },
    auth::Auth,
};
use crate::seam::{
    http::{
        Method, Request, Url,
        header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue},
    },
    retry,
};

const JSON: &str = "application/vnd.github+json";

/// What speaks to one GitHub.
#[derive(Debug)]
pub(super) struct Client {
    /// Its REST API.
    api: Url,
    transport: Transport,
    auth: Auth,
    /// The token was refused, and there is no other.
    is_rejected: AtomicBool,
    /// Made by the first call: it needs the runtime that the call has.
    octocrab: OnceLock<Octocrab>,
}

/// How a request is carried; octocrab does not look at it.
#[derive(Clone, Copy, Debug)]
struct Manner {
    cost: Cost,
    repeat: Repeat,
}

/// A request to the REST API, or to `/graphql`.
#[derive(Clone, Debug)]
pub(super) struct Call {
    method: Method,
    /// Below the API, with what follows `?`.
    path: String,
    body: Option<Value>,
    manner: Manner,
}

impl Call {
    /// Asks for `path`.
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            body: None,
            manner: Manner {
                cost: Cost::READ,
                repeat: Repeat::Safe,
            },
        }
    }

    /// Changes something.
    pub(super) fn write(method: Method, path: impl Into<String>, body: Value, cost: Cost) -> Self {
        Self {
            method,
            path: path.into(),
            body: Some(body),
            manner: Manner {
                cost,
                repeat: Repeat::Never,
            },
        }
    }

    /// Removes something.
    pub(super) fn delete(path: impl Into<String>, cost: Cost) -> Self {
        Self {
            body: None,
            ..Self::write(Method::DELETE, path, Value::Null, cost)
        }
    }

    /// May be sent again: what it makes is of no consequence.
    pub(super) fn repeatable(mut self) -> Self {
        self.manner.repeat = Repeat::Safe;
        self
    }

    /// Changes nothing, and is not repeated where it is too much.
    pub(super) fn once(mut self) -> Self {
        self.manner.repeat = Repeat::Once;
        self
    }
}

impl Client {
    /// A client of the REST API at `api`.
    pub(super) fn new(api: Url, transport: Transport, auth: Auth) -> Self {
        Self {
            api,
            transport,
            auth,
            is_rejected: AtomicBool::new(false),
            octocrab: OnceLock::new(),
        }
    }

    /// Whom it speaks for.
    pub(super) fn auth(&self) -> &Auth {
        &self.auth
    }

    /// Sends `call` as the identity that it speaks for, and reads the answer, whatever its status
    /// below 500.
    ///
    /// Once a token was refused nothing more is sent: GitHub locks its owner out, with good tokens
    /// too, after a few tries with a bad one.
    pub(super) async fn send(&self, call: &Call) -> Result<Answer, Reason> {
        if self.is_rejected.load(Ordering::Relaxed) {
            return Err(Reason::Unauthorized(Refusal {
                status: 401,
                retry_after: None,
                with_token: true,
            }));
        }
        let answer = self.authorised(call).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        if !self.auth.forget() {
            self.is_rejected.store(true, Ordering::Relaxed);
            return Ok(answer);
        }
        // Whoever is not let in has done nothing, so that even a write may be sent again.
        self.authorised(call).await
    }

    async fn authorised(&self, call: &Call) -> Result<Answer, Reason> {
        let octocrab = match &self.auth {
            Auth::Token(_) => self.octocrab().clone(),
            Auth::App(app) => {
                let token = app.token(self).await?;
                let authorised = self.octocrab().user_access_token(token);
                authorised.map_err(reason)?
            }
        };
        execute(&octocrab, call).await
    }

    /// Where `answer` redirects to, below the API; nowhere else is worth a look.
    pub(super) fn moved(&self, answer: &Answer) -> Option<String> {
        if !matches!(answer.status, 301 | 302 | 307 | 308) {
            return None;
        }
        let location = answer.headers.get(http::header::LOCATION)?.to_str().ok()?;
        let target = self.api.join(location).ok()?;
        if target.origin() != self.api.origin() {
            return None;
        }
        let base = self.api.path().trim_end_matches('/');
        let path = target.path().strip_prefix(base)?;
        path.starts_with('/').then(|| path.to_owned())
    }

    /// Sends `call` as the app itself.
    pub(super) async fn send_as_app(&self, call: &Call) -> Result<Answer, Reason> {
        execute(self.octocrab(), call).await
    }

    fn octocrab(&self) -> &Octocrab {
        self.octocrab.get_or_init(|| {
            let (transport, api) = (self.transport.clone(), self.api.clone());
            let service = tower::service_fn(move |request| {
                let (transport, api) = (transport.clone(), api.clone());
                async move { carry(&transport, &api, request).await }
            });
            let builder = OctocrabBuilder::new_empty().with_service(service);
            let Ok(octocrab) = builder.with_auth(self.auth.state()).build();
            octocrab
        })
    }
}

async fn execute(octocrab: &Octocrab, call: &Call) -> Result<Answer, Reason> {
    let builder = http::request::Builder::new()
        .method(call.method.clone())
        .uri(call.path.as_str())
        .header(ACCEPT, JSON)
        .extension(call.manner);
    let request = octocrab.build_request(builder, call.body.as_ref());
    let sent = octocrab.execute(request.map_err(reason)?).await;
    let (head, body) = sent.map_err(reason)?.into_parts();
    Ok(Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: body.collect().await.map_err(reason)?.to_bytes(),
    })
}

/// What octocrab sends through.
async fn carry(
    transport: &Transport,
    api: &Url,
    request: HttpRequest<OctoBody>,
) -> Result<HttpResponse<Full<Bytes>>, Reason> {
    let (mut head, body) = request.into_parts();
    let manner = head.extensions.remove::<Manner>();
    let Manner { cost, repeat } = manner.ok_or(Reason::Malformed("not a call of ours"))?;
    let body = body.collect().await.map_err(reason)?.to_bytes();
    let request = Request {
        method: head.method,
        url: place(api, &head.uri).ok_or(Reason::Redirect("to another place"))?,
        headers: secretive(head.headers),
        body: (!body.is_empty()).then(|| body.to_vec()),
    };
    let answer = transport.call(&request, cost, repeat).await?;
    let mut response = HttpResponse::new(Full::new(answer.body));
    *response.status_mut() = http::StatusCode::from_u16(answer.status)
        .map_err(|_| Reason::Malformed("its status is none"))?;
    *response.headers_mut() = answer.headers;
    Ok(response)
}

/// The address of a path below the API. An enterprise's GraphQL is beside its REST API.
fn place(api: &Url, asked: &http::Uri) -> Option<Url> {
    if asked.authority().is_some() {
        return None;
    }
    let base = api.path().trim_end_matches('/');
    let base = match asked.path() {
        "/graphql" => base.strip_suffix("/v3").unwrap_or(base),
        _ => base,
    };
    let mut url = api.clone();
    url.set_path(&format!("{base}{}", asked.path()));
    url.set_query(asked.query());
    Some(url)
}

fn secretive(mut headers: HeaderMap) -> HeaderMap {
    if let Some(value) = headers.get_mut(AUTHORIZATION) {
        HeaderValue::set_sensitive(value, true);
    }
    headers
}

/// What is behind a failure of octocrab: nearly always what [`carry`] said.
pub(super) fn reason(error: octocrab::Error) -> Reason {
    match error {
        octocrab::Error::Service { source, .. } => match source.downcast::<Reason>() {
            Ok(reason) => *reason,
            Err(_) => Reason::Malformed("nothing carries requests any more"),
        },
        octocrab::Error::JWT { .. } => {
            Reason::Setting("the app's private key cannot sign".to_owned())
        }
        _ => Reason::Malformed("it is not HTTP as it should be"),
    }
}

/// How an answer refuses.
pub(super) fn refusal(answer: &Answer) -> Refusal {
    let asked = answer.headers.get(http::header::RETRY_AFTER);
    let asked = asked.and_then(|value| value.to_str().ok());
    Refusal {
        status: answer.status,
        retry_after: asked.and_then(|it| retry::retry_after(it, jiff::Timestamp::now())),
        with_token: true,
    }
}
