//! What is known of the world outside, and what still has to be asked.

use std::{collections::HashMap, hash::Hash};

use jiff::Timestamp;

use crate::{
    forge::{Reach, Refs, RemoteRepository},
    model::{
        commit::CommitId,
        digest::Digest,
        image::{ImageReference, Repository},
    },
};

/// Something that a decision needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// The tags and branches of a repository.
    Refs(RemoteRepository),
    /// Whether a repository's own branches and tags lead to a commit.
    Reach(RemoteRepository, CommitId),
    /// When a commit was made.
    CommitTime(RemoteRepository, CommitId),
    /// The digest behind a tag, or whether a digest exists.
    Digest(ImageReference),
    /// The tags of an image.
    Tags(Repository),
    /// When an image was made.
    Created(ImageReference),
    /// Whether the policy accepts an image.
    Verdict(ImageReference),
    /// What lies behind a URL.
    Content(String),
    /// Whether the action in a folder of a repository uses other actions at a commit.
    Uses(Box<ActionAt>),
}

/// An action at a commit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionAt {
    /// Where it lies.
    pub repository: RemoteRepository,
    /// At which commit.
    pub commit: CommitId,
    /// In which folder, where that is not the repository itself.
    pub path: Option<String>,
}

/// What was found out, one for each [`Question`].
#[derive(Clone, Debug)]
pub enum Fact {
    /// The tags and branches of a repository.
    Refs(RemoteRepository, Known<Refs>),
    /// Whether a repository's own branches and tags lead to a commit.
    Reach(RemoteRepository, CommitId, Known<Reach>),
    /// When a commit was made; nothing where the commit does not say.
    CommitTime(RemoteRepository, CommitId, Known<Option<Timestamp>>),
    /// The digest behind a reference; nothing where the registry says that there is none.
    Digest(ImageReference, Known<Option<Tagged>>),
    /// The tags of an image.
    Tags(Repository, Known<Vec<String>>),
    /// When an image was made; nothing where it does not say.
    Created(ImageReference, Known<Option<Timestamp>>),
    /// Why the policy refuses an image; nothing where it accepts it.
    Verdict(ImageReference, Known<Option<String>>),
    /// The SHA-256 of what lies behind a URL.
    Content(String, Known<Digest>),
    /// Whether the action in a folder of a repository uses other actions at a commit.
    Uses(Box<ActionAt>, Known<bool>),
}

/// What lies behind a tag or a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// The digest of the index, or of the only manifest.
    pub digest: Digest,
    /// The digests of the manifests that an index lists.
    pub platforms: Vec<Digest>,
}

/// An answer, or why there is none.
pub type Known<T> = Result<T, String>;

/// Why a decision cannot be made.
#[derive(Debug)]
pub(super) enum Lack {
    /// Something was not asked yet.
    Unasked(Question),
    /// Something was asked, and there is no answer.
    Failed(String),
}

/// Everything that was found out so far.
#[derive(Debug, Default)]
pub struct Facts {
    refs: HashMap<RemoteRepository, Known<Refs>>,
    reaches: HashMap<(RemoteRepository, CommitId), Known<Reach>>,
    commit_times: HashMap<(RemoteRepository, CommitId), Known<Option<Timestamp>>>,
    digests: HashMap<ImageReference, Known<Option<Tagged>>>,
    tags: HashMap<Repository, Known<Vec<String>>>,
    created: HashMap<ImageReference, Known<Option<Timestamp>>>,
    verdicts: HashMap<ImageReference, Known<Option<String>>>,
    contents: HashMap<String, Known<Digest>>,
    uses: HashMap<ActionAt, Known<bool>>,
}

impl Facts {
    /// Keeps `fact`; the first word on a question counts.
    pub fn learn(&mut self, fact: Fact) {
        match fact {
            Fact::Refs(of, known) => _ = self.refs.entry(of).or_insert(known),
            Fact::Reach(of, commit, known) => {
                self.reaches.entry((of, commit)).or_insert(known);
            }
            Fact::CommitTime(of, commit, known) => {
                self.commit_times.entry((of, commit)).or_insert(known);
            }
            Fact::Digest(of, known) => _ = self.digests.entry(of).or_insert(known),
            Fact::Tags(of, known) => _ = self.tags.entry(of).or_insert(known),
            Fact::Created(of, known) => _ = self.created.entry(of).or_insert(known),
            Fact::Verdict(of, known) => _ = self.verdicts.entry(of).or_insert(known),
            Fact::Content(of, known) => _ = self.contents.entry(of).or_insert(known),
            Fact::Uses(of, known) => _ = self.uses.entry(*of).or_insert(known),
        }
    }

    pub(super) fn refs(&self, of: &RemoteRepository) -> Result<&Refs, Lack> {
        look_up(&self.refs, of, || Question::Refs(of.clone()))
    }

    pub(super) fn reach(&self, of: &RemoteRepository, commit: &CommitId) -> Result<Reach, Lack> {
        let key = (of.clone(), commit.clone());
        let ask = || Question::Reach(of.clone(), commit.clone());
        look_up(&self.reaches, &key, ask).copied()
    }

    pub(super) fn commit_time(
        &self,
        of: &RemoteRepository,
        commit: &CommitId,
    ) -> Result<Option<Timestamp>, Lack> {
        let key = (of.clone(), commit.clone());
        let ask = || Question::CommitTime(of.clone(), commit.clone());
        look_up(&self.commit_times, &key, ask).copied()
    }

    pub(super) fn digest(&self, of: &ImageReference) -> Result<Option<&Tagged>, Lack> {
        let digest = look_up(&self.digests, of, || Question::Digest(of.clone()))?;
        Ok(digest.as_ref())
    }

    pub(super) fn tags(&self, of: &Repository) -> Result<&[String], Lack> {
        look_up(&self.tags, of, || Question::Tags(of.clone())).map(Vec::as_slice)
    }

    pub(super) fn created(&self, of: &ImageReference) -> Result<Option<Timestamp>, Lack> {
        look_up(&self.created, of, || Question::Created(of.clone())).copied()
    }

    /// Why the policy refuses `of`.
    pub(super) fn refusal(&self, of: &ImageReference) -> Result<Option<&str>, Lack> {
        let known = look_up(&self.verdicts, of, || Question::Verdict(of.clone()))?;
        Ok(known.as_deref())
    }

    pub(super) fn uses(&self, of: &ActionAt) -> Result<bool, Lack> {
        look_up(&self.uses, of, || Question::Uses(Box::new(of.clone()))).copied()
    }

    pub(super) fn content(&self, of: &str) -> Result<&Digest, Lack> {
        look_up(&self.contents, &of.to_owned(), || {
            Question::Content(of.to_owned())
        })
    }
}

fn look_up<'f, K: Hash + Eq, V>(
    facts: &'f HashMap<K, Known<V>>,
    key: &K,
    ask: impl FnOnce() -> Question,
) -> Result<&'f V, Lack> {
    match facts.get(key) {
        Some(Ok(value)) => Ok(value),
        Some(Err(reason)) => Err(Lack::Failed(reason.clone())),
        None => Err(Lack::Unasked(ask())),
    }
}
