//! GitHub's REST API, for what git does not tell, and for where git itself is closed: a proxy that
//! lets only the API through, or a server that answers nothing else.
//!
//! There it tells the same in more requests, of which it allows few without a token; so git comes
//! first.

use bytes::Bytes;
use serde::{Deserialize, de::DeserializeOwned};
use tokio::time::Instant;

use super::{
    super::{MAX_FILE_BYTES, error::Reason},
    credentials::Scheme,
    exchange::{Exchange, Question},
    limits,
    protocol::is_ref_name,
    refs::{Refs, Tag},
    repository::{RemoteRepository, is_segment},
};
use crate::{
    document::json,
    model::commit::CommitId,
    seam::{
        environment::Environment,
        exchange::Answer,
        github_urls::{GithubUrls, usual_api},
        http::{
            HttpError, Request, Url, authority,
            header::{ACCEPT, HeaderMap, HeaderValue},
        },
    },
};

/// The API's answers.
const JSON: &str = "application/vnd.github+json";
/// The bytes of a file.
const RAW: &str = "application/vnd.github.raw+json";

/// The API of every GitHub that is known.
#[derive(Debug)]
pub(super) struct Apis(Vec<(String, Url)>);

impl Apis {
    /// The API of the GitHub at `github_url`, which `named` says or its usual place, and that of the
    /// job's own.
    pub(super) fn of(environment: &Environment, github_url: &Url, named: Option<Url>) -> Self {
        let at = |api: Url| (github_url.clone(), api);
        let own = GithubUrls::of(environment);
        let own = own.server.zip(own.api);
        let asked = usual_api(github_url).map(at);
        // Of two for the same host, the first one is taken.
        let known = named.map(at).into_iter().chain(own).chain(asked);
        Self(known.map(|(site, api)| (authority(&site), api)).collect())
    }

    /// The API of the repository's host, if that is a GitHub.
    fn api(&self, repository: &RemoteRepository) -> Option<&Url> {
        let host = repository.host();
        let found = self.0.iter().find(|(known, _)| *known == host);
        found.map(|(_, api)| api)
    }

    /// A question about `repository`, unless its host is no GitHub.
    pub(super) fn asking<'a>(
        &'a self,
        exchange: &'a Exchange,
        repository: &'a RemoteRepository,
        until: Instant,
    ) -> Option<Asking<'a>> {
        Some(Asking {
            exchange,
            api: self.api(repository)?,
            repository,
            until,
        })
    }
}

/// GitHub's numbers of a repository and of its owner: a name can be taken by another, a number
/// cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// The owner's.
    pub owner: u64,
    /// The repository's.
    pub repository: u64,
}

#[derive(Deserialize)]
struct Numbered {
    id: u64,
    owner: Owner,
}

#[derive(Deserialize)]
struct Owner {
    id: u64,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
    default_branch: String,
}

/// A tag or a branch; a tag's commit is what it leads to in the end.
#[derive(Deserialize)]
struct Named {
    name: String,
    commit: Commit,
}

#[derive(Deserialize)]
struct Commit {
    sha: String,
}

/// A question about one repository.
pub(super) struct Asking<'a> {
    exchange: &'a Exchange,
    api: &'a Url,
    repository: &'a RemoteRepository,
    until: Instant,
}

impl Asking<'_> {
    /// Its tags and branches.
    pub(super) async fn refs(&self) -> Result<Refs, Reason> {
        let about: Repository = self.get("", "").await?;
        let mut refs = Refs {
            head: Some(about.default_branch).filter(|head| is_ref_name(head)),
            moved_to: self.moved_to(&about.full_name),
            ..Refs::default()
        };
        for (name, commit) in self.list("/branches").await? {
            refs.branches.insert(name, commit);
        }
        for (name, commit) in self.list("/tags").await? {
            let object = None;
            refs.tags.insert(name, Tag { commit, object });
        }
        Ok(refs)
    }

    /// Its numbers, and its owner's.
    pub(super) async fn numbers(&self) -> Result<Numbers, Reason> {
        let told: Numbered = self.get("", "").await?;
        Ok(Numbers {
            owner: told.owner.id,
            repository: told.id,
        })
    }

    /// The text of its file `path` at `commit`; nothing where there is none.
    pub(super) async fn file(
        &self,
        path: &str,
        commit: &CommitId,
    ) -> Result<Option<Bytes>, Reason> {
        if !path.split('/').all(is_segment) {
            return Err(Reason::Malformed("the path of a file is none"));
        }
        let (what, query) = (format!("/contents/{path}"), format!("ref={commit}"));
        match self.read(&what, &query, RAW, MAX_FILE_BYTES).await {
            Ok(text) => Ok(Some(text)),
            Err(Reason::NotFound(_)) => Ok(None),
            Err(reason) => Err(reason),
        }
    }

    fn moved_to(&self, name: &str) -> Option<RemoteRepository> {
        if name.eq_ignore_ascii_case(self.repository.path()) {
            return None;
        }
        let mut base = self.repository.url().clone();
        base.set_path("");
        RemoteRepository::new(&base, name).ok()
    }

    async fn list(&self, what: &str) -> Result<Vec<(String, CommitId)>, Reason> {
        let mut all = Vec::new();
        for page in 1..=limits::API_PAGES {
            let query = format!("per_page={}&page={page}", limits::API_PAGE);
            let named: Vec<Named> = self.get(what, &query).await?;
            let last = named.len() < limits::API_PAGE;
            for Named { name, commit } in named {
                match commit.sha.parse() {
                    Ok(commit) if is_ref_name(&name) => all.push((name, commit)),
                    _ => return Err(Reason::Malformed("a name is not that of a tag or branch")),
                }
            }
            if last {
                return Ok(all);
            }
        }
        Err(Reason::TooLarge {
            limit: (limits::API_PAGES * limits::API_PAGE) as u64,
            unit: "tags or branches",
        })
    }

    async fn get<T: DeserializeOwned>(&self, what: &str, query: &str) -> Result<T, Reason> {
        let body = self.read(what, query, JSON, limits::API_BYTES).await?;
        json::parse(&body).map_err(|_| Reason::Malformed("it is not the API's JSON"))
    }

    async fn read(
        &self,
        what: &str,
        query: &str,
        accept: &'static str,
        limit: u64,
    ) -> Result<Bytes, Reason> {
        let mut url = self.api.clone();
        let base = self.api.path().trim_end_matches('/');
        url.set_path(&format!("{base}/repos/{}{what}", self.repository.path()));
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        let question = Question {
            request: Request::get(url, headers),
            scheme: Scheme::Bearer,
            until: self.until,
        };
        let read = |answer: Answer| async move { Ok(answer.response.read(limit).await?) };
        self.exchange.ask(&question, read).await
    }
}

/// Whether the API may know what git did not tell: nothing let us through to git.
pub(super) fn may_help(reason: &Reason) -> bool {
    match reason {
        Reason::Unauthorized(refusal) | Reason::NotFound(refusal) | Reason::Unexpected(refusal) => {
            matches!(refusal.status, 403 | 404 | 405 | 410)
        }
        Reason::Unreachable(error) => {
            matches!(
                error,
                HttpError::Dns(_) | HttpError::Connect(_) | HttpError::Tls(_)
            )
        }
        _ => false,
    }
}
