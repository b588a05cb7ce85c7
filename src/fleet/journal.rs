//! What is about to be done, written down before it is done, and what became of it.
//!
//! It tells what was under way when we were killed, no more: the forge is the source of truth, and
//! every start looks there. No secret and no file's content is ever in it.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Action, Write, WriteAhead};
use crate::seam::{
    files::{AtomicFile, FileError, GrowingFile},
    shared_folder::SharedFolder,
};

const FILE: &str = "journal.jsonl";
/// What is finished is thrown away when the file would become larger.
const MAX_BYTES: u64 = 8 << 20;
/// A repository, a branch and a few words.
const MAX_LINE: usize = 8 << 10;
/// Of what became of a write, so many characters are kept: it may be a forge's own words.
const MAX_ENDED: usize = 400;
/// Numbers of writes that are believed; none is reached in a lifetime.
const MAX_TICKET: u64 = 1 << 53;

/// A write that is about to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The repository's name.
    pub repository: String,
    /// The branch that it is about.
    pub branch: String,
    /// What is done, in a word: `propose`.
    pub action: String,
}

/// A write that was begun, and of which nobody wrote down how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// For [`Journal::done`], once its repository has been looked at.
    pub ticket: u64,
    /// What it was.
    pub intent: Intent,
}

/// A journal that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Two would take each other's writes for their own.
    #[error("another fullsend on this machine is at work on {0}")]
    InUse(String),
    /// It is no name for a file.
    #[error("{0:?} is no name of a rollout")]
    Name(String),
    /// No repository or branch is that long.
    #[error("the names of a repository and a branch are longer than {MAX_LINE} bytes")]
    TooLong,
    /// The disk is full, or the folder not ours.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The journal of one rollout, ours alone for as long as the value lives.
#[derive(Debug)]
pub struct Journal {
    folder: SharedFolder,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: GrowingFile,
    /// By ticket.
    open: BTreeMap<u64, Intent>,
    next: u64,
}

/// One line: an intent, or how one ended.
#[derive(Serialize, Deserialize)]
struct Line {
    ticket: u64,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intent: Option<Intent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<String>,
}

impl Journal {
    /// Opens the journal of `rollout` in `folder`, or makes it.
    pub async fn open(folder: &Path, rollout: &str) -> Result<Self, JournalError> {
        if !is_name(rollout) {
            return Err(JournalError::Name(rollout.to_owned()));
        }
        let path = folder.join(format!("journal-{rollout}"));
        let folder = SharedFolder::enter(&path, Duration::ZERO).await;
        let folder = folder.map_err(|error| match error {
            FileError::Io { source, .. } if source.kind() == std::io::ErrorKind::WouldBlock => {
                JournalError::InUse(rollout.to_owned())
            }
            error => error.into(),
        })?;
        let (file, bytes) = GrowingFile::open(&path.join(FILE), MAX_BYTES)?;
        let (open, next) = read(&bytes);
        Ok(Self {
            folder,
            inner: Mutex::new(Inner { file, open, next }),
        })
    }

    /// The writes that were under way when somebody was killed, and those that are now, oldest
    /// first.
    pub fn unfinished(&self) -> Vec<Unfinished> {
        let inner = self.lock();
        let open = inner.open.iter().map(|(ticket, intent)| Unfinished {
            ticket: *ticket,
            intent: intent.clone(),
        });
        open.collect()
    }

    /// Writes down what is about to be done; it is on the disk when this returns.
    pub fn intend(&self, intent: &Intent) -> Result<u64, JournalError> {
        let mut inner = self.lock();
        let ticket = inner.next;
        let line = Line {
            ticket,
            at: Timestamp::now(),
            intent: Some(intent.clone()),
            ended: None,
        };
        self.add(&mut inner, &line)?;
        inner.next += 1;
        inner.open.insert(ticket, intent.clone());
        Ok(ticket)
    }

    /// Writes down how it ended: `done`, or why not.
    pub fn done(&self, ticket: u64, ended: &str) -> Result<(), JournalError> {
        let mut inner = self.lock();
        let line = Line {
            ticket,
            at: Timestamp::now(),
            intent: None,
            ended: Some(ended.chars().take(MAX_ENDED).collect()),
        };
        inner.open.remove(&ticket);
        self.add(&mut inner, &line)
    }

    fn add(&self, inner: &mut Inner, line: &Line) -> Result<(), JournalError> {
        let bytes = text(line);
        if bytes.len() > MAX_LINE {
            return Err(JournalError::TooLong);
        }
        if inner.file.length() + bytes.len() as u64 >= MAX_BYTES {
            inner.file = self.without_finished(&inner.open)?;
        }
        Ok(inner.file.add(&bytes)?)
    }

    /// Replaces the file by one that holds the open intents alone.
    fn without_finished(&self, open: &BTreeMap<u64, Intent>) -> Result<GrowingFile, FileError> {
        let lines = open.iter().flat_map(|(ticket, intent)| {
            let mut bytes = text(&Line {
                ticket: *ticket,
                at: Timestamp::now(),
                intent: Some(intent.clone()),
                ended: None,
            });
            bytes.push(b'\n');
            bytes
        });
        let bytes: Vec<u8> = lines.collect();
        let path = self.folder.path().join(FILE);
        AtomicFile::open_private(&path)?.commit(&bytes)?;
        Ok(GrowingFile::open(&path, MAX_BYTES)?.0)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WriteAhead for Journal {
    fn intend(&self, name: &str, branch: &str, write: Write) -> Result<u64, String> {
        let intent = Intent {
            repository: name.to_owned(),
            branch: branch.to_owned(),
            action: word(write).to_owned(),
        };
        let ticket = Self::intend(self, &intent);
        ticket.map_err(|error| crate::model::chain::chain(&error))
    }

    fn done(&self, ticket: u64, ended: &str) {
        // What is missing is looked at once more, and nothing else.
        if let Err(error) = Self::done(self, ticket, ended) {
            tracing::debug!(%error, "the end of a write is not written down");
        }
    }
}

fn word(write: Write) -> &'static str {
    match write {
        Write::Request(Action::Propose) => "propose",
        Write::Request(Action::Commit) => "commit",
        Write::Request(Action::Open) => "open",
        Write::Request(Action::Reopen) => "reopen",
        Write::Request(Action::Close) => "close",
        Write::Request(Action::DeleteBranch) => "delete-branch",
        Write::Merge => "merge",
        Write::Configure => "configure",
        Write::Start => "start",
    }
}

/// Whether `rollout` is a name for a file, whatever the file system.
fn is_name(rollout: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=100).contains(&rollout.len()) && rollout.bytes().all(is_plain)
}

fn text(line: &Line) -> Vec<u8> {
    // Text and numbers are always written.
    serde_json::to_vec(line).unwrap_or_default()
}

/// The intents without an end, and the next ticket. A line that makes no sense is none.
fn read(bytes: &[u8]) -> (BTreeMap<u64, Intent>, u64) {
    let (mut open, mut next) = (BTreeMap::new(), 1);
    let lines = bytes.split(|byte| *byte == b'\n');
    let lines = lines.filter_map(|line| serde_json::from_slice::<Line>(line).ok());
    for line in lines.filter(|line| line.ticket < MAX_TICKET) {
        next = next.max(line.ticket + 1);
        match line.intent {
            Some(intent) => open.insert(line.ticket, intent),
            None => open.remove(&line.ticket),
        };
    }
    (open, next)
}

#[cfg(test)]
mod tests;
