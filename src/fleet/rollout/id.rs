//! The names of rollouts.

use std::{fmt, str::FromStr};

use jiff::{Timestamp, tz::TimeZone};
use semver::Version;
use serde::{Deserialize, Serialize};

use super::Kind;

/// The file that names the newest rollout.
pub const CURRENT: &str = "rollouts/current.json";

/// More rollouts of one version on one day are refused.
const MAX_SERIAL: u32 = 40;

/// The name of a rollout, `upgrade-1.5.0-20261122-1`: fit for a branch's and a file's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RolloutId(String);

/// What is no name of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a rollout")]
pub struct NotARolloutId;

impl RolloutId {
    /// The name of the `serial`th rollout of this kind and version on the day of `now`, in UTC.
    pub fn new(kind: Kind, version: &Version, now: Timestamp, serial: u32) -> Self {
        let day = now.to_zoned(TimeZone::UTC).strftime("%Y%m%d");
        // Git takes a `+` in a branch, but addresses do not.
        let version = version.to_string().replace('+', "_");
        Self(format!("{kind}-{version}-{day}-{serial}"))
    }

    /// The names that a rollout of this kind and version may have on that day.
    pub fn all(kind: Kind, version: &Version, now: Timestamp) -> Vec<Self> {
        let serials = 1..=MAX_SERIAL;
        serials
            .map(|serial| Self::new(kind, version, now, serial))
            .collect()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The branch of its requests.
    pub fn branch(&self) -> String {
        format!("fullsend/{self}")
    }

    /// Where it is written down, on [`STATE_BRANCH`](crate::fleet::STATE_BRANCH).
    pub fn path(&self) -> String {
        format!("rollouts/{self}.json")
    }
}

impl FromStr for RolloutId {
    type Err = NotARolloutId;

    fn from_str(text: &str) -> Result<Self, NotARolloutId> {
        let begins = text.starts_with("upgrade-") || text.starts_with("rollback-");
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if begins && text.len() <= 100 && text.chars().all(plain) && !text.contains("..") {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotARolloutId)
        }
    }
}

impl TryFrom<String> for RolloutId {
    type Error = NotARolloutId;

    fn try_from(text: String) -> Result<Self, NotARolloutId> {
        text.parse()
    }
}

impl From<RolloutId> for String {
    fn from(id: RolloutId) -> Self {
        id.0
    }
}

impl fmt::Display for RolloutId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
