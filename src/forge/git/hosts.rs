//! The client that other rooms use.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::Instant;

use super::{
    super::error::{ForgeError, Reason},
    exchange::Exchange,
    limits,
    protocol::{self, ObjectFormat},
    refs::{Reach, Refs},
    repository::{RemoteRepository, RepositoryError},
    rest::{self, Apis, Asking, Numbers},
};
use crate::{
    model::commit::CommitId,
    seam::{
        environment::Environment,
        exchange,
        http::{Http, HttpOptions, Url},
        retry,
    },
};

/// How [`GitHosts`] behave.
#[derive(Clone, Debug)]
pub struct GitOptions {
    /// Where the repositories are that are named `owner/name`.
    pub github_url: Url,
    /// The API of that GitHub, where it is not at its usual place.
    pub github_api: Option<Url>,
    /// Hosts (`host` or `host:port`) that may be spoken to in plain HTTP, besides this machine. No
    /// token goes there.
    pub insecure_hosts: Vec<String>,
    /// Where `Some`, the only hosts that are connected to.
    pub offline: Option<BTreeSet<String>>,
    /// The most that one call takes, all tries together.
    pub deadline: Duration,
    /// For a connection to stand.
    pub connect_timeout: Duration,
    /// Between two signs of life of an answer.
    pub idle_timeout: Duration,
    /// Before a failed request is tried again, unless the host asks for a wait; doubled with each
    /// try.
    pub first_wait: Duration,
}

impl GitOptions {
    /// The usual patience, with the GitHub at `github_url`.
    pub fn new(github_url: Url) -> Self {
        let http = HttpOptions::default();
        Self {
            github_url,
            github_api: None,
            insecure_hosts: Vec::new(),
            offline: None,
            deadline: Duration::from_secs(30),
            connect_timeout: http.connect_timeout,
            idle_timeout: http.idle_timeout,
            first_wait: retry::FIRST_WAIT,
        }
    }
}

/// A client for all git hosts; clones share connections.
#[derive(Clone, Debug)]
pub struct GitHosts {
    exchange: Arc<Exchange>,
    apis: Arc<Apis>,
    github_url: Url,
    deadline: Duration,
}

impl GitHosts {
    /// Prepares a client. Nothing is opened yet.
    pub fn new(environment: &Environment, options: GitOptions) -> Self {
        let http = Http::new(
            environment,
            HttpOptions {
                connect_timeout: options.connect_timeout,
                idle_timeout: options.idle_timeout,
                offline: options.offline,
            },
        );
        Self {
            exchange: Arc::new(Exchange {
                web: exchange::Exchange {
                    http,
                    insecure_hosts: options.insecure_hosts,
                    first_wait: options.first_wait,
                },
                environment: environment.clone(),
            }),
            apis: Arc::new(Apis::of(
                environment,
                &options.github_url,
                options.github_api,
            )),
            github_url: options.github_url,
            deadline: options.deadline,
        }
    }

    /// The repository `owner/name` of the GitHub that is asked.
    pub fn github(&self, path: &str) -> Result<RemoteRepository, RepositoryError> {
        RemoteRepository::github(&self.github_url, path)
    }

    /// The tags and branches of `repository`, in one request.
    ///
    /// It takes a second one where the repository was renamed, or names its objects by SHA-256, or
    /// the host refuses our token; and several where only GitHub's API lets us in.
    pub async fn refs(&self, repository: &RemoteRepository) -> Result<Refs, ForgeError> {
        let until = Instant::now() + self.deadline;
        let found = protocol::ls_refs(&self.exchange, repository, until).await;
        let reason = match found {
            Err(reason) if rest::may_help(&reason) => reason,
            found => return found.map_err(|reason| error(repository, ASKED, reason)),
        };
        tracing::debug!(%repository, %reason, "git is closed; is there an API?");
        // That git is closed is what there is to mend.
        let closed = || error(repository, ASKED, reason);
        let asking = self.apis.asking(&self.exchange, repository, until);
        let Some(asking) = asking else {
            return Err(closed());
        };
        asking.refs().await.map_err(|_| closed())
    }

    /// GitHub's numbers of `repository` and of its owner, in one request to its API.
    pub async fn numbers(&self, repository: &RemoteRepository) -> Result<Numbers, ForgeError> {
        let asked = "the numbers";
        let asking = self.asking(repository, asked)?;
        let found = asking.numbers().await;
        found.map_err(|reason| error(repository, asked, reason))
    }

