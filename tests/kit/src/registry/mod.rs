//! A registry in this process: in memory, on a free loopback port, misbehaving on request.
//!
//! It runs on a thread of its own, so that tests with and without a runtime can use it, and ends
//! when it is dropped. Images come in by method calls or by real pushes over HTTP.

mod api;
mod auth;
mod store;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use auth::Auth;
use bytes::Bytes;
use store::Store;

use crate::web::{Asked, Plain, Server, Site, tls};
pub use crate::web::{Fault, LoggedRequest};

/// A running registry.
#[derive(Debug)]
pub struct Registry {
    server: Server<Shared>,
}

/// What the server thread and the test both hold.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    store: Store,
    auth: auth::Guard,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Site for Shared {
    async fn answer(&self, asked: &Asked) -> Plain {
        api::route(self, asked)
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
        let server = Server::launch(Shared::default(), tls);
        let realm = server.url("/token");
        server.site().lock().auth.own_token_service(&realm);
        Self { server }
    }

    /// `127.0.0.1:PORT`, as it stands in image references.
    pub fn host(&self) -> String {
        self.server.host()
    }

    /// The URL of `path` here.
    pub fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    /// Stores a blob and returns its digest.
    pub fn put_blob(&self, bytes: impl Into<Bytes>) -> String {
        self.server.site().lock().store.put_blob(bytes.into())
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
        let mut state = self.server.site().lock();
        state
            .store
            .put_manifest(repository, reference, media_type, bytes.into())
    }

    /// Makes a tag show these digests in turn, one a request; the last one stays.
    pub fn move_tag(&self, repository: &str, tag: &str, digests: &[&str]) {
        self.server
            .site()
            .lock()
            .store
            .move_tag(repository, tag, digests);
    }

    /// Removes a manifest or tag.
    pub fn remove(&self, repository: &str, reference: &str) {
        self.server
            .site()
            .lock()
            .store
            .remove(repository, reference);
    }

    /// Switches the referrers API on or off; without it, its path is 404.
    pub fn referrers_api(&self, on: bool) {
        self.server.site().lock().store.referrers_api = on;
    }

    /// Splits the list of referrers into pages.
    pub fn referrers_page_size(&self, size: usize) {
        self.server.site().lock().store.page_size = size;
    }

    /// Gives no more tags on a page than this, whatever is asked for.
    pub fn tags_page_size(&self, size: usize) {
        self.server.site().lock().store.tags_page_size = size;
    }

    /// Misbehaves for paths that match `pattern`, in which `*` stands for any text. The fault
    /// added last is looked at first.
    pub fn fault(&self, pattern: &str, fault: Fault) {
        self.server.fault(pattern, fault);
    }

    /// Behaves again.
    pub fn clear_faults(&self) {
        self.server.clear_faults();
    }

    /// Lets only those in who authenticate.
    pub fn require(&self, auth: Auth) {
        self.server.site().lock().auth.require(auth);
    }

    /// Takes this bearer token, which a token service elsewhere gives out.
    pub fn accept_token(&self, token: &str) {
        self.server.site().lock().auth.accept_token(token);
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.server.requests()
    }

    /// Every request so far as `METHOD /path`.
    pub fn paths(&self) -> Vec<String> {
        self.server.paths()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.server.clear_requests();
    }
}
