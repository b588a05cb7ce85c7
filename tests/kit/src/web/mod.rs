//! What every server of the kit shares: a thread of its own, a log of requests, and faults.

mod fault;
mod server;
pub(crate) mod tls;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Instant,
};

use bytes::Bytes;
pub use fault::Fault;
use hyper::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderName},
};
use tokio::{net::TcpListener, sync::oneshot};
use tokio_rustls::TlsAcceptor;

/// What answers, when no fault does.
pub(crate) trait Site: Send + Sync + 'static {
    /// What a well-behaved server answers.
    fn answer(&self, asked: &Asked) -> impl Future<Output = Plain> + Send;
}

/// A request with its body read.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) version: String,
}

/// An answer before a fault changes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plain {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) body: Bytes,
    /// The connection is closed instead.
    pub(crate) cut: bool,
}

impl Plain {
    pub(crate) fn with(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn json(body: String) -> Self {
        Self {
            body: body.into(),
            ..Self::default()
        }
        .with(CONTENT_TYPE, "application/json".to_owned())
    }

    pub(crate) fn not_found(text: &'static str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            body: Bytes::from_static(text.as_bytes()),
            ..Self::default()
        }
        .with(CONTENT_TYPE, "text/plain; charset=utf-8".to_owned())
    }
}

/// One request as it came in.
#[derive(Clone, Debug)]
pub struct LoggedRequest {
    /// `GET`, …
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// What follows `?`.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The connection it came on, counted from 1.
    pub connection: u64,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// When it came in.
    pub at: Instant,
}

impl LoggedRequest {
    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// A running server, which ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Server<S> {
    host: String,
    scheme: &'static str,
    shared: Arc<Shared<S>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the server thread and the test both hold.
#[derive(Debug)]
struct Shared<S> {
    site: S,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    faults: Vec<(String, Fault)>,
    log: Vec<LoggedRequest>,
}

impl<S> Shared<S> {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Site> Server<S> {
    /// Serves `site` on a free port of 127.0.0.1; with TLS, its host is called 0.0.0.0.
    pub(crate) fn launch(site: S, tls: Option<TlsAcceptor>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("a bound socket");
        let (scheme, host) = match tls {
            Some(_) => ("https", format!("0.0.0.0:{}", address.port())),
            None => ("http", address.to_string()),
        };
        let shared = Arc::new(Shared {
            site,
            state: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("a listener");
                tokio::select! {
                    () = server::serve(listener, tls, for_thread) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            host,
            scheme,
            shared,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl<S> Server<S> {
    /// What is served.
    pub(crate) fn site(&self) -> &S {
        &self.shared.site
    }

    /// `ADDRESS:PORT`.
    pub(crate) fn host(&self) -> String {
        self.host.clone()
    }

    /// The URL of `path` here.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.host)
    }

    /// Misbehaves for paths that match `pattern`, in which `*` stands for any text. The fault
    /// added last is looked at first.
    pub(crate) fn fault(&self, pattern: &str, fault: Fault) {
        self.shared.lock().faults.push((pattern.to_owned(), fault));
    }

    /// Behaves again.
    pub(crate) fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.lock().log.clone()
    }

    /// Every request so far as `METHOD /path`.
    pub(crate) fn paths(&self) -> Vec<String> {
        let state = self.shared.lock();
        let line = |request: &LoggedRequest| format!("{} {}", request.method, request.path);
        state.log.iter().map(line).collect()
    }

    /// Forgets the requests so far.
    pub(crate) fn clear_requests(&self) {
        self.shared.lock().log.clear();
    }
}

impl<S> Drop for Server<S> {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
