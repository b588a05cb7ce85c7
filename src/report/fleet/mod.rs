//! How the repositories of a fleet stand: the document of every verb of the fleet.

mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::Serialize;

use crate::model::exit_code;

/// The document that the verbs of the fleet print with `--format json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FleetReport {
    /// 1.
    pub schema_version: u8,
    /// The rollout that is under way or ended before its end, or that this is about; null where
    /// there is none.
    pub rollout: Option<String>,
    /// How far that is.
    pub progress: Option<RolloutRow>,
    /// In the order of rings, and of names within one.
    pub repositories: Vec<RepositoryRow>,
    /// How many repositories have each state.
    pub summary: BTreeMap<&'static str, usize>,
    /// Repositories that fleet.yaml selects or names and that cannot be members.
    pub left_out: Vec<LeftOutRow>,
    /// Names in a ring that no repository has.
    pub unknown: Vec<String>,
}

/// How far a rollout is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RolloutRow {
    /// Its name.
    pub id: String,
    /// `upgrade` or `rollback`.
    pub kind: String,
    /// `running`, `stopped`, `finished` or `rolled_back`.
    pub state: &'static str,
    /// The version that it brings.
    pub version: String,
    /// The account that began it.
    pub by: String,
    /// When.
    #[schemars(with = "String")]
    pub started_at: Timestamp,
    /// The ring of the wave that is under way.
    pub ring: Option<String>,
    /// How many waves are through.
    pub waves_through: usize,
    /// Of how many.
    pub waves: usize,
    /// What the gate of that wave said last: `pass`, `stop` or `inconclusive`.
    pub verdict: Option<&'static str>,
    /// Why it stopped, or why a release is taken back.
    pub reason: Option<String>,
}

/// How one repository stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RepositoryRow {
    /// Its name below the owner or group.
    pub name: String,
    /// Its ring.
    pub ring: Option<String>,
    /// The action, or the component on GitLab, that its default branch names, as
    /// `OWNER/NAME@COMMIT # v1.4.0`.
    pub action: Option<String>,
    /// The image that it names, without its digest.
    pub image: Option<String>,
    /// The image's digest.
    pub digest: Option<String>,
    /// How it stands.
    pub state: State,
    /// Why, and what to do about it.
    pub reason: Option<String>,
    /// Our open request.
    pub request: Option<RequestRow>,
    /// Its hold.
    pub hold: Option<HoldRow>,
    /// What of it does not go together.
    pub skew: Option<String>,
    /// Its own rules for Renovate that take the place of the ring's.
    pub overrides: Vec<String>,
    /// Its last runs, where they were asked for.
    pub runs: Option<RunsRow>,
    /// Its state is `error` because the forge gave no answer.
    #[serde(skip)]
    pub is_unanswered: bool,
}

/// How a repository stands to what its ring asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is as its ring asks.
    Current,
    /// As its ring asks, but for versions that somebody moved on.
    PinsMoved,
    /// It is on another release than its ring's, or made from an older template.
    Outdated,
    /// A person changed what fullsend wrote.
    Edited,
    /// It does not have what fullsend writes.
    Missing,
    /// It is held on a version.
    Held,
    /// Somebody has to do something first.
    Blocked,
    /// Nothing can or should be done there.
    Skipped,
    /// How it stands could not be found out.
    Error,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Current,
        Self::PinsMoved,
        Self::Outdated,
        Self::Edited,
        Self::Missing,
        Self::Held,
        Self::Blocked,
        Self::Skipped,
        Self::Error,
    ];

    /// The word for it, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::PinsMoved => "pins_moved",
            Self::Outdated => "outdated",
            Self::Edited => "edited",
            Self::Missing => "missing",
            Self::Held => "held",
            Self::Blocked => "blocked",
            Self::Skipped => "skipped",
            Self::Error => "error",
        }
    }

    /// Whether somebody has something to mend.
    ///
    /// What is held is so on purpose, and versions that moved on are what Renovate is for.
    pub fn is_drift(self) -> bool {
        match self {
            Self::Current | Self::PinsMoved | Self::Held | Self::Skipped => false,
            Self::Outdated | Self::Edited | Self::Missing | Self::Blocked | Self::Error => true,
        }
    }
}

