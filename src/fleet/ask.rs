//! What a verb wants of every repository, and what became of it.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::forge::{Change, ForgeError, Identity, Message, Request, Seen, Watch};

use super::next::TRAILER;

/// The texts of a repository's files, by path.
pub type Texts = BTreeMap<String, Bytes>;

/// What a verb wants of the repositories. Pure: it is asked again whenever a repository has changed.
pub trait Want: Sync {
    /// What has to be looked at.
    fn watch(&self) -> &Watch;

    /// The files of the default branch whose texts [`ask`](Self::ask) needs.
    fn needs(&self, seen: &Seen) -> Vec<String>;

    /// What this repository is asked for; no changes where it is as it should be.
    fn ask(&self, seen: &Seen, texts: &Texts) -> Result<Ask, Refusal>;
}

/// What one repository is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The branch that the request is made from.
    pub branch: String,
    /// The files that differ from the default branch.
    pub changes: Vec<Change>,
    /// The first line of the commit, and the request's title.
    pub title: String,
    /// Why, in Markdown: the request's text, and the commit's.
    pub body: String,
    /// What a person should know who reads the plan.
    pub notes: Vec<String>,
    /// What the fleet is to remember once it is asked, on its [`State`](super::State); nothing
    /// where it remembers that already.
    pub remember: Option<Change>,
}

impl Ask {
    /// What the commit says: signed off by `identity`, and known as ours by its trailer.
    pub fn message(&self, identity: &Identity) -> Message {
        let (body, branch) = (self.body.trim_end(), &self.branch);
        let sign_off = identity.sign_off();
        Message {
            headline: self.title.clone(),
            body: format!("{body}\n\n{TRAILER}: {branch}\n{sign_off}\n"),
        }
    }
}

/// Why a repository is not asked for anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// What kind of reason it is.
    pub kind: RefusalKind,
    /// The reason, as a fragment: "it is archived".
    pub reason: String,
}

/// What kind of reason keeps a repository from being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusalKind {
    /// Nothing can or should be done there: archived, empty, a mirror.
    Skipped,
    /// A person changed what we wrote.
    Edited,
    /// It is held on a version.
    Held,
    /// Somebody has to do something first.
    Blocked,
}

impl Refusal {
    /// A reason of this kind.
    pub fn new(kind: RefusalKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
        }
    }
}

/// A repository that is finished.
#[derive(Debug)]
pub struct Ended {
    /// As it was seen last.
    pub seen: Seen,
    /// The name of its ring.
    pub ring: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The texts of its default branch that this was decided from.
    pub texts: Texts,
    /// What a person should know.
    pub notes: Vec<String>,
    /// What the fleet is to remember of it could not be written down.
    pub is_forgotten: bool,
    /// What the fleet is to remember of it.
    pub(super) remember: Option<Change>,
    /// The forge's error, where that is what kept us from it.
    pub(super) error: Option<ForgeError>,
}

/// What became of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is as it should be.
    Done,
    /// Our request is open and as it should be.
    Open {
        /// The request.
        request: Request,
        /// It was made or changed just now.
        changed: bool,
    },
    /// It was not asked, or somebody has to do something first.
    Refused(Refusal),
    /// A forge's error kept us from it; the next start tries again.
    Failed(String),
    /// It was not reached before the work was stopped.
    Unreached,
}
