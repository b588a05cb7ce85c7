//! GitHub's REST API, for where git itself is closed: a proxy that lets only the API through, or
//! a server that answers nothing else.
//!
//! It tells the same in more requests, of which it allows few without a token; so git comes first.

use serde::{Deserialize, de::DeserializeOwned};
use tokio::time::Instant;

use super::{
    super::error::Reason,
    credentials::Scheme,
    exchange::{Exchange, Question},
    limits,
    protocol::is_ref_name,
    refs::{Refs, Tag},
    repository::RemoteRepository,
};
use crate::{
    document::json,
    model::commit::CommitId,
    seam::{
        environment::Environment,
        github_urls::{GithubUrls, usual_api},
        http::{
            HttpError, Request, Url, authority,
            header::{ACCEPT, HeaderMap, HeaderValue},
        },
    },
};

/// The API of every GitHub that is known.
#[derive(Debug)]
pub(super) struct Apis(Vec<(String, Url)>);

impl Apis {
    /// The API of the GitHub at `github_url`, and that of the job's own.
    pub(super) fn of(environment: &Environment, github_url: &Url) -> Self {
        let own = GithubUrls::of(environment);
        let own = own.server.zip(own.api);
        let asked = usual_api(github_url).map(|api| (github_url.clone(), api));
        // Of two for the same host, the first one is taken.
        let known = own.into_iter().chain(asked);
        Self(known.map(|(site, api)| (authority(&site), api)).collect())
    }

    /// The API of the repository's host, if that is a GitHub.
    fn api(&self, repository: &RemoteRepository) -> Option<&Url> {
        let host = repository.host();
        let found = self.0.iter().find(|(known, _)| *known == host);
        found.map(|(_, api)| api)
    }

    /// The tags and branches of `repository`, unless its host is no GitHub.
    pub(super) async fn refs(
        &self,
        exchange: &Exchange,
        repository: &RemoteRepository,
        until: Instant,
    ) -> Option<Result<Refs, Reason>> {
        let api = self.api(repository)?;
        let asking = Asking {
            exchange,
            api,
            path: repository.path(),
            until,
        };
        Some(asking.refs(repository).await)
    }
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

struct Asking<'a> {
    exchange: &'a Exchange,
    api: &'a Url,
    path: &'a str,
    until: Instant,
}

impl Asking<'_> {
    async fn refs(&self, repository: &RemoteRepository) -> Result<Refs, Reason> {
        let about: Repository = self.get("", "").await?;
        let mut refs = Refs {
            head: Some(about.default_branch).filter(|head| is_ref_name(head)),
            moved_to: self.moved_to(repository, &about.full_name),
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

    fn moved_to(&self, repository: &RemoteRepository, name: &str) -> Option<RemoteRepository> {
        if name.eq_ignore_ascii_case(self.path) {
            return None;
        }
        let mut base = repository.url().clone();
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
        let mut url = self.api.clone();
        let base = self.api.path().trim_end_matches('/');
        url.set_path(&format!("{base}/repos/{}{what}", self.path));
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        let mut headers = HeaderMap::new();
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("application/vnd.github+json"),
        );
        let question = Question {
            request: Request::get(url, headers),
            scheme: Scheme::Bearer,
            until: self.until,
        };
        self.exchange
            .ask(&question, |answer| async move {
                let body = answer.response.read(limits::API_BYTES).await?;
                json::parse(&body).map_err(|_| Reason::Malformed("it is not the API's JSON"))
            })
            .await
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
