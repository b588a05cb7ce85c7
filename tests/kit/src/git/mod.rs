//! A git host in this process: real repositories behind `git http-backend`, on a free loopback
//! port, misbehaving on request. It needs `git` 2.29 or later.

mod api;
mod backend;
mod repository;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use hyper::{
    Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, LINK, LOCATION, WWW_AUTHENTICATE},
};
use tempfile::TempDir;

pub use crate::web::{Fault, LoggedRequest};
use crate::{
    base64, must,
    web::{Asked, Plain, Server, Site},
};
pub(crate) use repository::scrubbed;
pub use repository::{Format, GitRepository};

/// A running git host.
#[derive(Debug)]
pub struct GitHost {
    server: Server<Host>,
    /// Removed in the end, unless the caller brought it.
    _temporary: Option<TempDir>,
}

/// What the host holds.
#[derive(Debug)]
struct Host {
    root: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// From the old path to the whole URL of the new one, both without `.git`.
    moved: HashMap<String, String>,
    required: Option<String>,
    shut_out: Option<(String, u16)>,
    files: HashMap<String, Plain>,
    has_api: bool,
}

impl GitHost {
    /// Starts a host without repositories.
    ///
    /// # Panics
    /// If the machine gives no port, thread or folder.
    pub fn start() -> Self {
        let folder = must(TempDir::new(), "make a folder");
        let server = serve(folder.path());
        Self {
            server,
            _temporary: Some(folder),
        }
    }

    /// Starts a host of the bare repositories `OWNER/NAME.git` below `root`, an absolute path.
    ///
    /// # Panics
    /// If the machine gives no port or thread.
    pub fn of(root: &Path) -> Self {
        Self {
            server: serve(root),
            _temporary: None,
        }
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.server.host()
    }

    /// The URL of `path` here.
    pub fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    /// Makes an empty repository, called `owner/name`.
    pub fn repository(&self, path: &str) -> GitRepository {
        self.repository_as(path, Format::Sha1)
    }

    /// Makes an empty repository whose objects are named in this way.
    pub fn repository_as(&self, path: &str, format: Format) -> GitRepository {
        GitRepository::init(self.server.site().root.join(format!("{path}.git")), format)
    }

    /// Answers at `old` with a redirect to the repository at the URL `new`, with status 301.
    pub fn rename(&self, old: &str, new: &str) {
        let moved = (old.to_owned(), new.to_owned());
        self.lock().moved.extend([moved]);
    }

    /// Lets only those in who show this token, as the password of any user.
    pub fn require_token(&self, token: &str) {
        self.lock().required = Some(token.to_owned());
    }

    /// Answers with `status` to those who show this token, and lets everyone else in.
    pub fn shut_out(&self, token: &str, status: u16) {
        self.lock().shut_out = Some((token.to_owned(), status));
    }

    /// Answers GET at `path`, its query included, with this JSON.
    pub fn json(&self, path: &str, body: &str) {
        self.file(path, Plain::json(body.to_owned()));
    }

    /// The same, with a `Link` header to the page that follows.
    pub fn json_page(&self, path: &str, body: &str, next: &str) {
        let link = format!("<{next}>; rel=\"next\"");
        self.file(path, Plain::json(body.to_owned()).with(LINK, link));
    }

    /// Tells the commits of tags by GitHub's API as well.
    pub fn open_api(&self) {
        self.lock().has_api = true;
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

    fn file(&self, path: &str, answer: Plain) {
        self.lock().files.insert(path.to_owned(), answer);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.server.site().lock()
    }
}

fn serve(root: &Path) -> Server<Host> {
    let host = Host {
        root: root.to_owned(),
        state: Mutex::default(),
    };
    Server::launch(host, None)
}

impl Host {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer that needs no repository.
    fn without_git(&self, asked: &Asked) -> Option<Plain> {
        let state = self.lock();
        let shown = asked.headers.get(AUTHORIZATION);
        let shown = shown.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        if state
            .required
            .as_ref()
            .is_some_and(|token| !shows(shown.as_deref(), token))
        {
            let refusal = refusal(StatusCode::UNAUTHORIZED);
            return Some(refusal.with(WWW_AUTHENTICATE, "Basic realm=\"kit\"".to_owned()));
        }
        if let Some((token, status)) = &state.shut_out
            && shows(shown.as_deref(), token)
        {
            return Some(refusal(StatusCode::from_u16(*status).unwrap_or_default()));
        }
        let whole = match asked.query.as_str() {
            "" => asked.path.clone(),
            query => format!("{}?{query}", asked.path),
        };
        if let Some(file) = state
            .files
            .get(&whole)
            .filter(|_| asked.method == Method::GET)
        {
            return Some(file.clone());
        }
        let (repository, rest) = split(&asked.path)?;
        let new = state.moved.get(repository)?;
        let location = format!("{new}.git/{rest}");
        Some(refusal(StatusCode::MOVED_PERMANENTLY).with(LOCATION, location))
    }
}

impl Site for Host {
    async fn answer(&self, asked: &Asked) -> Plain {
        if let Some(answer) = self.without_git(asked) {
            return answer;
        }
        let has_api = self.lock().has_api;
        if has_api && let Some(answer) = api::answer(&self.root, asked).await {
            return answer;
        }
        match split(&asked.path) {
            Some((repository, rest)) => backend::run(&self.root, repository, rest, asked).await,
            None => Plain::not_found("Not Found"),
        }
    }
}

fn refusal(status: StatusCode) -> Plain {
    Plain {
        status,
        body: Bytes::from_static(b"no"),
        ..Plain::default()
    }
    .with(CONTENT_TYPE, "text/plain".to_owned())
}

/// Whether the header is basic authentication with `token`, by one of the names that are used.
fn shows(header: Option<&str>, token: &str) -> bool {
    let names = ["x-access-token", "oauth2", "gitlab-ci-token"];
    let basic = |name| format!("Basic {}", base64(format!("{name}:{token}")));
    names.into_iter().any(|name| header == Some(&basic(name)))
}

/// The repository's path without `.git`, and what is asked of it.
fn split(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_prefix('/')?;
    let services = ["info/refs", "git-upload-pack"];
    let (repository, rest) = services.into_iter().find_map(|service| {
        let repository = path.strip_suffix(service)?.strip_suffix('/')?;
        Some((repository, service))
    })?;
    Some((repository.strip_suffix(".git").unwrap_or(repository), rest))
}
