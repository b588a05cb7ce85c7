//! Agents that repositories name themselves: their workflows are found by their fullsend.yaml, and
//! move with the others.

use std::collections::BTreeSet;

use super::{
    DriveError,
    moving::{Moving, OWN_FILE},
    round::{Drive, Round},
};
use crate::{config, fleet::Texts, model::limits::Limits};

/// More of them are not looked at, of all repositories together: each is asked of every one.
const MAX_AGENTS: usize = 20;
const MAX_NAME: usize = 64;

impl Drive<'_> {
    /// Looks again at the repositories that name agents whose workflows nobody has looked at.
    pub(super) async fn look_beyond(&mut self, round: &mut Round) -> Result<(), DriveError> {
        let rows = self.members.rows.iter();
        let named: Vec<(String, BTreeSet<String>)> = rows
            .map(|(name, row)| (name.clone(), agents(&row.texts)))
            .collect();
        let all: BTreeSet<&String> = named.iter().flat_map(|(_, agents)| agents).collect();
        let new = all.into_iter().filter(|it| !self.agents.contains(*it));
        let mut new: Vec<String> = new.cloned().collect();
        let room = MAX_AGENTS - self.agents.len();
        if new.len() > room && room > 0 {
            self.crew.progress.note(&format!(
                "repositories name more than {MAX_AGENTS} agents besides the usual ones: the \
                 workflows of the others stay where they are"
            ));
        }
        new.truncate(room);
        if new.is_empty() {
            return Ok(());
        }
        let has_new = |agents: &BTreeSet<String>| new.iter().any(|it| agents.contains(it));
        let again = named.iter().filter(|(_, agents)| has_new(agents));
        let again: Vec<String> = again.map(|(name, _)| name.clone()).collect();
        self.agents.extend(new);
        round.want = Moving::new(self.crew, &round.fleet, &self.rollout, &self.agents);
        self.members.look(self.crew, &round.want, &again).await
    }
}

/// The agents that a repository's fullsend.yaml names besides the usual ones, where these may be part
/// of a path.
fn agents(texts: &Texts) -> BTreeSet<String> {
    let text = texts.get(OWN_FILE);
    let Some(config) = text.and_then(|it| config::parse(it, OWN_FILE).ok()) else {
        return BTreeSet::new();
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let names = config.agents.into_keys();
    names
        .filter(|it| !Limits::AGENTS.contains(&it.as_str()))
        .filter(|it| it.len() <= MAX_NAME && it.chars().all(is_plain))
        .collect()
}
