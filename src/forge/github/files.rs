//! The files at commits that are no branch's head any more.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    super::{CommitOf, Entry, Reason, Watch},
    GitHub,
    batch::Batches,
    documents,
    graphql::{self, Tries, is_exhausted},
    rest,
    seen::Target,
};

/// Commits of one question.
const AT_ONCE: usize = 50;

/// The files of a commit; none where that is not there.
pub(super) type Files = Option<BTreeMap<String, Entry>>;

#[derive(Deserialize)]
struct Node {
    object: Option<Object>,
}

/// A commit. Nothing is told of another kind of object.
#[derive(Deserialize)]
#[serde(untagged)]
enum Object {
    Commit(Target),
    Other {},
}

impl GitHub {
    /// See [`Forge::files`](super::super::Forge::files).
    pub(super) async fn files_at(
        &self,
        of: &[CommitOf],
        paths: &[String],
    ) -> Result<Vec<Files>, Reason> {
        let watch = Watch {
            paths: paths.to_vec(),
            ..Watch::default()
        };
        let mut all = Vec::with_capacity(of.len());
        let mut batches = Batches::new(of.len(), AT_ONCE);
        while let Some(range) = batches.next() {
            let Some(some) = of.get(range.clone()) else {
                break;
            };
            if self.is_closed() {
                all.extend(rest::files(self, some, &watch).await?);
                continue;
            }
            match self.some_files(some, &watch).await {
                Err(reason) if self.closes(&reason) => {
                    all.extend(rest::files(self, some, &watch).await?);
                }
                Err(reason) if is_exhausted(&reason) && batches.halve(&range) => {}
                files => all.extend(files?),
            }
        }
        Ok(all)
    }

    async fn some_files(&self, of: &[CommitOf], watch: &Watch) -> Result<Vec<Files>, Reason> {
        let names = of
            .iter()
            .map(|it| (it.repository.as_str(), it.commit.as_str()));
        let document = documents::files(&names.collect::<Vec<_>>(), &watch.paths);
        let tries = if of.len() > 1 {
            Tries::One
        } else {
            Tries::Many
        };
        let asked = graphql::ask::<BTreeMap<String, Option<Node>>>(&self.client, document, tries);
        let mut reply = asked.await?;
        if let Some(fault) = reply.faults.iter().find(|fault| !fault.hides()) {
            return Err(fault.reason());
        }
        let files = |at: usize| {
            let node = reply.data.remove(&format!("c{at}")).flatten();
            match node?.object? {
                Object::Commit(target) => Some(target.files(watch)),
                Object::Other {} => None,
            }
        };
        Ok((0..of.len()).map(files).collect())
    }
}
