//! The client that other rooms use.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::{Timestamp, fmt::rfc2822};
use tokio::time::Instant;

use super::{
    auth::{Access, Authenticator, Credential},
    error::{Reason, RegistryError, expect_digest},
    exchange::{Absence, Answer, Exchange, Question, Size, base_url},
    limits,
    manifest::FetchedManifest,
    mirror::{Mirror, Site},
};
use crate::{
    model::{
        digest::Digest,
        image::{ImageReference, Repository, is_tag},
    },
    seam::{
        environment::Environment,
        exchange,
        http::{
            Http, HttpOptions, Request, authority,
            header::{self, HeaderMap},
        },
        retry,
    },
};

pub(super) const ACCEPT_MANIFEST: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// How a [`Registry`] behaves.
#[derive(Clone, Debug)]
pub struct RegistryOptions {
    /// Registries (`host` or `host:port`) that are spoken to in plain HTTP.
    pub insecure_hosts: Vec<String>,
    /// Where `Some`, the only registries that are connected to.
    pub offline: Option<Vec<String>>,
    /// Registries that are asked before the one that an image names.
    pub mirrors: Vec<Mirror>,
    /// The most that one call takes, all tries, pages and mirrors together.
    pub deadline: Duration,
    /// For a connection to stand.
    pub connect_timeout: Duration,
    /// Between two signs of life of an answer.
    pub idle_timeout: Duration,
    /// Before a failed request is tried again, unless the registry asks for a wait; doubled with
    /// each try.
    pub first_wait: Duration,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        let http = HttpOptions::default();
        Self {
            insecure_hosts: Vec::new(),
            offline: None,
            mirrors: Vec::new(),
            deadline: Duration::from_secs(30),
            connect_timeout: http.connect_timeout,
            idle_timeout: http.idle_timeout,
            first_wait: retry::FIRST_WAIT,
        }
    }
}

impl RegistryOptions {
    /// What asks within these bounds, also for what lies on the web beside the registries.
    pub fn web(&self, environment: &Environment) -> exchange::Exchange {
        let offline = self.offline.as_ref().map(|hosts| {
            let bases = hosts
                .iter()
                .map(|host| base_url(host, &self.insecure_hosts));
            bases
                .flatten()
                .map(|url| authority(&url))
                .collect::<BTreeSet<_>>()
        });
        let options = HttpOptions {
            connect_timeout: self.connect_timeout,
            idle_timeout: self.idle_timeout,
            offline,
        };
        exchange::Exchange {
            http: Http::new(environment, options),
            insecure_hosts: self.insecure_hosts.clone(),
            first_wait: self.first_wait,
        }
    }
}

/// A client for all registries; clones share connections, tokens and credentials.
#[derive(Clone, Debug)]
pub struct Registry {
    pub(super) exchange: Arc<Exchange>,
    offline: Option<Arc<[String]>>,
    mirrors: Arc<[Site]>,
    pub(super) deadline: Duration,
    /// No call goes on past this.
    end: Option<Instant>,
}

impl Registry {
    /// Prepares a client. Nothing is read or opened yet.
    pub fn new(environment: &Environment, options: RegistryOptions) -> Self {
        let web = options.web(environment);
        let exchange = Exchange {
            auth: Authenticator::new(web.http.clone(), environment.clone()),
            web,
        };
        Self {
            exchange: Arc::new(exchange),
            offline: options.offline.map(Arc::from),
            mirrors: options.mirrors.into_iter().map(Site::from).collect(),
            deadline: options.deadline,
            end: None,
        }
    }

    /// The same client for one piece of work: all its calls together, from now on, take no longer
    /// than `deadlines` times the deadline of one.
    ///
    /// Without this, a registry that drips could make work of many calls last for as many
    /// deadlines.
    #[must_use]
    pub fn within(&self, deadlines: u32) -> Self {
        Self {
            end: Some(Instant::now() + self.deadline * deadlines),
            ..self.clone()
        }
    }

    /// The same client, which asks the registries themselves and none of their mirrors.
    #[must_use]
    pub fn without_mirrors(&self) -> Self {
        Self {
            mirrors: Arc::default(),
            ..self.clone()
        }
    }

    /// Until when a call that starts now may go on.
    pub(super) fn until(&self) -> Instant {
        let own = Instant::now() + self.deadline;
        self.end.map_or(own, |end| own.min(end))
    }

    /// Whether connections to `host`, as an image names it, may be opened.
    pub fn may_reach(&self, host: &str) -> bool {
        self.offline
            .as_ref()
            .is_none_or(|hosts| hosts.iter().any(|known| known == host))
    }

    /// The time on the registry's own clock, if it tells it.
    pub async fn clock(&self, repository: &Repository) -> Option<Timestamp> {
        let base = base_url(repository.host(), &self.exchange.web.insecure_hosts).ok()?;
        let request = Request::get(base.join("v2/").ok()?, HeaderMap::new());
        let sending = self.exchange.web.http.send(request);
        let answer = tokio::time::timeout(self.deadline, sending).await.ok()?;
        let answer = answer.ok()?;
        let date = answer.header(header::DATE)?;
        rfc2822::DateTimeParser::new().parse_timestamp(date).ok()
    }

