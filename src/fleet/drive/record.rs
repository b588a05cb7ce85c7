//! What is remembered of rollouts, on the branch for that.

use serde::{Deserialize, Serialize};

use super::{Crew, DriveError};
use crate::{
    document::json,
    fleet::{
        Means, State,
        rollout::{CURRENT, Headline, Kind, Rollout, RolloutId},
    },
    forge::{Change, Reason},
    report,
};

/// Three values, and those of a headline.
const MAX_VALUES: usize = 50;

/// The file that names the newest rollout.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Current {
    schema_version: u32,
    rollout: RolloutId,
    #[serde(default)]
    headline: Option<Headline>,
}

/// The newest rollout in short, where there was one: two questions at most.
pub(crate) async fn newest_in_short(
    state: State<'_>,
) -> Result<Option<(RolloutId, Headline)>, DriveError> {
    let Some(current) = current(state).await? else {
        return Ok(None);
    };
    Ok(current.headline.map(|headline| (current.rollout, headline)))
}

async fn current(state: State<'_>) -> Result<Option<Current>, DriveError> {
    let found = state.read(&[CURRENT.to_owned()]).await?;
    let read = found.get(CURRENT);
    let read = read.map(|text| json::parse_bounded(text, MAX_VALUES));
    read.transpose()
        .map_err(|error| DriveError::Record(format!("{CURRENT} cannot be read: {error}")))
}

/// What is remembered of rollouts.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    means: Means<'a>,
    /// The configuration repository.
    repository: &'a str,
}

impl<'a> Record<'a> {
    pub(crate) fn of(crew: Crew<'a>) -> Self {
        Self {
            means: crew.means,
            repository: crew.configuration,
        }
    }

    /// The newest rollout, where there was one.
    pub(crate) async fn newest(&self) -> Result<Option<Rollout>, DriveError> {
        match current(self.state()).await? {
            Some(current) => self.rollout(&current.rollout).await,
            None => Ok(None),
        }
    }

    /// The rollout `id`.
    pub(crate) async fn rollout(&self, id: &RolloutId) -> Result<Option<Rollout>, DriveError> {
        let path = id.path();
        let found = self.state().read(std::slice::from_ref(&path)).await?;
        let read = found.get(&path).map(|text| Rollout::read(&path, text));
        read.transpose()
            .map_err(|error| DriveError::Record(error.to_string()))
    }

    /// A name that no rollout has yet.
    pub(crate) async fn free(
        &self,
        kind: Kind,
        version: &semver::Version,
        now: jiff::Timestamp,
    ) -> Result<RolloutId, DriveError> {
        let names = RolloutId::all(kind, version, now);
        let paths: Vec<String> = names.iter().map(RolloutId::path).collect();
        let taken = self.state().read(&paths).await?;
        let mut free = names
            .into_iter()
            .filter(|id| !taken.contains_key(&id.path()));
        free.next().ok_or_else(|| {
            DriveError::Record(format!("there are too many {kind}s of {version} today"))
        })
    }

    /// Remembers `rollout` in the place of `known`; what others made of that meanwhile, where they
    /// did, and then nothing is written.
    pub(crate) async fn replace(
        &self,
        known: Option<&Rollout>,
        rollout: &Rollout,
    ) -> Result<Option<Rollout>, DriveError> {
        let Some(known) = known else {
            self.save(&[rollout]).await?;
            return Ok(None);
        };
        let path = rollout.id.path();
        let mut over = known.written();
        loop {
            let over_these = over.as_deref().map(|it| (&*path, it));
            match self.write(&[rollout], over_these).await {
                Err(DriveError::Forge(error)) if matches!(error.reason(), Reason::Moved) => {}
                written => return written.map(|()| None),
            }
            let found = self.state().read(std::slice::from_ref(&path)).await?;
            let Some(text) = found.get(&path) else {
                over = None;
                continue;
            };
            let theirs = Rollout::read(&path, text);
            let theirs = theirs.map_err(|error| DriveError::Record(error.to_string()))?;
            // Another version of fullsend may have written the same in other bytes.
            if theirs != *known || over.as_deref() == Some(text) {
                return Ok(Some(theirs));
            }
            over = Some(text.to_vec());
        }
    }

    /// Remembers `rollouts`, of which the first is the newest.
    pub(crate) async fn save(&self, rollouts: &[&Rollout]) -> Result<(), DriveError> {
        self.write(rollouts, None).await
    }

    async fn write(
        &self,
        rollouts: &[&Rollout],
        over: Option<(&str, &[u8])>,
    ) -> Result<(), DriveError> {
        let Some(newest) = rollouts.first() else {
            return Ok(());
        };
        let current = Current {
            schema_version: 1,
            rollout: newest.id.clone(),
            headline: Some(newest.headline()),
        };
        let current = report::json::text(&current).ok().map(String::into_bytes);
        let mut changes = vec![change(CURRENT.to_owned(), current)?];
        for rollout in rollouts {
            changes.push(change(rollout.id.path(), rollout.written())?);
        }
        let headline = format!("chore(fleet): {}", newest.id);
        let identity = self.means.identity;
        let state = self.state();
        let written = state.write_over(identity, &headline, &changes, over);
        Ok(written.await?)
    }

    fn state(&self) -> State<'_> {
        State {
            forge: self.means.forge,
            repository: self.repository,
        }
    }
}

fn change(path: String, content: Option<Vec<u8>>) -> Result<Change, DriveError> {
    if content.is_some() {
        return Ok(Change { path, content });
    }
    Err(DriveError::Record(format!("{path} would be too large")))
}
