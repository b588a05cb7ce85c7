//! The texts of files, each blob once.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures_util::future::join_all;
use serde::Deserialize;

use super::{
    super::{FileAt, MAX_FILE_BYTES, Reason, blob_id},
    CLOSED, GitHub, answer,
    batch::Batches,
    client::Call,
    documents::{self, BlobOf},
    graphql::{self, Tries, is_exhausted},
};

/// The most blobs of one question.
const AT_ONCE: usize = 50;
/// Blobs that are asked for at once by REST, each by itself.
const ABREAST: usize = 8;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    name_with_owner: Option<String>,
    object: Option<Blob>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Blob {
    byte_size: Option<u64>,
    #[serde(default)]
    is_truncated: bool,
    text: Option<String>,
}

/// A blob as REST tells it, in base64.
#[derive(Deserialize)]
struct Encoded {
    content: String,
}

/// Texts by their blobs.
type Texts<'a> = BTreeMap<&'a str, Option<Bytes>>;

/// What is known of a blob.
enum Found {
    Text(Option<Bytes>),
    /// It has to be read by itself, in the repository of this name.
    Elsewhere(String),
}

impl GitHub {
    /// See [`Forge::texts`](super::super::Forge::texts).
    pub(super) async fn read(&self, wanted: &[FileAt]) -> Result<Vec<Option<Bytes>>, Reason> {
        let mut told = Err(CLOSED);
        if !self.is_closed() {
            told = self.all_texts(wanted).await;
        }
        let texts = match told {
            Err(reason) if self.closes(&reason) => self.each_text(wanted).await?,
            texts => texts?,
        };
        let text = |file: &FileAt| texts.get(file.blob.as_str()).cloned().flatten();
        Ok(wanted.iter().map(text).collect())
    }

    /// The texts by their blobs.
    async fn all_texts<'a>(&self, wanted: &'a [FileAt]) -> Result<Texts<'a>, Reason> {
        let mut repositories = BTreeMap::new();
        for file in wanted {
            repositories
                .entry(file.blob.as_str())
                .or_insert(file.repository.as_str());
        }
        let blobs = repositories.into_iter();
        let blobs: Vec<_> = blobs
            .map(|(blob, repository)| BlobOf { repository, blob })
            .collect();
        let mut texts = Texts::new();
        let mut batches = Batches::new(blobs.len(), AT_ONCE);
        while let Some(range) = batches.next() {
            let Some(some) = blobs.get(range.clone()) else {
                break;
            };
            let found = match self.some_texts(some).await {
                Err(reason) if is_exhausted(&reason) && batches.halve(&range) => continue,
                found => found?,
            };
            for (blob, found) in some.iter().zip(found) {
                let text = match found {
                    Found::Text(text) => text,
                    Found::Elsewhere(name) => self.blob(&name, blob.blob).await?,
                };
                texts.insert(blob.blob, text);
            }
        }
        Ok(texts)
    }

    /// The same where GraphQL is closed.
    async fn each_text<'a>(&self, wanted: &'a [FileAt]) -> Result<Texts<'a>, Reason> {
        let blobs = wanted.iter().map(|it| (it.blob.as_str(), &it.full_name));
        let blobs: BTreeMap<&str, &String> = blobs.collect();
        let blobs: Vec<_> = blobs.into_iter().collect();
        let mut texts = Texts::new();
        for some in blobs.chunks(ABREAST) {
            let asked = some.iter().map(|(blob, name)| self.blob(name, blob));
            for ((blob, _), text) in some.iter().zip(join_all(asked).await) {
                texts.insert(blob, text?);
            }
        }
        Ok(texts)
    }

    async fn some_texts(&self, blobs: &[BlobOf<'_>]) -> Result<Vec<Found>, Reason> {
        let tries = if blobs.len() > 1 {
            Tries::One
        } else {
            Tries::Many
        };
        let asked = graphql::ask::<BTreeMap<String, Option<Node>>>(
            &self.client,
            documents::texts(blobs),
            tries,
        );
        let mut reply = asked.await?;
        // What is gone is told as a fault; anything else would look the same.
        if let Some(fault) = reply.faults.iter().find(|fault| !fault.hides()) {
            return Err(fault.reason());
        }
        let found = |(at, blob): (usize, &BlobOf<'_>)| {
            let node = reply.data.remove(&format!("t{at}")).flatten();
            node.map_or(Found::Text(None), |node| node.found(blob.blob))
        };
        Ok(blobs.iter().enumerate().map(found).collect())
    }

    /// A blob by itself: GraphQL tells no binary text, and of a long one only the beginning.
    pub(super) async fn blob(&self, name: &str, blob: &str) -> Result<Option<Bytes>, Reason> {
        let call = Call::get(format!("/repos/{name}/git/blobs/{blob}"));
        let answer = match self.client.send(&call).await {
            Err(Reason::TooLarge { .. }) => return Ok(None),
            answer => answer?,
        };
        if answer.status == 404 {
            return Ok(None);
        }
        let encoded: Encoded = answer::read(&answer)?;
        let is_it =
            |bytes: &Vec<u8>| bytes.len() as u64 <= MAX_FILE_BYTES && blob_id(bytes) == blob;
        Ok(encoded.decoded().filter(is_it).map(Bytes::from))
    }
}

impl Encoded {
    /// The bytes; the forge breaks their text into lines.
    fn decoded(&self) -> Option<Vec<u8>> {
        let text: String = self.content.split_ascii_whitespace().collect();
        BASE64_STANDARD.decode(text).ok()
    }
}

impl Node {
    fn found(self, blob: &str) -> Found {
        let Some(Blob {
            byte_size: Some(size),
            is_truncated,
            text,
        }) = self.object
        else {
            return Found::Text(None);
        };
        if size > MAX_FILE_BYTES {
            return Found::Text(None);
        }
        let text = text.filter(|text| !is_truncated && blob_id(text.as_bytes()) == blob);
        match (text, self.name_with_owner) {
            (Some(text), _) => Found::Text(Some(Bytes::from(text))),
            (None, Some(name)) => Found::Elsewhere(name),
            (None, None) => Found::Text(None),
        }
    }
}
