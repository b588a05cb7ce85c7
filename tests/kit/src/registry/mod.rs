//! A registry in this process: in memory, on a free loopback port, misbehaving on request.
//!
//! It runs on a thread of its own, so that tests with and without a runtime can use it, and ends
//! when it is dropped. Images come in by method calls or by real pushes over HTTP.

mod api;
mod auth;
mod fault;
mod server;
mod store;
mod tls;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Instant,
};

pub use auth::Auth;
use bytes::Bytes;
pub use fault::Fault;
use store::Store;
use tokio::{net::TcpListener, sync::oneshot};

/// A running registry.
#[derive(Debug)]
pub struct Registry {
    host: String,
    scheme: &'static str,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
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

/// What the server thread and the test both hold.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    store: Store,
    faults: Vec<(String, Fault)>,
    auth: auth::Guard,
    log: Vec<LoggedRequest>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    /// Starts an empty registry with the referrers API.
    ///
    /// # Panics
    /// If the machine gives no port or thread.
    pub fn start() -> Self {
        Self::launch(None)
    }

    /// Starts one that speaks TLS, and returns the certificate to trust in PEM.
    ///
    /// Its host is `0.0.0.0:PORT`: an address of this machine that is no loopback address, so
    /// that clients do not take it for one that speaks plain HTTP.
    pub fn start_tls() -> (Self, String) {
        let (acceptor, pem) = tls::acceptor();
        (Self::launch(Some(acceptor)), pem)
    }

    fn launch(tls: Option<tokio_rustls::TlsAcceptor>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("a bound socket");
        let (scheme, host) = match tls {
            Some(_) => ("https", format!("0.0.0.0:{}", address.port())),
            None => ("http", address.to_string()),
        };
        let shared = Arc::new(Shared::default());
        let realm = format!("{scheme}://{host}/token");
        shared.lock().auth.own_token_service(&realm);
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

    /// `127.0.0.1:PORT`, as it stands in image references.
    pub fn host(&self) -> String {
        self.host.clone()
    }

    /// The URL of `path` here.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.host)
    }

    /// Stores a blob and returns its digest.
    pub fn put_blob(&self, bytes: impl Into<Bytes>) -> String {
        self.shared.lock().store.put_blob(bytes.into())
    }

    /// Stores a manifest in `repository` under `reference` (a tag, or its digest) and returns its
    /// digest.
    pub fn put_manifest(
        &self,
        repository: &str,
        reference: &str,
        media_type: &str,
        bytes: impl Into<Bytes>,
    ) -> String {
        let mut state = self.shared.lock();
        state
            .store
            .put_manifest(repository, reference, media_type, bytes.into())
    }

    /// Makes a tag show these digests in turn, one a request; the last one stays.
    pub fn move_tag(&self, repository: &str, tag: &str, digests: &[&str]) {
        self.shared.lock().store.move_tag(repository, tag, digests);
    }

    /// Removes a manifest or tag.
    pub fn remove(&self, repository: &str, reference: &str) {
        self.shared.lock().store.remove(repository, reference);
    }

    /// Switches the referrers API on or off; without it, its path is 404.
    pub fn referrers_api(&self, on: bool) {
        self.shared.lock().store.referrers_api = on;
    }

    /// Splits the list of referrers into pages.
    pub fn referrers_page_size(&self, size: usize) {
        self.shared.lock().store.page_size = size;
    }

    /// Gives no more tags on a page than this, whatever is asked for.
    pub fn tags_page_size(&self, size: usize) {
        self.shared.lock().store.tags_page_size = size;
    }

    /// Misbehaves for paths that match `pattern`, in which `*` stands for any text. The fault
    /// added last is looked at first.
    pub fn fault(&self, pattern: &str, fault: Fault) {
        self.shared.lock().faults.push((pattern.to_owned(), fault));
    }

    /// Behaves again.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// Lets only those in who authenticate.
    pub fn require(&self, auth: Auth) {
        self.shared.lock().auth.require(auth);
    }

    /// Takes this bearer token, which a token service elsewhere gives out.
    pub fn accept_token(&self, token: &str) {
        self.shared.lock().auth.accept_token(token);
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.lock().log.clone()
    }

    /// Every request so far as `METHOD /path`.
    pub fn paths(&self) -> Vec<String> {
        let state = self.shared.lock();
        let line = |request: &LoggedRequest| format!("{} {}", request.method, request.path);
        state.log.iter().map(line).collect()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.shared.lock().log.clear();
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
