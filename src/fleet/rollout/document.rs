//! A rollout as it is written down, and read from where anybody might have written.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{RolloutId, Smoke, Verdict};
use crate::{config::Release, document::json, report};

/// The most bytes that are read and written: what a forge hands out of one file.
pub const MAX_ROLLOUT_BYTES: usize = 1 << 20;
/// Longer ones are written without the blanks that are for people.
const MAX_SPREAD_BYTES: usize = 256 << 10;
/// A repository has six values, one for each commit, and four for a started run.
const MAX_VALUES: usize = 250_000;
/// Rings have shares, so that there may be more waves than rings.
const MAX_WAVES: usize = 100;

/// A rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// The version of this format, 1.
    pub schema_version: u32,
    /// Its name.
    pub id: RolloutId,
    /// Forth or back.
    pub kind: Kind,
    /// How it stands.
    pub state: State,
    /// Why it stopped.
    pub reason: Option<String>,
    /// It stopped as the release has shown to be bad.
    pub is_bad: bool,
    /// The account that began it.
    pub by: String,
    /// When it began.
    pub started_at: Timestamp,
    /// The release that it leaves.
    #[serde(with = "pair")]
    pub from: Release,
    /// The release that it brings.
    #[serde(with = "pair")]
    pub to: Release,
    /// The release that fleet.yaml had to be reached when it began, which the rings need not stand
    /// on: one that was taken back, or that stopped, stays there.
    #[serde(with = "pair")]
    pub base: Release,
    /// Who makes the requests.
    pub via: Via,
    /// The rollout that it takes back.
    pub undoes: Option<RolloutId>,
    /// Its waves in their order.
    pub waves: Vec<Wave>,
}

/// Forth or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// To a release that is to be reached, through gates.
    Upgrade,
    /// Away from one that is denied, at once.
    Rollback,
}

/// How a rollout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It goes on with the next start.
    Running,
    /// It ended before its end.
    Stopped,
    /// All waves are through.
    Finished,
    /// Another took it back.
    RolledBack,
}

/// Who makes the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// Renovate, by the rings' presets.
    Renovate,
    /// We do.
    Direct,
}

/// Repositories that move together: a ring, or a share of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wave {
    /// The ring.
    pub ring: String,
    /// Up to which part of it in a hundred; 100 is all that earlier waves left.
    pub share: u32,
    /// When it began; its repositories are known from then on.
    pub started_at: Option<Timestamp>,
    /// When it was through.
    pub ended_at: Option<Timestamp>,
    /// What its gate said last.
    pub gate: Option<Verdict>,
    /// Its repositories in the order of names.
    pub repositories: Vec<Entry>,
}

/// A repository of a wave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name below the owner or group.
    pub name: String,
    /// How it stands.
    pub state: EntryState,
    /// Why it stands so, where that is not plain.
    pub reason: Option<String>,
    /// The number of the request.
    pub request: Option<u64>,
    /// The commits of its default branch that were seen to have the release, newest last, as their
    /// first twelve digits.
    pub commits: Vec<String>,
    /// The run that we started there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoke: Option<Smoke>,
}

/// How a repository of a wave stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// Nothing was done yet.
    Planned,
    /// The branch is there, without a request.
    Committed,
    /// The request is open.
    PrOpen,
    /// The default branch has the release.
    Merged,
    /// And the wave's gate has passed.
    Verified,
    /// It is not to move, for the reason.
    Skipped,
    /// Somebody has to do something first.
    Blocked,
    /// The release was taken back.
    RolledBack,
}

/// Why a written rollout is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{path} of the branch {} cannot be read: {reason}",
    crate::fleet::STATE_BRANCH
)]
pub struct Unreadable {
    path: String,
    reason: String,
}

impl Rollout {
    /// A rollout that begins at `now`, where fleet.yaml has `from` to be reached; nothing is decided
    /// about its waves yet.
    pub fn begin(id: RolloutId, kind: Kind, from: Release, to: Release, now: Timestamp) -> Self {
        Self {
            schema_version: 1,
            id,
            kind,
            state: State::Running,
            reason: None,
            is_bad: false,
            by: String::new(),
            started_at: now,
            base: from.clone(),
            from,
            to,
            via: Via::Direct,
            undoes: None,
            waves: Vec::new(),
        }
    }

    /// Reads what stands at `path`.
    pub fn read(path: &str, bytes: &[u8]) -> Result<Self, Unreadable> {
        let refuse = |reason: String| Unreadable {
            path: path.to_owned(),
            reason,
        };
        if bytes.len() > MAX_ROLLOUT_BYTES {
            return Err(refuse("it is too large".to_owned()));
        }
        let read: Self =
            json::parse_bounded(bytes, MAX_VALUES).map_err(|it| refuse(it.to_string()))?;
        if read.schema_version != 1 {
            return Err(refuse("another version of fullsend wrote it".to_owned()));
        }
        if read.id.path() != path {
            return Err(refuse(format!("it is the record of {}", read.id)));
        }
        if read.waves.len() > MAX_WAVES {
            return Err(refuse(format!("it has more than {MAX_WAVES} waves")));
        }
        Ok(read)
    }

    /// The bytes to write; nothing where they would be too many to be read again.
    pub fn written(&self) -> Option<Vec<u8>> {
        let spread = report::json::text(self).ok()?;
        let text = if spread.len() <= MAX_SPREAD_BYTES {
            spread
        } else {
            serde_json::to_string(self).ok()? + "\n"
        };
        (text.len() <= MAX_ROLLOUT_BYTES).then(|| text.into_bytes())
    }

    /// The wave that is under way: the first that is not through.
    pub fn current(&self) -> Option<usize> {
        self.waves.iter().position(|wave| wave.ended_at.is_none())
    }

    /// Every repository of the waves that have begun.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.waves.iter().flat_map(|wave| &wave.repositories)
    }
}

impl Wave {
    /// A wave that has not begun.
    pub fn new(ring: &str, share: u32) -> Self {
        Self {
            ring: ring.to_owned(),
            share,
            started_at: None,
            ended_at: None,
            gate: None,
            repositories: Vec::new(),
        }
    }
}

impl Entry {
    /// A repository with which nothing was done yet.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            state: EntryState::Planned,
            reason: None,
            request: None,
            commits: Vec::new(),
            smoke: None,
        }
    }
}

impl EntryState {
    /// Whether nothing more is expected of it in this rollout.
    pub fn is_settled(self) -> bool {
        matches!(
            self,
            Self::Merged | Self::Verified | Self::Skipped | Self::Blocked | Self::RolledBack
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upgrade => "upgrade",
            Self::Rollback => "rollback",
        })
    }
}

/// A release as fleet.yaml writes it.
mod pair {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use crate::{config::Release, model::image::ImageReference};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pair {
        action: String,
        image: String,
    }

    pub(super) fn serialize<S: Serializer>(release: &Release, to: S) -> Result<S::Ok, S::Error> {
        let pair = Pair {
            action: release.action.to_string(),
            image: release.image().to_string(),
        };
        pair.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Release, D::Error> {
        let pair = Pair::deserialize(from)?;
        let action = pair.action.parse().map_err(D::Error::custom)?;
        let image: ImageReference = pair.image.parse().map_err(D::Error::custom)?;
        Release::new(action, image).map_err(D::Error::custom)
    }
}