    /// The file `path` of `repository` at `commit`, in one request to GitHub's API; nothing where
    /// there is none.
    pub async fn file(
        &self,
        repository: &RemoteRepository,
        path: &str,
        commit: &CommitId,
    ) -> Result<Option<Bytes>, ForgeError> {
        let asking = self.asking(repository, path)?;
        let found = asking.file(path, commit).await;
        found.map_err(|reason| error(repository, path, reason))
    }

    /// A question of GitHub's API.
    fn asking<'a>(
        &'a self,
        repository: &'a RemoteRepository,
        asked: &str,
    ) -> Result<Asking<'a>, ForgeError> {
        let until = Instant::now() + self.deadline;
        let asking = self.apis.asking(&self.exchange, repository, until);
        asking.ok_or_else(|| {
            let reason = Reason::Setting("it is no GitHub that is known".to_owned());
            error(repository, asked, reason)
        })
    }

    /// Whether a branch or tag of `repository` leads to `commit`, in one request; none is needed
    /// where one of `refs`, which are its own, stands at the commit itself.
    pub async fn reach(
        &self,
        repository: &RemoteRepository,
        refs: &Refs,
        commit: &CommitId,
    ) -> Result<Reach, ForgeError> {
        if refs.is_tip(commit) {
            return Ok(Reach::Reachable);
        }
        let tips = refs.tips();
        let fits = |tip: &&CommitId| ObjectFormat::of(tip) == ObjectFormat::of(commit);
        if !tips.is_empty() && !tips.iter().any(fits) {
            return Ok(Reach::Absent);
        }
        let until = Instant::now() + self.deadline;
        let asked = format!("the history of commit {}", commit.short());
        // Without tips, a repository has no commit of its own; the host may have this one.
        let mut chunks = tips.chunks(limits::HAVES);
        let mut chunk = chunks.next().unwrap_or_default();
        loop {
            let found = protocol::reach(&self.exchange, repository, commit, chunk, until).await;
            let found = found.map_err(|reason| error(repository, &asked, reason))?;
            match (found, chunks.next()) {
                // The next tips may lead to it.
                (Reach::Impostor, Some(next)) => chunk = next,
                (found, _) => return Ok(found),
            }
        }
    }

    /// When `commits` were committed, as they say themselves; those that the host does not have
    /// are left out. One request does for many.
    pub async fn commit_times(
        &self,
        repository: &RemoteRepository,
        commits: &[CommitId],
    ) -> Result<HashMap<CommitId, Timestamp>, ForgeError> {
        let until = Instant::now() + self.deadline;
        let (short, long): (Vec<_>, Vec<_>) = commits
            .iter()
            .cloned()
            .partition(|commit| ObjectFormat::of(commit) == ObjectFormat::Sha1);
        let mut times = HashMap::new();
        for chunk in [short, long]
            .iter()
            .flat_map(|all| all.chunks(limits::WANTS))
        {
            let found = protocol::commit_times(&self.exchange, repository, chunk, until).await;
            times
                .extend(found.map_err(|reason| error(repository, "the times of commits", reason))?);
        }
        Ok(times)
    }
}

const ASKED: &str = "the tags and branches";

fn error(repository: &RemoteRepository, what: &str, reason: Reason) -> ForgeError {
    let path = repository.path();
    ForgeError::new(repository.host(), format!("{what} of {path}"), reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_alone_does_not_allow_plain_http() {
        let url = Url::parse("http://github.invalid").unwrap();
        let mut options = GitOptions::new(url);
        // A question that is let through gets no further than this.
        options.offline = Some(BTreeSet::new());
        let refused = async |options: &GitOptions| {
            let hosts = GitHosts::new(&Environment::default(), options.clone());
            let refs = hosts.refs(&hosts.github("o/r").unwrap()).await;
            refs.unwrap_err()
        };
        let error = refused(&options).await;
        assert!(matches!(error.reason(), Reason::Plain), "{error}");
        assert!(
            error
                .with_hint()
                .contains("--insecure-registry github.invalid")
        );
        options.insecure_hosts.push("github.invalid".to_owned());
        let error = refused(&options).await;
        assert!(matches!(error.reason(), Reason::Offline), "{error}");
    }

    #[test]
    fn questions_can_be_asked_side_by_side() {
        fn is_send<T: Send>(_: &T) {}
        let url = Url::parse("https://github.com").unwrap();
        let hosts = GitHosts::new(&Environment::default(), GitOptions::new(url));
        let repository = hosts.github("o/r").unwrap();
        let refs = Refs::default();
        let commit: CommitId = "1".repeat(40).parse().unwrap();
        is_send(&hosts.refs(&repository));
        is_send(&hosts.reach(&repository, &refs, &commit));
        is_send(&hosts.commit_times(&repository, &[]));
    }
}
