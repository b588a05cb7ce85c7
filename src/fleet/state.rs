//! What the fleet remembers on its forge: files on a branch of the configuration repository that
//! nobody reviews and nothing runs on. Losing it loses no more than comfort: what counts is in the
//! repositories themselves.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::TRAILER;
use crate::forge::{
    Change, Commit, Entry, FileAt, Forge, ForgeError, Identity, Message, Reason, Seen, Watch,
};

/// The branch.
pub const STATE_BRANCH: &str = "fullsend/state";
/// Files that are asked for at once.
const AT_ONCE: usize = 50;
/// How often a commit is tried whose branch moved on meanwhile: several operators may write.
const TRIES: usize = 6;

/// The memory of a fleet.
#[derive(Clone, Copy, Debug)]
pub struct State<'a> {
    /// The forge.
    pub forge: &'a dyn Forge,
    /// The configuration repository, by its name below the owner or group.
    pub repository: &'a str,
}

impl State<'_> {
    /// Those of `paths` that are there.
    pub async fn read(&self, paths: &[String]) -> Result<BTreeMap<String, Bytes>, ForgeError> {
        let mut found = BTreeMap::new();
        for paths in paths.chunks(AT_ONCE) {
            let Some(seen) = self.look(paths).await? else {
                return Ok(found);
            };
            let wanted: Vec<FileAt> = files(&seen).collect();
            if wanted.is_empty() {
                continue;
            }
            let texts = self.forge.texts(&wanted).await?;
            let texts = wanted.into_iter().zip(texts);
            found.extend(texts.filter_map(|(file, text)| Some((file.path, text?))));
        }
        Ok(found)
    }

    /// Writes `changes` in one commit, on top of whatever others wrote meanwhile.
    pub async fn write(
        &self,
        identity: &Identity,
        headline: &str,
        changes: &[Change],
    ) -> Result<(), ForgeError> {
        self.write_over(identity, headline, changes, None).await
    }

    /// The same, where one of the files still has the bytes that are given for it; else refuses
    /// with [`Reason::Moved`].
    pub async fn write_over(
        &self,
        identity: &Identity,
        headline: &str,
        changes: &[Change],
        over: Option<(&str, &[u8])>,
    ) -> Result<(), ForgeError> {
        let message = Message {
            headline: headline.to_owned(),
            body: format!("{TRAILER}: {STATE_BRANCH}\n{}\n", identity.sign_off()),
        };
        let paths: Vec<String> = changes.iter().map(|it| it.path.clone()).collect();
        let mut last = None;
        for _ in 0..TRIES {
            let Some(seen) = self.look(&paths).await? else {
                return Err(self.missing());
            };
            let Some(branch) = &seen.branch else {
                if let Err(error) = self.begin(&seen).await {
                    last = Some(again(error)?);
                }
                continue;
            };
            if is_there(changes, &seen) {
                return Ok(());
            }
            if over.is_some_and(|over| !has(&branch.files, over)) {
                let what = format!("write to {STATE_BRANCH} of {}", self.repository);
                return Err(ForgeError::doing(self.forge.host(), what, Reason::Moved));
            }
            let commit = Commit {
                repository: &seen.repository,
                branch: STATE_BRANCH,
                parent: &branch.head,
                changes,
                message: &message,
            };
            match self.forge.commit(&commit).await {
                Ok(_) => return Ok(()),
                Err(error) => last = Some(again(error)?),
            }
        }
        Err(last.unwrap_or_else(|| self.missing()))
    }

    async fn begin(&self, seen: &Seen) -> Result<(), ForgeError> {
        let Some(head) = &seen.head else {
            return Err(self.missing());
        };
        let made = self
            .forge
            .create_branch(&seen.repository, STATE_BRANCH, head);
        made.await
    }

    async fn look(&self, paths: &[String]) -> Result<Option<Seen>, ForgeError> {
        let watch = Watch {
            paths: paths.to_vec(),
            branch: Some(STATE_BRANCH.to_owned()),
            requests: Vec::new(),
        };
        let names = [self.repository.to_owned()];
        Ok(self.forge.look(&names, &watch).await?.pop().flatten())
    }

    fn missing(&self) -> ForgeError {
        let what = format!("write to {STATE_BRANCH} of {}", self.repository);
        ForgeError::doing(self.forge.host(), what, Reason::Absent)
    }
}

/// Errors after which looking again shows what to do.
fn again(error: ForgeError) -> Result<ForgeError, ForgeError> {
    match error.reason() {
        Reason::Moved | Reason::Exists | Reason::Unsure(_) => Ok(error),
        _ => Err(error),
    }
}

/// Whether the file is there with these bytes.
fn has(files: &BTreeMap<String, Entry>, (path, bytes): (&str, &[u8])) -> bool {
    let id = files.get(path).map(|it| it.id.as_str());
    id == Some(crate::forge::blob_id(bytes).as_str())
}

fn is_there(changes: &[Change], seen: &Seen) -> bool {
    let Some(branch) = &seen.branch else {
        return false;
    };
    changes.iter().all(|change| {
        let entry = branch.files.get(&change.path).map(|it| it.id.as_str());
        let wanted = change.content.as_deref().map(crate::forge::blob_id);
        entry == wanted.as_deref()
    })
}

fn files(seen: &Seen) -> impl Iterator<Item = FileAt> + '_ {
    let branch = seen.branch.iter();
    branch.flat_map(|branch| {
        let files = branch.files.iter();
        files.map(|(path, entry)| FileAt {
            repository: seen.repository.id.clone(),
            full_name: seen.repository.full_name.clone(),
            commit: branch.head.clone(),
            path: path.clone(),
            blob: entry.id.clone(),
        })
    })
}
