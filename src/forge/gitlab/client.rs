//! The endpoints of the crate `gitlab`, carried by our transport.
//!
//! The crate's own client asks who we are before anything else, takes a 429 without a reset for
//! "until 1970", and ignores Retry-After. Here every status that is no success is a [`Reason`]
//! before the crate sees it.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use gitlab::api::{self, ApiError, AsyncClient, AsyncQuery, Endpoint, RestClient};
use http::{Response, request::Builder};
use serde::de::DeserializeOwned;

use super::{
    super::{
        Cost, Reason,
        transport::{Answer, Repeat, Transport},
    },
    place::Place,
    refusal,
};
use crate::{
    document::json,
    seam::http::{
        Method, Request, Url,
        header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION},
    },
};

/// The longest address that is asked; the crate panics at 64 KiB.
const MAX_URL: usize = 16 << 10;

/// What speaks to one GitLab.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) place: Place,
    transport: Transport,
    credential: HeaderValue,
}

/// How a call is made.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    cost: Cost,
    repeat: Repeat,
    condition: Option<(HeaderName, HeaderValue)>,
}

impl Manner {
    /// It changes nothing.
    pub(super) const READ: Self = Self {
        cost: Cost::READ,
        repeat: Repeat::Safe,
        condition: None,
    };
    /// It changes something.
    pub(super) const WRITE: Self = Self {
        cost: Cost::WRITE,
        repeat: Repeat::Never,
        condition: None,
    };

    /// With a header that makes it conditional.
    pub(super) fn only(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.condition = Some((name, value));
        self
    }
}

/// A call that the crate makes through us, and the headers of its answer.
struct Caller<'a> {
    client: &'a Client,
    manner: Manner,
    headers: Mutex<HeaderMap>,
}

impl Client {
    /// A client of the GitLab at `place`, which is shown `credential`.
    pub(super) fn new(place: Place, transport: Transport, credential: HeaderValue) -> Self {
        Self {
            place,
            transport,
            credential,
        }
    }

    /// What `endpoint`, which changes nothing, is answered with.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        endpoint: &(impl Endpoint + Sync),
    ) -> Result<T, Reason> {
        read(&self.send(endpoint, Manner::READ).await?.0)
    }

    /// The same; none where there is no such thing.
    pub(super) async fn find<T: DeserializeOwned>(
        &self,
        endpoint: &(impl Endpoint + Sync),
    ) -> Result<Option<T>, Reason> {
        match self.get(endpoint).await {
            Ok(found) => Ok(Some(found)),
            Err(Reason::NotFound(_)) => Ok(None),
            Err(reason) => Err(reason),
        }
    }

    /// What `endpoint`, which changes something, is answered with. It is sent once; where its
    /// success cannot be read, nobody knows what became of it.
    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        endpoint: &(impl Endpoint + Sync),
    ) -> Result<T, Reason> {
        let (body, _) = self.send(endpoint, Manner::WRITE).await?;
        read(&body).map_err(|reason| Reason::Unsure(Box::new(reason)))
    }

    /// The body of the answer to `endpoint`, and its headers.
    pub(super) async fn send(
        &self,
        endpoint: &(impl Endpoint + Sync),
        manner: Manner,
    ) -> Result<(Vec<u8>, HeaderMap), Reason> {
        let caller = Caller {
            client: self,
            manner,
            headers: Mutex::default(),
        };
        let body = api::raw(endpoint).query_async(&caller).await;
        let headers = caller.headers.into_inner();
        let headers = headers.unwrap_or_else(PoisonError::into_inner);
        Ok((body.map_err(reason)?, headers))
    }

    /// The answer to a document of GraphQL that changes nothing.
    pub(super) async fn graphql(&self, body: Vec<u8>) -> Result<Answer, Reason> {
        let json = HeaderValue::from_static("application/json");
        let mut request = Request {
            method: Method::POST,
            url: self.place.graphql.clone(),
            headers: [(CONTENT_TYPE, json)].into_iter().collect(),
            body: Some(body),
        };
        self.authorize(&mut request);
        self.transport
            .call(&request, Cost::READ, Repeat::Safe)
            .await
    }

    fn authorize(&self, request: &mut Request) {
        let credential = self.credential.clone();
        request.headers.insert(AUTHORIZATION, credential);
    }

    /// Sends `request`; a question about what has moved is asked again at its new address.
    async fn carry(&self, mut request: Request, manner: &Manner) -> Result<Answer, Reason> {
        self.authorize(&mut request);
        if let Some((name, value)) = &manner.condition {
            request.headers.insert(name, value.clone());
        }
        let Manner { cost, repeat, .. } = *manner;
        let answer = self.transport.call(&request, cost, repeat).await?;
        match self.moved(&request, &answer) {
            Some(url) => {
                request.url = url;
                self.transport.call(&request, cost, repeat).await
            }
            None => Ok(answer),
        }
    }

    /// Where `answer` says that a project is now, within the same API.
    fn moved(&self, request: &Request, answer: &Answer) -> Option<Url> {
        let is_move = matches!(answer.status, 301 | 302 | 307 | 308);
        if !is_move || request.method != Method::GET {
            return None;
        }
        let location = answer.headers.get(LOCATION)?.to_str().ok()?;
        let url = request.url.join(location).ok()?;
        self.place.is_within(&url).then_some(url)
    }
}

impl RestClient for Caller<'_> {
    type Error = Reason;

    fn rest_endpoint(&self, endpoint: &str) -> Result<Url, ApiError<Reason>> {
        let url = self.client.place.endpoint(endpoint);
        let url = url.filter(|url| url.as_str().len() <= MAX_URL);
        let refused =
            || ApiError::client(Reason::Setting("the name is too long, or none".to_owned()));
        url.ok_or_else(refused)
    }
}

#[async_trait]
impl AsyncClient for Caller<'_> {
    async fn rest_async(
        &self,
        request: Builder,
        body: Vec<u8>,
    ) -> Result<Response<Bytes>, ApiError<Reason>> {
        let request = translate(request, body).ok_or(Reason::Malformed("a call is none"));
        let request = request.map_err(ApiError::client)?;
        let method = request.method.clone();
        let answer = self.client.carry(request, &self.manner).await;
        let answer = answer.map_err(ApiError::client)?;
        if !(200..300).contains(&answer.status) {
            return Err(ApiError::client(refusal::reason(&method, &answer)));
        }
        *self.headers.lock().unwrap_or_else(PoisonError::into_inner) = answer.headers;
        Ok(Response::new(answer.body))
    }
}

/// The crate's request as one of ours.
fn translate(request: Builder, body: Vec<u8>) -> Option<Request> {
    let (head, ()) = request.body(()).ok()?.into_parts();
    Some(Request {
        method: head.method,
        url: Url::parse(&head.uri.to_string()).ok()?,
        headers: head.headers,
        body: Some(body).filter(|body| !body.is_empty()),
    })
}

fn reason(error: ApiError<Reason>) -> Reason {
    match error {
        ApiError::Client { source } => source,
        _ => Reason::Malformed("it is not the API's"),
    }
}

/// What `body` says.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Reason> {
    json::parse(body).map_err(|error| {
        tracing::debug!(%error, "an answer is not understood");
        Reason::Malformed("it is not the API's JSON")
    })
}
