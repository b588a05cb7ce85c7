//! The client that other rooms use.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::Instant;

use super::{
    auth::{Authenticator, Credential},
    error::{Reason, RegistryError},
    exchange::{Answer, Exchange, Question, Received, Size, base_url},
    limits, link,
    manifest::{Descriptor, FetchedManifest, ImageIndex, essence, media_type},
};
use crate::{
    document::json,
    model::{
        digest::Digest,
        image::{ImageReference, Repository, is_tag},
    },
    seam::{
        environment::Environment,
        http::{Http, HttpOptions, authority},
        retry,
    },
};

const ACCEPT_MANIFEST: &str = "application/vnd.oci.image.index.v1+json, \
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
    /// The most that one call takes, all tries and pages together.
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
            deadline: Duration::from_mins(1),
            connect_timeout: http.connect_timeout,
            idle_timeout: http.idle_timeout,
            first_wait: retry::FIRST_WAIT,
        }
    }
}

/// A client for all registries; clones share connections, tokens and credentials.
#[derive(Clone, Debug)]
pub struct Registry {
    exchange: Arc<Exchange>,
    offline: Option<Arc<[String]>>,
    deadline: Duration,
    /// No call goes on past this.
    end: Option<Instant>,
}

impl Registry {
    /// Prepares a client. Nothing is read or opened yet.
    pub fn new(environment: &Environment, options: RegistryOptions) -> Self {
        let offline = options.offline.as_ref().map(|hosts| {
            let bases = hosts
                .iter()
                .map(|host| base_url(host, &options.insecure_hosts));
            bases
                .flatten()
                .map(|url| authority(&url))
                .collect::<BTreeSet<_>>()
        });
        let http = Http::new(
            environment,
            HttpOptions {
                connect_timeout: options.connect_timeout,
                idle_timeout: options.idle_timeout,
                offline,
            },
        );
        let exchange = Exchange {
            auth: Authenticator::new(http.clone(), environment.clone()),
            http,
            insecure_hosts: options.insecure_hosts,
            first_wait: options.first_wait,
        };
        Self {
            exchange: Arc::new(exchange),
            offline: options.offline.map(Arc::from),
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

    /// Until when a call that starts now may go on.
    fn until(&self) -> Instant {
        let own = Instant::now() + self.deadline;
        self.end.map_or(own, |end| own.min(end))
    }

    /// The HTTP client under this one, for what lies on the web beside the registries.
    pub(crate) fn http(&self) -> &Http {
        &self.exchange.http
    }

    /// Whether connections to `host`, as an image names it, may be opened.
    pub fn may_reach(&self, host: &str) -> bool {
        self.offline
            .as_ref()
            .is_none_or(|hosts| hosts.iter().any(|known| known == host))
    }

    /// Fetches the manifest of `image`: by its digest where it has one, else by its tag.
    ///
    /// The digest is that of the bytes received, whatever the registry says it is.
    pub async fn manifest(&self, image: &ImageReference) -> Result<FetchedManifest, RegistryError> {
        let repository = image.repository();
        let asked = || format!("the manifest of {image}");
        let fail = |reason| RegistryError::new(repository.host(), asked(), reason);
        let reference = match (image.digest(), image.tag()) {
            (Some(digest), _) => digest.as_str(),
            (None, Some(tag)) => tag,
            (None, None) => return Err(fail(Reason::NotFound)),
        };
        let found = self.find_manifest(repository, reference).await;
        let manifest = found.map_err(fail)?.ok_or_else(|| fail(Reason::NotFound))?;
        if let Some(digest) = image.digest() {
            expect_digest(digest, &manifest.digest).map_err(fail)?;
        }
        Ok(manifest)
    }

    /// Fetches the manifest behind a tag that may be absent: `None` only if the registry says so.
    pub async fn manifest_by_tag(
        &self,
        repository: &Repository,
        tag: &str,
    ) -> Result<Option<FetchedManifest>, RegistryError> {
        let fail = |reason| {
            RegistryError::new(
                repository.host(),
                format!("the manifest of {repository}:{tag}"),
                reason,
            )
        };
        if !is_tag(tag) {
            return Err(fail(Reason::Malformed("this is no tag".to_owned())));
        }
        self.find_manifest(repository, tag).await.map_err(fail)
    }

    /// Fetches a blob of exactly `size` bytes, unless that is more than `cap`.
    pub async fn blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        size: u64,
        cap: u64,
    ) -> Result<Bytes, RegistryError> {
        let fetched = self.find_blob(repository, digest, size, cap).await;
        fetched.map_err(|reason| {
            let asked = format!("the blob {digest} of {repository}");
            RegistryError::new(repository.host(), asked, reason)
        })
    }

    /// Lists what refers to `digest`, all pages together; `None` where the registry has no such
    /// list, so that the fallback tag counts.
    ///
    /// The list is the registry's claim: what a referrer is, its own manifest says.
    pub async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, RegistryError> {
        let fetched = self.find_referrers(repository, digest).await;
        fetched.map_err(|reason| {
            let asked = format!("the referrers of {repository}@{digest}");
            RegistryError::new(repository.host(), asked, reason)
        })
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

    async fn find_manifest(
        &self,
        repository: &Repository,
        reference: &str,
    ) -> Result<Option<FetchedManifest>, Reason> {
        let exchange = &self.exchange;
        let question = Question {
            repository,
            url: exchange.url(repository, &format!("manifests/{reference}"))?,
            accept: ACCEPT_MANIFEST,
            size: Size::AtMost(limits::MANIFEST),
            until: self.until(),
        };
        match exchange.ask(&question).await? {
            Answer::Found(received) => {
                let content_type = received.content_type.as_deref();
                FetchedManifest::parse(received.bytes, received.digest, content_type).map(Some)
            }
            Answer::Absent { web_page: false } => Ok(None),
            Answer::Absent { web_page: true } => Err(Reason::Malformed(
                "404 with a web page, as no registry answers".to_owned(),
            )),
        }
    }

    async fn find_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        size: u64,
        cap: u64,
    ) -> Result<Bytes, Reason> {
        if size > cap {
            return Err(Reason::TooLarge {
                limit: cap,
                unit: "bytes",
            });
        }
        let question = Question {
            repository,
            url: self.exchange.url(repository, &format!("blobs/{digest}"))?,
            accept: "*/*",
            size: Size::Exactly(size),
            until: self.until(),
        };
        match self.exchange.ask(&question).await? {
            Answer::Found(received) => {
                expect_digest(digest, &received.digest)?;
                Ok(received.bytes)
            }
            Answer::Absent { .. } => Err(Reason::NotFound),
        }
    }

    async fn find_referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, Reason> {
        let mut question = Question {
            repository,
            url: self
                .exchange
                .url(repository, &format!("referrers/{digest}"))?,
            accept: media_type::OCI_INDEX,
            size: Size::AtMost(limits::REFERRERS_PAGE),
            until: self.until(),
        };
        let mut seen = BTreeSet::new();
        let mut referrers = Vec::new();
        loop {
            let page = match self.exchange.ask(&question).await? {
                Answer::Found(page) => page,
                Answer::Absent { .. } if seen.is_empty() => return Ok(None),
                Answer::Absent { .. } => {
                    return Err(Reason::Malformed("a page of the list is absent".to_owned()));
                }
            };
            referrers.extend(referrers_page(&page)?);
            if referrers.len() > limits::MANIFESTS {
                return Err(too_many(limits::MANIFESTS, "entries"));
            }
            let next = link::next(&question.url, page.links.iter().map(String::as_str))?;
            let Some(next) = next else {
                return Ok(Some(referrers));
            };
            seen.insert(std::mem::replace(&mut question.url, next));
            if seen.contains(&question.url) {
                return Err(Reason::Malformed("its pages form a circle".to_owned()));
            }
            if seen.len() == limits::PAGES {
                return Err(too_many(limits::PAGES, "pages"));
            }
        }
    }
}

fn referrers_page(page: &Received) -> Result<Vec<Descriptor>, Reason> {
    let kind = page.content_type.as_deref().map(essence);
    let index: ImageIndex = json::parse(&page.bytes)?;
    if kind.as_deref() != Some(media_type::OCI_INDEX) {
        return Err(Reason::Malformed(
            "the list's Content-Type is not that of an index".to_owned(),
        ));
    }
    Ok(index.manifests)
}

fn too_many(limit: usize, unit: &'static str) -> Reason {
    Reason::TooLarge {
        limit: limit as u64,
        unit,
    }
}

fn expect_digest(expected: &Digest, received: &Digest) -> Result<(), Reason> {
    if expected == received {
        return Ok(());
    }
    Err(Reason::DigestMismatch {
        expected: expected.clone(),
        received: received.clone(),
    })
}
