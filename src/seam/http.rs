//! The one HTTP client: time limits, proxies, offline mode, no automatic redirects.
//!
//! Two connection pools hide behind [`Http`]. Loading the machine's root certificates costs
//! milliseconds, so the pool that speaks TLS comes into being with the first request that needs
//! it; plain HTTP that goes through no proxy never pays for it.

use std::{
    collections::BTreeSet,
    error::Error,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use reqwest::{Certificate, Client, ClientBuilder};
pub use reqwest::{Method, Url, header};

use header::{HeaderMap, HeaderName};

use super::{environment::Environment, files, proxy::ProxyVariables};

/// More headers than any honest server sends; a header line is bounded by the HTTP library.
const MAX_HEADERS: usize = 64;
/// The same bound for HTTP/2, which counts bytes.
const MAX_HEADER_BYTES: u32 = 64 * 1024;
/// A bundle of all public root certificates has a quarter of this.
const MAX_ROOTS: u64 = 1 << 20;

/// How patient a client is, and where it may go.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// For a connection to stand, TLS included.
    pub connect_timeout: Duration,
    /// Between two signs of life of an answer. A total limit is the caller's.
    pub idle_timeout: Duration,
    /// Where `Some`, the only authorities (`host` or `host:port`) that connections go to.
    pub offline: Option<BTreeSet<String>>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(10),
            offline: None,
        }
    }
}

/// A request that got no usable answer. Says nothing of the URL, which may hold secrets.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Offline mode, and the host is not one that the user named.
    #[error("no connection to {0} is opened while offline")]
    Offline(String),
    /// The host's name has no address.
    #[error("the host name could not be resolved: {0}")]
    Dns(String),
    /// Nothing accepts connections there.
    #[error("no connection: {0}")]
    Connect(String),
    /// There is no trusted encrypted connection.
    #[error("no trusted TLS connection: {0}")]
    Tls(String),
    /// No sign of life for too long.
    #[error("no answer in time")]
    Timeout,
    /// The connection ended before the answer did.
    #[error("the connection broke off: {0}")]
    Broken(String),
    /// The body has more bytes than asked for.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The most that is read.
        limit: u64,
    },
    /// The client itself could not be made, for example for a malformed proxy variable.
    #[error("the HTTP client could not be set up: {0}")]
    Setup(String),
}

/// A request without streaming: what is sent is small.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Secrets among them are marked as sensitive.
    pub headers: HeaderMap,
    /// What is posted.
    pub body: Option<Vec<u8>>,
}

impl Request {
    /// Asks for `url`.
    pub fn get(url: Url, headers: HeaderMap) -> Self {
        Self {
            method: Method::GET,
            url,
            headers,
            body: None,
        }
    }
}

/// An answer's head; the body is read on request, bounded.
#[derive(Debug)]
pub struct Response {
    inner: reqwest::Response,
}

impl Response {
    /// The status code.
    pub fn status(&self) -> u16 {
        self.inner.status().as_u16()
    }

