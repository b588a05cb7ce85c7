//! Pushing a file as an artifact of its own.
//!
//! Every try looks first at what is there, so that nothing is written twice because an answer was
//! lost; and what was written is read back.

use std::{
    ops::RangeInclusive,
    sync::atomic::{AtomicBool, Ordering},
};

use bytes::Bytes;
use serde_json::json;

use super::{
    auth::Access,
    client::{ACCEPT_MANIFEST, Registry},
    error::{Reason, RegistryError, expect_digest},
    exchange::{Absence, Answer, Question, Size, refused},
    limits,
    manifest::media_type,
};
use crate::{
    model::{
        digest::Digest,
        image::{ImageReference, Repository},
    },
    seam::{
        exchange,
        http::{
            Method, Request, Url,
            header::{CONTENT_TYPE, HeaderValue, LOCATION},
        },
        retry,
    },
};

/// The configuration of an artifact that needs none, by the image specification.
const EMPTY: &[u8] = b"{}";
const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";

/// A file as the one layer of an artifact. The same file always makes the same artifact.
#[derive(Clone, Debug)]
pub struct Artifact {
    content: Bytes,
    manifest: Bytes,
    digest: Digest,
}

impl Artifact {
    /// An artifact of the type `kind` that holds the file `name`, whose type is `layer`.
    pub fn of_file(kind: &str, layer: &str, name: &str, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        let describe = |media_type: &str, bytes: &[u8]| {
            json!({
                "mediaType": media_type,
                "digest": Digest::of(bytes).as_str(),
                "size": bytes.len(),
            })
        };
        let mut layer = describe(layer, &content);
        layer["annotations"] = json!({ "org.opencontainers.image.title": name });
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": media_type::OCI_MANIFEST,
            "artifactType": kind,
            "config": describe(EMPTY_TYPE, EMPTY),
            "layers": [layer],
        });
        let manifest = Bytes::from(manifest.to_string());
        Self {
            digest: Digest::of(&manifest),
            content,
            manifest,
        }
    }

    /// The digest of its manifest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }
}

impl Registry {
    /// Makes the tag of `image` lead to `artifact`; whether it did not before.
    ///
    /// The registry itself is looked at and written to, whatever mirrors there are.
    pub async fn push(
        &self,
        image: &ImageReference,
        artifact: &Artifact,
    ) -> Result<bool, RegistryError> {
        let push = Push::new(self, image.repository());
        let has_written = AtomicBool::new(false);
        let attempt = || push.once(image.tag(), artifact, &has_written);
        let first_wait = self.exchange.web.first_wait;
        let pushed = retry::until(self.until(), first_wait, attempt).await;
        let pushed = pushed.map(|()| has_written.into_inner());
        pushed.map_err(|reason| push.failed(image, reason))
    }

    /// Whether the tag of `image` leads to `artifact`; the registry itself is asked.
    pub async fn leads_to(
        &self,
        image: &ImageReference,
        artifact: &Artifact,
    ) -> Result<bool, RegistryError> {
        let own = self.without_mirrors();
        let found = match image.tag() {
            Some(tag) => own.manifest_by_tag(image.repository(), tag).await?,
            None => None,
        };
        Ok(found.is_some_and(|found| found.digest == artifact.digest))
    }

    /// Finds out whether a push to `repository` would be let in: an upload is begun and given up,
    /// which leaves nothing behind.
    pub async fn check_push(&self, repository: &Repository) -> Result<(), RegistryError> {
        let push = Push::new(self, repository);
        let begun = tokio::time::timeout_at(self.until(), push.begin()).await;
        let begun = begun.unwrap_or(Err(Reason::Deadline(self.deadline)));
        let place = begun.map_err(|reason| push.failed(repository, reason))?;
        // Where that is not understood, the registry forgets the upload by itself.
        let giving_up = push.send(Method::DELETE, place, None, Bytes::new());
        let _ = tokio::time::timeout_at(self.until(), giving_up).await;
        Ok(())
    }
}

/// A push to one repository.
struct Push<'a> {
    registry: &'a Registry,
    repository: &'a Repository,
}

impl<'a> Push<'a> {
    fn new(registry: &'a Registry, repository: &'a Repository) -> Self {
        Self {
            registry,
            repository,
        }
    }

