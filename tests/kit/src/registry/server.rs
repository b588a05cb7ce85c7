//! HTTP: the distribution API, and the faults on top.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{Stream, stream};
use http_body_util::{BodyExt, StreamBody, combinators::BoxBody};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Frame, Incoming},
    header::{
        AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LINK,
        LOCATION, RANGE, WWW_AUTHENTICATE,
    },
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::{
    LoggedRequest, Shared,
    fault::{Body, Fault, Manner, strike},
};

type Outgoing = BoxBody<Bytes, io::Error>;

/// Serves until it is dropped, with every connection.
pub(super) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    let mut count = 0;
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        count += 1;
        let number = count;
        let shared = Arc::clone(&shared);
        let tls = tls.clone();
        connections.spawn(async move {
            match tls {
                None => converse(stream, number, shared).await,
                // A client that does not trust the certificate hangs up here.
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        converse(stream, number, shared).await;
                    }
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Answers what comes over one connection.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    number: u64,
    shared: Arc<Shared>,
) {
    let service = service_fn(move |request| answer(Arc::clone(&shared), number, request));
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// A request with its body read.
struct Asked {
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
    version: String,
}

/// An answer before a fault changes it.
#[derive(Default)]
struct Plain {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    body: Bytes,
}

async fn answer(
    shared: Arc<Shared>,
    connection: u64,
    request: Request<Incoming>,
) -> Result<Response<Outgoing>, io::Error> {
    let (head, body) = request.into_parts();
    let asked = Asked {
        version: format!("{:?}", head.version),
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.collect().await.map_err(io::Error::other)?.to_bytes(),
    };
    let fault = {
        let mut state = shared.lock();
        state.log.push(asked.logged(connection));
        strike(&mut state.faults, &asked.path).unwrap_or_default()
    };
    tokio::time::sleep(fault.delay).await;
    match fault.manner {
        Manner::Answer => {}
        Manner::Hang => std::future::pending().await,
        Manner::Disconnect => return Err(io::Error::other("a fault closes the connection")),
    }
    let plain = if fault.status.is_some() {
        Plain::default()
    } else {
        route(&shared, &asked)
    };
    Ok(spoil(plain, &fault, asked.method == Method::HEAD))
}

/// The answer as the fault has it.
fn spoil(plain: Plain, fault: &Fault, head: bool) -> Response<Outgoing> {
    let mut response = Response::new(full(Bytes::new()));
    let status = fault
        .status
        .and_then(|code| StatusCode::from_u16(code).ok());
    *response.status_mut() = status.unwrap_or(plain.status);
    let headers = response.headers_mut();
    for (name, value) in plain.headers {
        headers.extend(
            HeaderValue::from_str(&value)
                .ok()
                .map(|value| (name, value)),
        );
    }
    let bytes = match &fault.body {
        Body::Bytes(bytes) => bytes.clone(),
        _ => plain.body,
    };
    let length = bytes.len();
    let (announced, body) = match &fault.body {
        Body::Normal | Body::Bytes(_) if head => (Some(length), full(Bytes::new())),
        Body::Normal | Body::Bytes(_) => (Some(length), full(bytes)),
        Body::Truncated => (Some(length), truncated(bytes.slice(..length / 2))),
        Body::Corrupt => (Some(length), full(corrupt(&bytes))),
        Body::Endless => (None, endless()),
        Body::Drip(pause) => (Some(length), drip(bytes, *pause)),
    };
    *response.body_mut() = body;
    let headers = response.headers_mut();
    if let Some(length) = announced {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    for (name, value) in &fault.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    response
}

fn full(bytes: Bytes) -> Outgoing {
    let never = |never: Infallible| match never {};
    http_body_util::Full::new(bytes).map_err(never).boxed()
}

fn corrupt(bytes: &[u8]) -> Bytes {
    let mut bytes = bytes.to_vec();
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    bytes.into()
}

fn streamed(stream: impl Stream<Item = io::Result<Bytes>> + Send + Sync + 'static) -> Outgoing {
    let stream: Pin<Box<dyn Stream<Item = io::Result<Frame<Bytes>>> + Send + Sync>> =
        Box::pin(futures_util::StreamExt::map(stream, |bytes| {
            bytes.map(Frame::data)
        }));
    BodyExt::boxed(StreamBody::new(stream))
}

fn truncated(bytes: Bytes) -> Outgoing {
    let cut = Err(io::Error::other("a fault cuts the body"));
    streamed(stream::iter([Ok(bytes), cut]))
}

fn endless() -> Outgoing {
    let zeros = Bytes::from(vec![0; 64 << 10]);
    streamed(stream::repeat_with(move || Ok(zeros.clone())))
}

fn drip(bytes: Bytes, pause: Duration) -> Outgoing {
    streamed(stream::unfold(
        (bytes, false),
        move |(mut bytes, begun)| async move {
            if begun {
                tokio::time::sleep(pause).await;
            }
            (!bytes.is_empty()).then(|| (Ok(bytes.split_to(1)), (bytes, true)))
        },
    ))
}

/// What a well-behaved registry answers.
fn route(shared: &Shared, asked: &Asked) -> Plain {
    if asked.path == "/token" {
        return token(shared, asked);
    }
    let Some(path) = asked.path.strip_prefix("/v2/") else {
        return Plain::not_found("404 page not found\n");
    };
    let split = |mark: &str| {
        let at = path.rfind(mark)?;
        Some((&path[..at], &path[at + mark.len()..]))
    };
    let (repository, kind, rest) = [
        "/blobs/uploads/",
        "/manifests/",
        "/blobs/",
        "/referrers/",
        "/tags/list",
    ]
    .into_iter()
    .find_map(|kind| split(kind).map(|(repository, rest)| (repository, kind, rest)))
    .unwrap_or_default();
    let authorization = asked.headers.get(AUTHORIZATION);
    let authorization = authorization.and_then(|value| value.to_str().ok());
    let admitted = shared.lock().auth.check(repository, authorization);
    if let Err(challenge) = admitted {
        return Plain::error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED")
            .with(WWW_AUTHENTICATE, challenge);
    }
    match kind {
        "/blobs/uploads/" => upload(shared, asked, repository, rest),
        "/manifests/" if asked.method == Method::PUT => {
            push_manifest(shared, asked, repository, rest)
        }
        "/manifests/" => manifest(shared, asked, repository, rest),
        "/blobs/" => blob(shared, rest),
        "/referrers/" => referrers(shared, asked, repository, rest),
        "/tags/list" => tags(shared, repository),
        _ if path.is_empty() => Plain::default(),
        _ => Plain::not_found("404 page not found\n"),
    }
}

fn token(shared: &Shared, asked: &Asked) -> Plain {
    let mut fields: Vec<(String, String)> = pairs(asked.query.as_bytes());
    fields.extend(pairs(&asked.body));
    let field = |name: &str| {
        let found = fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    let authorization = asked.headers.get(AUTHORIZATION);
    let authorization = authorization.and_then(|value| value.to_str().ok());
    let scope = field("scope").unwrap_or_default();
    let issued = shared
        .lock()
        .auth
        .issue(scope, authorization, field("refresh_token"));
    match issued {
        Some(body) => Plain::json(body),
        None => Plain::error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
    }
}

fn manifest(shared: &Shared, asked: &Asked, repository: &str, reference: &str) -> Plain {
    let peek = asked.method == Method::HEAD;
    match shared.lock().store.manifest(repository, reference, peek) {
        Some((digest, stored)) => Plain {
            body: stored.bytes,
            ..Plain::default()
        }
        .with(CONTENT_TYPE, stored.media_type)
        .with(HeaderName::from_static("docker-content-digest"), digest),
        None => Plain::error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN"),
    }
}

fn push_manifest(shared: &Shared, asked: &Asked, repository: &str, reference: &str) -> Plain {
    let media_type = asked.headers.get(CONTENT_TYPE);
    let media_type = media_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut state = shared.lock();
    let bytes = asked.body.clone();
    let digest = state
        .store
        .put_manifest(repository, reference, media_type, bytes);
    let mut created = Plain::created(format!("/v2/{repository}/manifests/{digest}"), &digest);
    let manifest: serde_json::Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    if let Some(subject) = manifest["subject"]["digest"]
        .as_str()
        .filter(|_| state.store.referrers_api)
    {
        created = created.with(HeaderName::from_static("oci-subject"), subject.to_owned());
    }
    created
}

fn blob(shared: &Shared, digest: &str) -> Plain {
    match shared.lock().store.blob(digest) {
        Some(body) => Plain {
            body,
            ..Plain::default()
        }
        .with(CONTENT_TYPE, "application/octet-stream".to_owned()),
        None => Plain::error(StatusCode::NOT_FOUND, "BLOB_UNKNOWN"),
    }
}

fn referrers(shared: &Shared, asked: &Asked, repository: &str, digest: &str) -> Plain {
    let state = shared.lock();
    if !state.store.referrers_api {
        return Plain::not_found("404 page not found\n");
    }
    let pairs = pairs(asked.query.as_bytes());
    let page = pairs.iter().find(|(name, _)| name == "page");
    let page = page.and_then(|(_, page)| page.parse().ok()).unwrap_or(0);
    let (index, more) = state.store.referrers(repository, digest, page);
    let plain = Plain {
        body: index.to_string().into(),
        ..Plain::default()
    }
    .with(
        CONTENT_TYPE,
        "application/vnd.oci.image.index.v1+json".to_owned(),
    );
    if more {
        let next = format!("<{}?page={}>; rel=\"next\"", asked.path, page + 1);
        plain.with(LINK, next)
    } else {
        plain
    }
}

fn tags(shared: &Shared, repository: &str) -> Plain {
    let tags = shared.lock().store.tags(repository);
    Plain::json(serde_json::json!({"name": repository, "tags": tags}).to_string())
}

/// `POST` opens an upload, `PATCH` adds to it, `PUT` ends it; `POST` with a digest does all.
fn upload(shared: &Shared, asked: &Asked, repository: &str, upload: &str) -> Plain {
    let store = &mut shared.lock().store;
    let unknown = || Plain::error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
    let number = if asked.method == Method::POST {
        store.start_upload()
    } else {
        upload.parse().unwrap_or(0)
    };
    let Some(length) = store.extend_upload(number, &asked.body) else {
        return unknown();
    };
    let pairs = pairs(asked.query.as_bytes());
    let Some((_, expected)) = pairs.iter().find(|(name, _)| name == "digest") else {
        return Plain {
            status: StatusCode::ACCEPTED,
            ..Plain::default()
        }
        .with(LOCATION, format!("/v2/{repository}/blobs/uploads/{number}"))
        .with(RANGE, format!("0-{}", length.saturating_sub(1)));
    };
    match store.finish_upload(number) {
        Some(digest) if digest == *expected => {
            Plain::created(format!("/v2/{repository}/blobs/{digest}"), &digest)
        }
        Some(_) => Plain::error(StatusCode::BAD_REQUEST, "DIGEST_INVALID"),
        None => unknown(),
    }
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

impl Asked {
    fn logged(&self, connection: u64) -> LoggedRequest {
        let headers = self.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.to_string(), value.into_owned())
        });
        LoggedRequest {
            method: self.method.to_string(),
            path: self.path.clone(),
            query: self.query.clone(),
            headers: headers.collect(),
            connection,
            version: self.version.clone(),
            at: Instant::now(),
        }
    }
}

impl Plain {
    fn with(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    fn json(body: String) -> Self {
        Self {
            body: body.into(),
            ..Self::default()
        }
        .with(CONTENT_TYPE, "application/json".to_owned())
    }

    fn error(status: StatusCode, code: &str) -> Self {
        let errors = serde_json::json!({"errors": [{"code": code, "message": "refused"}]});
        Self {
            status,
            ..Self::json(errors.to_string())
        }
    }

    fn not_found(text: &'static str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            body: Bytes::from_static(text.as_bytes()),
            ..Self::default()
        }
        .with(CONTENT_TYPE, "text/plain; charset=utf-8".to_owned())
    }

    fn created(location: String, digest: &str) -> Self {
        Self {
            status: StatusCode::CREATED,
            ..Self::default()
        }
        .with(LOCATION, location)
        .with(
            HeaderName::from_static("docker-content-digest"),
            digest.to_owned(),
        )
    }
}