    /// Fetches the manifest of `image`: by its digest where it has one, else by its tag.
    ///
    /// The digest is that of the bytes received, whatever the registry says it is.
    pub async fn manifest(&self, image: &ImageReference) -> Result<FetchedManifest, RegistryError> {
        let repository = image.repository();
        let asked = format!("the manifest of {image}");
        let error = |reason| RegistryError::new(repository.host(), &asked, reason);
        let digest = image.digest();
        let reference = digest.map(Digest::as_str).or(image.tag());
        let reference = reference.ok_or_else(|| error(Reason::NotFound))?;
        let find = async |place: Repository, until| {
            let found = self.find_manifest(&place, reference, until).await?;
            if let (Some(digest), Ok(manifest)) = (digest, &found) {
                expect_digest(digest, &manifest.digest)?;
            }
            Ok(found)
        };
        let found = self.first(repository, &asked, Result::is_ok, find).await?;
        found.map_err(|absence| error(absence.into()))
    }

    /// Fetches the manifest behind a tag that may be absent: `None` only if the registry says so.
    pub async fn manifest_by_tag(
        &self,
        repository: &Repository,
        tag: &str,
    ) -> Result<Option<FetchedManifest>, RegistryError> {
        let asked = format!("the manifest of {repository}:{tag}");
        if !is_tag(tag) {
            let reason = Reason::Malformed("this is no tag".to_owned());
            return Err(RegistryError::new(repository.host(), asked, reason));
        }
        let find = async |place: Repository, until| self.find_manifest(&place, tag, until).await;
        let found = self.first(repository, &asked, Result::is_ok, find).await?;
        Ok(found.ok())
    }

    /// Fetches a blob of exactly `size` bytes, unless that is more than `cap`.
    pub async fn blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        size: u64,
        cap: u64,
    ) -> Result<Bytes, RegistryError> {
        let asked = format!("the blob {digest} of {repository}");
        let find = async |place: Repository, until| {
            self.find_blob(&place, digest, (size, cap), until).await
        };
        self.first(repository, &asked, |_| true, find).await
    }

    /// The credential for this repository, for those who pull from it themselves.
    pub async fn credential(
        &self,
        repository: &Repository,
    ) -> Result<Option<Credential>, RegistryError> {
        let found = self.exchange.auth.credential(repository).await;
        found.map_err(|error| {
            let asked = format!("the credential for {repository}");
            RegistryError::new(repository.host(), asked, error.into())
        })
    }

    /// What the first place says that has it: the mirrors in their order, then the registry
    /// itself, whose answer counts where it is asked.
    ///
    /// Offline, only mirrors and registries are asked that may be reached. `found` tells an answer
    /// from an absence.
    pub(super) async fn first<T, F>(
        &self,
        repository: &Repository,
        asked: &str,
        found: impl Fn(&T) -> bool,
        find: impl Fn(Repository, Instant) -> F,
    ) -> Result<T, RegistryError>
    where
        F: Future<Output = Result<T, Reason>>,
    {
        let own_reachable = self.may_reach(repository.host());
        let mut mirrors = None;
        for site in self.mirrors.iter() {
            let Some(place) = site.of(repository) else {
                continue;
            };
            if !self.may_reach(place.host()) || (own_reachable && site.is_down()) {
                continue;
            }
            let host = place.host().to_owned();
            match Box::pin(find(place, self.half_way())).await {
                Ok(answer) if found(&answer) => return Ok(answer),
                // Of several mirrors, one that fails may have what the others lack.
                Ok(answer) => mirrors = mirrors.or(Some(Ok(answer))),
                Err(reason) => {
                    tracing::debug!(%host, %reason, "a mirror did not help with {asked}");
                    site.saw(&reason);
                    mirrors = Some(Err(RegistryError::new(&host, asked, reason)));
                }
            }
        }
        let until = match mirrors {
            Some(outcome) if !own_reachable => return outcome,
            // A registry behind a wall must leave time for what the mirror has.
            Some(Ok(_)) => self.half_way(),
            _ => self.until(),
        };
        let answer = Box::pin(find(repository.clone(), until)).await;
        answer.map_err(|reason| RegistryError::new(repository.host(), asked, reason))
    }

    /// Until when a call that starts now may go on, if others are to follow it.
    fn half_way(&self) -> Instant {
        let now = Instant::now();
        now + self.until().saturating_duration_since(now) / 2
    }

    async fn find_manifest(
        &self,
        repository: &Repository,
        reference: &str,
        until: Instant,
    ) -> Result<Result<FetchedManifest, Absence>, Reason> {
        let exchange = &self.exchange;
        let question = Question {
            repository,
            access: Access::Pull,
            url: exchange.url(repository, &format!("manifests/{reference}"))?,
            accept: ACCEPT_MANIFEST,
            size: Size::AtMost(limits::MANIFEST),
            until,
        };
        match exchange.ask(&question).await? {
            Answer::Found(received) => {
                let content_type = received.content_type.as_deref();
                FetchedManifest::parse(received.bytes, received.digest, content_type).map(Ok)
            }
            Answer::Absent(Absence::WebPage) => Err(Absence::WebPage.into()),
            Answer::Absent(absence) => Ok(Err(absence)),
        }
    }

    async fn find_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        (size, cap): (u64, u64),
        until: Instant,
    ) -> Result<Bytes, Reason> {
        if size > cap {
            return Err(Reason::TooLarge {
                limit: cap,
                unit: "bytes",
            });
        }
        let question = Question {
            repository,
            access: Access::Pull,
            url: self.exchange.url(repository, &format!("blobs/{digest}"))?,
            accept: "*/*",
            size: Size::Exactly(size),
            until,
        };
        match self.exchange.ask(&question).await? {
            Answer::Found(received) => {
                expect_digest(digest, &received.digest)?;
                Ok(received.bytes)
            }
            Answer::Absent(absence) => Err(absence.into()),
        }
    }
}
