//! Starts runs where a gate lacks them: written down, looked for, and only then started.

use std::collections::BTreeSet;

use super::{
    DriveError,
    round::{Drive, Round},
};
use crate::{
    fleet::{
        Row, Write,
        rollout::{Entry, Smoke, SmokeState},
    },
    forge::{Reason, RunsOf},
    model::{
        commit::CommitId,
        limits::Limits,
        text::{printable, shortened},
    },
};

/// What a workflow has that can be started.
const BY_HAND: &str = "workflow_dispatch";

impl Drive<'_> {
    /// Starts a run in each of these repositories, once, whoever else is at work.
    pub(super) async fn smoke(
        &mut self,
        names: &[String],
        round: &mut Round,
    ) -> Result<(), DriveError> {
        let mark = Smoke::intended((self.crew.clock)());
        let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        for entry in self.entries_mut() {
            if names.contains(entry.name.as_str()) {
                entry.smoke = Some(mark.clone());
            }
        }
        self.save().await?;
        // Where somebody else was faster, it is theirs.
        let ours = self.rollout.entries();
        let ours = ours.filter(|it| it.smoke.as_ref() == Some(&mark));
        let ours: Vec<Entry> = ours.cloned().collect();
        for entry in ours {
            if (self.crew.means.stopped)() {
                break;
            }
            let Some(row) = self.members.rows.get(&entry.name) else {
                continue;
            };
            let (state, reason) = self.start(row, &entry).await;
            for known in self.entries_mut().filter(|it| it.name == entry.name) {
                known.smoke = Some(Smoke {
                    state,
                    reason: reason.as_deref().map(|it| shortened(&printable(it), 200)),
                    ..mark.clone()
                });
            }
        }
        round.runs = None;
        self.save().await
    }

    fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        let waves = self.rollout.waves.iter_mut();
        waves.flat_map(|it| &mut it.repositories)
    }

    /// Starts a run in one repository by the first of its workflows that can be, unless one is
    /// under way with the release.
    async fn start(&self, row: &Row, entry: &Entry) -> (SmokeState, Option<String>) {
        let forge = self.crew.means.forge;
        let repository = &row.seen.repository;
        let Some(branch) = &repository.default_branch else {
            return (SmokeState::Refused, Some("it has no branch".to_owned()));
        };
        let mut refused = "its workflow cannot be started by hand".to_owned();
        for of in startable(row) {
            let has_release =
                |commit: &CommitId| entry.commits.iter().any(|it| it == commit.short());
            match forge.begun(&of, branch).await {
                Ok(begun)
                    if begun
                        .iter()
                        .any(|it| it.commit.as_ref().is_some_and(has_release)) =>
                {
                    return (SmokeState::Started, None);
                }
                Ok(_) => {}
                Err(error) => return self.unsure(&error.with_hint()),
            }
            let intent = (entry.name.as_str(), branch.as_str(), Write::Start);
            match self
                .crew
                .means
                .written(intent, forge.start(&of, branch))
                .await
            {
                Ok(Ok(())) => {
                    let file = of.workflow.rsplit('/').next().unwrap_or_default();
                    let note = format!("{}: a smoke run of {file} was started", entry.name);
                    self.crew.progress.note(&note);
                    return (SmokeState::Started, None);
                }
                Ok(Err(error)) if is_refusal(error.reason()) => {
                    refused = error.reason().to_string();
                }
                Ok(Err(error)) => return self.unsure(&error.with_hint()),
                Err(why) => return self.unsure(&why),
            }
        }
        let note = format!("{}: no smoke run can be started: {refused}", entry.name);
        self.crew.progress.note(&note);
        (SmokeState::Refused, Some(refused))
    }

    /// It stays intended: the next look but a few finds out.
    fn unsure(&self, why: &str) -> (SmokeState, Option<String>) {
        self.crew.progress.note(why);
        (SmokeState::Intended, None)
    }
}

/// Whether trying again would be answered the same.
fn is_refusal(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::Invalid(_)
            | Reason::Rules(_)
            | Reason::Lacks(_)
            | Reason::NotFound(_)
            | Reason::Unauthorized(_)
            | Reason::Exists
    )
}

/// The workflows that let themselves be started, those first whose agents write least.
fn startable(row: &Row) -> Vec<RunsOf> {
    let repository = &row.seen.repository;
    let of = |path: &String| RunsOf {
        repository: repository.id.clone(),
        full_name: repository.full_name.clone(),
        workflow: path.clone(),
    };
    let texts = row
        .texts
        .iter()
        .map(|(path, text)| (path, String::from_utf8_lossy(text)));
    let found = texts.filter(|(path, text)| {
        if path.starts_with(".github/workflows/") {
            return text.contains(BY_HAND);
        }
        *path == ".gitlab-ci.yml" && text.lines().any(is_for_api)
    });
    let mut found: Vec<&String> = found.map(|(path, _)| path).collect();
    let rank = |path: &str| Limits::AGENTS.iter().position(|it| path.contains(it));
    found.sort_by_key(|path| rank(path));
    found.into_iter().map(of).collect()
}

/// Whether a line of a pipeline lets the API start the agent: by default our component does not, and
/// a pipeline would run everybody else's jobs alone.
fn is_for_api(line: &str) -> bool {
    line.trim_start().starts_with("condition:") && line.contains("api")
}
