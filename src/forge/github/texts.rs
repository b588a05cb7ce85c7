//! The texts of files, each blob once.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;

use super::{
    super::{FileAt, MAX_FILE_BYTES, Reason, blob_id},
    GitHub, answer,
    batch::Batches,
    client::Call,
    documents::{self, BlobOf},
    graphql::{self, Tries, is_exhausted},
};

/// The most blobs of one question.
const AT_ONCE: usize = 50;

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

/// What is known of a blob.
enum Found {
    Text(Option<Bytes>),
    /// It has to be read by itself, in the repository of this name.
    Elsewhere(String),
}

impl GitHub {
    /// See [`Forge::texts`](super::super::Forge::texts).
    pub(super) async fn read(&self, wanted: &[FileAt]) -> Result<Vec<Option<Bytes>>, Reason> {
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
        let mut texts: BTreeMap<&str, Option<Bytes>> = BTreeMap::new();
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
        let text = |file: &FileAt| texts.get(file.blob.as_str()).cloned().flatten();
        Ok(wanted.iter().map(text).collect())
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
        let call = Call::get(format!("/repos/{name}/git/blobs/{blob}")).raw();
        let answer = self.client.send(&call).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        answer::done(&answer)?;
        let is_it = answer.body.len() as u64 <= MAX_FILE_BYTES && blob_id(&answer.body) == blob;
        Ok(is_it.then_some(answer.body))
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
