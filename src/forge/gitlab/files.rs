//! The files at commits that are no branch's head any more: one question a commit.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::json;

use super::{
    super::{CommitOf, Entry, Reason},
    GitLab,
    watched::{Blob, Nodes, gid},
};

/// Commits that are asked about at once.
const ABREAST: usize = 8;

#[derive(Deserialize)]
struct Data {
    projects: Nodes<Project>,
}

#[derive(Deserialize)]
struct Project {
    repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    blobs: Option<Nodes<Blob>>,
}

impl GitLab {
    /// See [`Forge::files`](super::super::Forge::files). Of a commit that is not there, GitLab tells
    /// no files.
    pub(super) async fn files_at(
        &self,
        of: &[CommitOf],
        paths: &[String],
    ) -> Result<Vec<Option<BTreeMap<String, Entry>>>, Reason> {
        let asked: Vec<_> = of.iter().map(|of| self.of_commit(of, paths)).collect();
        stream::iter(asked).buffered(ABREAST).try_collect().await
    }

    async fn of_commit(
        &self,
        of: &CommitOf,
        paths: &[String],
    ) -> Result<Option<BTreeMap<String, Entry>>, Reason> {
        let project = of.repository.parse();
        let project = project.map_err(|_| Reason::Malformed("a repository's name is no number"))?;
        let document = "query($ids:[ID!]!,$paths:[String!]!,$ref:String!,$files:Int!){\
            projects(ids:$ids,first:1){nodes{repository{blobs(paths:$paths,ref:$ref,first:$files)\
            {nodes{path oid mode size}}}}}}";
        let variables = json!({
            "ids": [gid(project)],
            "paths": paths,
            "ref": of.commit.as_str(),
            "files": paths.len(),
        });
        let data: Data = self
            .client
            .ask(document, &variables, &self.lacking, &[])
            .await?;
        let project = data.projects.seen().next();
        let blobs = project.and_then(|it| it.repository?.blobs);
        Ok(blobs.map(|blobs| blobs.seen().map(Blob::entry).collect()))
    }
}
