//! HTTP: connections, and the faults on top of what the site answers.

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
    header::{CONTENT_LENGTH, HeaderName, HeaderValue},
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
    Asked, LoggedRequest, Plain, Shared, Site,
    fault::{Body, Fault, Manner, strike},
};

type Outgoing = BoxBody<Bytes, io::Error>;

/// Serves until it is dropped, with every connection.
pub(super) async fn serve<S: Site>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared<S>>,
) {
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
async fn converse<S: Site>(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    number: u64,
    shared: Arc<Shared<S>>,
) {
    let service = service_fn(move |request| answer(Arc::clone(&shared), number, request));
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer<S: Site>(
    shared: Arc<Shared<S>>,
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
        shared.site.answer(&asked).await
    };
    if plain.cut {
        return Err(io::Error::other("the site closes the connection"));
    }
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