    fn failed(&self, asked: impl std::fmt::Display, reason: Reason) -> RegistryError {
        RegistryError::in_push(self.repository.host(), asked, reason)
    }

    async fn once(
        &self,
        tag: Option<&str>,
        artifact: &Artifact,
        has_written: &AtomicBool,
    ) -> Result<(), Reason> {
        let tag = tag.ok_or_else(|| Reason::Malformed("there is no tag to push to".to_owned()))?;
        let path = format!("manifests/{tag}");
        if self.found(&path, limits::MANIFEST).await?.as_ref() == Some(&artifact.digest) {
            return Ok(());
        }
        self.blob(&Bytes::from_static(EMPTY)).await?;
        self.blob(&artifact.content).await?;
        has_written.store(true, Ordering::Relaxed);
        let url = self.registry.exchange.url(self.repository, &path)?;
        let kind = Some(media_type::OCI_MANIFEST);
        let body = artifact.manifest.clone();
        let answer = self.send(Method::PUT, url, kind, body).await?;
        expect_status(answer, 200..=202).await?;
        let found = self.found(&path, limits::MANIFEST).await?;
        expect_digest(&artifact.digest, &found.ok_or(Reason::NotFound)?)
    }

    /// The digest of what lies at `path`, taken from its bytes.
    async fn found(&self, path: &str, limit: u64) -> Result<Option<Digest>, Reason> {
        let question = Question {
            repository: self.repository,
            access: Access::Push,
            url: self.registry.exchange.url(self.repository, path)?,
            accept: ACCEPT_MANIFEST,
            size: Size::AtMost(limit),
            until: self.registry.until(),
        };
        Ok(match self.registry.exchange.attempt(&question).await? {
            Answer::Found(received) => Some(received.digest),
            Answer::Absent(Absence::WebPage) => return Err(Absence::WebPage.into()),
            Answer::Absent(Absence::Told | Absence::Bare) => None,
        })
    }

    async fn blob(&self, bytes: &Bytes) -> Result<(), Reason> {
        let digest = Digest::of(bytes);
        let path = format!("blobs/{digest}");
        let found = self.found(&path, bytes.len() as u64).await?;
        if found.as_ref() == Some(&digest) {
            return Ok(());
        }
        let mut place = self.begin().await?;
        place
            .query_pairs_mut()
            .append_pair("digest", digest.as_str());
        let kind = Some("application/octet-stream");
        let answer = self.send(Method::PUT, place, kind, bytes.clone()).await?;
        expect_status(answer, 201..=201).await.map(|_| ())
    }

    /// Begins an upload: where it goes to.
    async fn begin(&self) -> Result<Url, Reason> {
        let exchange = &self.registry.exchange;
        let url = exchange.url(self.repository, "blobs/uploads/")?;
        let answer = self.send(Method::POST, url, None, Bytes::new()).await?;
        let answer = expect_status(answer, 202..=202).await?;
        let location = answer.response.header(LOCATION);
        if location.is_some_and(|location| location.len() > limits::HEADER) {
            return Err(Reason::Malformed("its `Location` is too long".to_owned()));
        }
        Ok(exchange.web.target(&answer.url, location)?)
    }

    /// Sends a request: what lets us in goes to the registry alone, wherever it has uploads go.
    async fn send(
        &self,
        method: Method,
        url: Url,
        kind: Option<&'static str>,
        body: Bytes,
    ) -> Result<exchange::Answer, Reason> {
        let exchange = &self.registry.exchange;
        let kind = kind.map(|kind| (CONTENT_TYPE, HeaderValue::from_static(kind)));
        let is_at_home = exchange.url(self.repository, "")?.origin() == url.origin();
        let request = Request {
            method,
            url,
            headers: kind.into_iter().collect(),
            body: Some(body.to_vec()),
        };
        if is_at_home {
            let admitted = exchange.admitted(self.repository, Access::Push, &request);
            return admitted.await;
        }
        Ok(exchange.web.follow(&request).await?)
    }
}

/// Refuses an answer that does not say that it is done.
async fn expect_status(
    answer: exchange::Answer,
    done: RangeInclusive<u16>,
) -> Result<exchange::Answer, Reason> {
    if done.contains(&answer.response.status()) {
        return Ok(answer);
    }
    Err(refused(answer.response, answer.at_home).await)
}
