//! The project that components come from.

use gitlab::api::projects::{
    Project,
    repository::{Tree, tags::Tag},
};
use serde::Deserialize;

use super::{super::Reason, GitLab};

#[derive(Deserialize)]
struct Source {
    id: u64,
}

#[derive(Deserialize)]
struct Named {
    commit: Target,
}

#[derive(Deserialize)]
struct Target {
    id: String,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
}

/// The folder that makes a project one of components.
const TEMPLATES: &str = "templates";

impl GitLab {
    /// Whether `source` is there, may be seen, and has the tag with components.
    pub(super) async fn has_components(&self, source: &str, tag: &str) -> Result<bool, Reason> {
        let project = Project::builder().project(source).build();
        let project = project.map_err(|_| Reason::Malformed("a project has no name"))?;
        let Some(Source { id }) = self.client.find(&project).await? else {
            return Ok(false);
        };
        let tag = Tag::builder().project(id).tag_name(tag).build();
        let tag = tag.map_err(|_| Reason::Malformed("a tag has no name"))?;
        let Some(Named { commit }) = self.client.find(&tag).await? else {
            return Ok(false);
        };
        let tree = Tree::builder()
            .project(id)
            .path(TEMPLATES)
            .ref_(commit.id)
            .build();
        let tree = tree.map_err(|_| Reason::Malformed("a folder has no name"))?;
        let entries: Option<Vec<Entry>> = self.client.find(&tree).await?;
        let mut entries = entries.into_iter().flatten();
        Ok(entries.any(|it| matches!(it.kind.as_str(), "blob" | "tree")))
    }
}