    /// The first header of that name, unless it is not plain ASCII text.
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        self.inner.headers().get(name)?.to_str().ok()
    }

    /// All headers.
    pub fn all_headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// Every header of that name that is plain ASCII text.
    pub fn headers(&self, name: HeaderName) -> impl Iterator<Item = &str> {
        let values = self.inner.headers().get_all(name).into_iter();
        values.filter_map(|value| value.to_str().ok())
    }

    /// The length that the server announced.
    pub fn content_length(&self) -> Option<u64> {
        self.inner.content_length()
    }

    /// The next bytes of the body.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, HttpError> {
        self.inner
            .chunk()
            .await
            .map_err(|error| classify(&error, HttpError::Broken))
    }

    /// The whole body, if it has at most `limit` bytes.
    pub async fn read(mut self, limit: u64) -> Result<Bytes, HttpError> {
        if self.content_length().is_some_and(|length| length > limit) {
            return Err(HttpError::TooLarge { limit });
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(HttpError::TooLarge { limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

/// A client that keeps its connections; clones share them.
#[derive(Clone, Debug)]
pub struct Http(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: HttpOptions,
    proxies: ProxyVariables,
    roots: Option<PathBuf>,
    plain: OnceLock<Client>,
    full: OnceLock<Client>,
}

impl Http {
    /// Prepares a client; nothing is loaded or opened yet.
    pub fn new(environment: &Environment, options: HttpOptions) -> Self {
        Self(Arc::new(Inner {
            options,
            proxies: ProxyVariables::of(environment),
            roots: environment.get("SSL_CERT_FILE").map(PathBuf::from),
            plain: OnceLock::new(),
            full: OnceLock::new(),
        }))
    }

    /// Sends `request` and waits for the answer's head. Redirects are answers like any other.
    pub async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.check_offline(&request.url)?;
        let client = self.client(&request.url)?;
        let mut builder = client
            .request(request.method, request.url)
            .headers(request.headers);
        if let Some(body) = request.body {
            builder = builder.body(body);
        }
        match builder.send().await {
            Ok(inner) => Ok(Response { inner }),
            Err(error) => Err(classify(&error, HttpError::Broken)),
        }
    }

    fn check_offline(&self, url: &Url) -> Result<(), HttpError> {
        let Some(allowed) = &self.0.options.offline else {
            return Ok(());
        };
        let authority = authority(url);
        if allowed.contains(&authority) {
            Ok(())
        } else {
            Err(HttpError::Offline(authority))
        }
    }

    fn client(&self, url: &Url) -> Result<&Client, HttpError> {
        let inner = &*self.0;
        let direct = !inner.proxies.plain_http() || is_loopback(url);
        let (slot, plain) = if url.scheme() == "http" && direct {
            (&inner.plain, true)
        } else {
            (&inner.full, false)
        };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = inner.build(plain)?;
        Ok(slot.get_or_init(|| client))
    }
}

impl Inner {
    fn build(&self, plain: bool) -> Result<Client, HttpError> {
        let builder = ClientBuilder::new()
            .user_agent(concat!("fullsend/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(self.options.connect_timeout)
            .read_timeout(self.options.idle_timeout)
            .http1_max_headers(MAX_HEADERS)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .no_proxy();
        let builder = if plain {
            builder.tls_certs_only([])
        } else {
            self.proxies
                .apply(self.trust(builder)?)
                .map_err(HttpError::Setup)?
        };
        builder
            .build()
            .map_err(|error| HttpError::Setup(root_cause(&error)))
    }

    /// `SSL_CERT_FILE` replaces the machine's root certificates, as it does for OpenSSL and Go.
    fn trust(&self, builder: ClientBuilder) -> Result<ClientBuilder, HttpError> {
        let Some(path) = &self.roots else {
            return Ok(builder);
        };
        let bytes = files::read(path, MAX_ROOTS)
            .map_err(|error| HttpError::Setup(format!("SSL_CERT_FILE: {error}")))?;
        let roots = Certificate::from_pem_bundle(&bytes).map_err(|_| {
            HttpError::Setup(format!(
                "SSL_CERT_FILE: {} holds no certificates in PEM",
                path.display()
            ))
        })?;
        Ok(builder.tls_certs_only(roots))
    }
}

/// The URL's host, with its port where that is not the scheme's own.
pub fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Whether the URL's host is this machine: `localhost`, 127.0.0.0/8 or `::1`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Names what went wrong, without the URL: a redirect's may carry a signature in its query.
fn classify(error: &reqwest::Error, otherwise: fn(String) -> HttpError) -> HttpError {
    if error.is_timeout() {
        return HttpError::Timeout;
    }
    let cause = root_cause(error);
    if !error.is_connect() {
        return otherwise(cause);
    }
    let mut layers = std::iter::successors(error.source(), |&error| error.source());
    if layers.any(|layer| layer.to_string().contains("dns error")) {
        return HttpError::Dns(cause);
    }
    let os_error = cause.contains("os error");
    if os_error {
        HttpError::Connect(cause)
    } else {
        HttpError::Tls(cause)
    }
}

fn root_cause(error: &reqwest::Error) -> String {
    std::iter::successors(error.source(), |&error| error.source())
        .last()
        .map_or_else(|| "unknown cause".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_this_machine_only() {
        for (url, expected) in [
            ("http://localhost:5000/", true),
            ("http://127.8.9.1/", true),
            ("http://[::1]:5000/", true),
            ("http://localhost.evil.example/", false),
            ("http://128.0.0.1/", false),
            ("http://127.0.0.1.example/", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn a_proxy_password_is_not_shown() {
        let environment = [("HTTPS_PROXY", "http://user:hunter2@proxy")].into_iter();
        let http = Http::new(&environment.collect(), HttpOptions::default());
        assert!(!format!("{http:?}").contains("hunter2"));
    }
}
