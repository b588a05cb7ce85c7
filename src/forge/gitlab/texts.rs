//! The texts of files: many in one document, and one by one where that loses bytes.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use gitlab::api::projects::repository::files::FileRaw;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    super::{EntryMode, FileAt, MAX_FILE_BYTES, Reason, repository::blob_id},
    GitLab,
    client::Manner,
    graphql::Failure,
    watched::{Nodes, gid, mode},
};

/// Files of one document: as many as the usual limit on complexity allows.
pub(super) const AT_ONCE: usize = 16;

#[derive(Deserialize)]
struct Project {
    repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    blobs: Option<Nodes<Blob>>,
}

#[derive(Deserialize)]
struct Blob {
    oid: String,
    mode: Option<String>,
    #[serde(rename = "rawTextBlob")]
    text: Option<String>,
}

/// What one document tells of a file.
#[derive(Clone, Debug)]
enum Told {
    /// Exactly these bytes.
    Text(Bytes),
    /// It is none, or gone.
    Nothing,
    /// It is there, but its bytes are no text.
    Bytes,
}

impl GitLab {
    /// The texts of these files. The same file is asked for once, wherever it lies.
    pub(super) async fn read(&self, wanted: &[FileAt]) -> Result<Vec<Option<Bytes>>, Reason> {
        let mut known = BTreeSet::new();
        let mut once = wanted.iter().filter(|file| known.insert(&file.blob));
        let files: Vec<&FileAt> = once.by_ref().collect();
        let told = self
            .texts
            .all(&files, |files| self.ask_texts(files))
            .await?;
        let mut texts = BTreeMap::new();
        for (file, told) in files.iter().zip(told) {
            let text = match told {
                Told::Text(text) => Some(text),
                Told::Nothing => None,
                Told::Bytes => self.raw(file).await?,
            };
            texts.insert(&file.blob, text);
        }
        let of = |file: &FileAt| texts.get(&file.blob).cloned().flatten();
        Ok(wanted.iter().map(of).collect())
    }

    async fn ask_texts(&self, files: &[&FileAt]) -> Result<Vec<Told>, Failure> {
        let (document, variables) = document(files);
        let data: BTreeMap<String, Nodes<Project>> = self
            .client
            .ask(&document, &variables, &self.lacking, &[])
            .await?;
        let told = files.iter().enumerate().map(|(at, file)| {
            let project = data.get(&format!("f{at}"))?.iter().next()?;
            let blob = project.repository.as_ref()?.blobs.as_ref()?.iter().next()?;
            Some(blob.told(file))
        });
        Ok(told.map(|told| told.unwrap_or(Told::Nothing)).collect())
    }

    /// The bytes of a file, as they are.
    async fn raw(&self, file: &FileAt) -> Result<Option<Bytes>, Reason> {
        let Ok(project) = file.repository.parse::<u64>() else {
            return Ok(None);
        };
        let endpoint = FileRaw::builder()
            .project(project)
            .file_path(&file.path)
            .ref_(file.commit.as_str())
            .build()
            .map_err(|_| Reason::Malformed("a file has no name"))?;
        match self.client.send(&endpoint, Manner::READ).await {
            Ok((body, _)) => Ok(Some(body)
                .filter(|body| body.len() as u64 <= MAX_FILE_BYTES && blob_id(body) == file.blob)
                .map(Bytes::from)),
            Err(Reason::NotFound(_) | Reason::TooLarge { .. }) => Ok(None),
            Err(reason) => Err(reason),
        }
    }
}

impl Blob {
    fn told(&self, file: &FileAt) -> Told {
        let is_file = matches!(
            mode(self.mode.as_deref()),
            EntryMode::File | EntryMode::Executable
        );
        if !is_file || self.oid != file.blob {
            return Told::Nothing;
        }
        match &self.text {
            Some(text) if text.len() as u64 > MAX_FILE_BYTES => Told::Nothing,
            // GitLab mends what is no UTF-8, so that it would be another file.
            Some(text) if blob_id(text.as_bytes()) == file.blob => {
                Told::Text(Bytes::copy_from_slice(text.as_bytes()))
            }
            _ => Told::Bytes,
        }
    }
}

/// A document that asks for each file by a name of its own, and its variables.
fn document(files: &[&FileAt]) -> (String, Value) {
    let mut names = Vec::new();
    let mut asked = Vec::new();
    let mut variables = Map::new();
    for (at, file) in files.iter().enumerate() {
        let project = file.repository.parse().map(gid).unwrap_or_default();
        variables.insert(format!("i{at}"), json!([project]));
        variables.insert(format!("p{at}"), json!([file.path]));
        variables.insert(format!("r{at}"), json!(file.commit.as_str()));
        names.push(format!("$i{at}:[ID!]!,$p{at}:[String!]!,$r{at}:String!"));
        asked.push(format!(
            "f{at}:projects(ids:$i{at},first:1){{nodes{{repository{{\
             blobs(paths:$p{at},ref:$r{at},first:1){{nodes{{...B}}}}}}}}}}"
        ));
    }
    let fragment = "fragment B on RepositoryBlob{oid mode rawTextBlob}";
    let (names, asked) = (names.join(","), asked.join("\n"));
    let document = format!("query({names}){{\n{asked}\n}}\n{fragment}");
    (document, Value::Object(variables))
}