/// A pull or merge request of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RequestRow {
    /// Its page.
    pub url: String,
    /// `open`, `merged` or `closed`.
    pub state: &'static str,
    /// `none`, `pending`, `passed` or `failed`.
    pub checks: &'static str,
}

/// A hold of a repository on a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HoldRow {
    /// The version that it stays on.
    pub version: String,
    /// Why.
    pub reason: String,
    /// The last day of it, in UTC.
    #[schemars(with = "String")]
    pub until: Date,
    /// Whether that day has passed.
    pub is_expired: bool,
}

/// A repository's last runs that ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunsRow {
    /// Those that passed.
    pub passed: usize,
    /// Those whose agent failed by itself.
    pub failed: usize,
    /// Those whose sandbox did not start, died, or was refused.
    pub sandbox: usize,
    /// Those that the forge did not even start.
    pub not_started: usize,
}

/// A repository that cannot be a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftOutRow {
    /// Its name below the owner or group.
    pub name: String,
    /// Why.
    pub reason: String,
}

impl RepositoryRow {
    /// Of a repository of which nothing but its state is known.
    pub fn new(name: impl Into<String>, ring: Option<&str>, state: State) -> Self {
        Self {
            name: name.into(),
            ring: ring.map(str::to_owned),
            action: None,
            image: None,
            digest: None,
            state,
            reason: None,
            request: None,
            hold: None,
            skew: None,
            overrides: Vec::new(),
            runs: None,
            is_unanswered: false,
        }
    }

    /// The version in the comment of the action, else the start of its commit.
    pub fn action_version(&self) -> Option<&str> {
        let action = self.action.as_deref()?;
        let version = action.split_once(" # ").map(|(_, version)| version);
        let at = || action.rsplit_once('@').map_or(action, |(_, at)| at);
        Some(version.unwrap_or_else(|| {
            let at = at();
            at.get(..12).unwrap_or(at)
        }))
    }

    /// The tag of the image.
    pub fn image_version(&self) -> Option<&str> {
        let image = self.image.as_deref()?;
        let name = image.rsplit('/').next().unwrap_or(image);
        Some(name.split_once(':').map_or(name, |(_, tag)| tag))
    }

    /// Whether it is to be looked at before the others.
    pub fn needs_attention(&self) -> bool {
        let failing = self
            .request
            .as_ref()
            .is_some_and(|it| it.checks == "failed");
        let dying = self.runs.is_some_and(|it| it.sandbox + it.not_started > 0);
        self.state.is_drift() || failing || dying || self.skew.is_some()
    }
}

impl FleetReport {
    /// The document of `repositories`, which are in the order of rings and names.
    pub fn new(repositories: Vec<RepositoryRow>) -> Self {
        let mut summary: BTreeMap<_, _> =
            State::ALL.iter().map(|state| (state.as_str(), 0)).collect();
        for row in &repositories {
            *summary.entry(row.state.as_str()).or_default() += 1;
        }
        Self {
            schema_version: 1,
            rollout: None,
            progress: None,
            repositories,
            summary,
            left_out: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// The same document, about a rollout.
    #[must_use]
    pub fn about(mut self, rollout: RolloutRow) -> Self {
        self.rollout = Some(rollout.id.clone());
        self.progress = Some(rollout);
        self
    }

    /// How many repositories have `state`.
    pub fn count(&self, state: State) -> usize {
        let count = self.summary.get(state.as_str());
        count.copied().unwrap_or_default()
    }

    /// 3 where the forge gave no answer about a repository, 1 where one is not as it should be, or
    /// a ring names one that is not there.
    pub fn exit_code(&self) -> u8 {
        let mut rows = self.repositories.iter();
        if rows.clone().any(|row| row.is_unanswered) {
            exit_code::UNAVAILABLE
        } else if rows.any(|row| row.state.is_drift()) || !self.unknown.is_empty() {
            exit_code::FINDINGS
        } else {
            exit_code::OK
        }
    }
}
