//! The configuration repository: fleet.yaml as it is, and as a rollout needs it.

use std::collections::BTreeMap;

use super::{Crew, DriveError};
use crate::{
    config::{Fleet, parse_fleet},
    fleet::{
        Ask, Outcome, Refusal, RefusalKind, Row, Texts, Want, converge,
        desired::{self, EditError, FLEET_FILE, Files},
        plan::texts,
        rollout::{Desire, Kind, Rollout},
    },
    forge::{Change, Commit, Reason, Request, Seen, Watch},
    model::text::as_code,
};

/// How often a commit is tried whose branch moved on meanwhile.
const TRIES: usize = 5;

/// The configuration repository as it is.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) fleet: Fleet,
}

/// What became of a change of fleet.yaml.
pub(super) enum Configured {
    /// It says what it should.
    Done,
    /// Somebody has to merge this.
    Asked(Request),
}

impl Configuration {
    pub(crate) async fn read(crew: Crew<'_>) -> Result<Self, DriveError> {
        let want = Reading(Watch {
            paths: vec![FLEET_FILE.to_owned()],
            ..Watch::default()
        });
        let (_, texts) = look(crew, &want).await?;
        let fleet = fleet_of(&texts).map_err(DriveError::Edit)?;
        Ok(Self { fleet })
    }
}

/// The configuration repository, and the texts of what was watched in it.
async fn look(crew: Crew<'_>, want: &dyn Want) -> Result<(Seen, Texts), DriveError> {
    let forge = crew.means.forge;
    let name = crew.configuration.to_owned();
    let missing =
        |what: &str| DriveError::Configuration(format!("{name} on {} {what}", forge.host()));
    let names = [name.clone()];
    let seen = forge.look(&names, want.watch()).await?.pop().flatten();
    let seen = seen.ok_or_else(|| missing("is not there, or may not be seen"))?;
    if !seen.files.contains_key(FLEET_FILE) {
        return Err(missing("has no fleet.yaml"));
    }
    let texts = texts(forge, want, &[&seen])
        .await?
        .pop()
        .unwrap_or_default();
    if !texts.contains_key(FLEET_FILE) {
        return Err(missing("has a fleet.yaml that is too large, or no file"));
    }
    Ok((seen, texts))
}

fn fleet_of(texts: &Texts) -> Result<Fleet, EditError> {
    let text = texts.get(FLEET_FILE).map_or(&[][..], |text| text);
    parse_fleet(text, FLEET_FILE).map_err(EditError::Config)
}

/// A look that asks for nothing.
struct Reading(Watch);

impl Want for Reading {
    fn watch(&self) -> &Watch {
        &self.0
    }

    fn needs(&self, seen: &Seen) -> Vec<String> {
        seen.files.keys().cloned().collect()
    }

    fn ask(&self, _seen: &Seen, _texts: &Texts) -> Result<Ask, Refusal> {
        Err(Refusal::new(RefusalKind::Skipped, "it is only looked at"))
    }
}

/// What a rollout wants fleet.yaml to say, and what follows from it.
struct Configuring<'a> {
    watch: Watch,
    rollout: &'a Rollout,
    desire: &'a Desire,
}

/// Makes fleet.yaml say what is desired: by a commit, or by a request where only that is allowed.
pub(super) async fn configure(
    crew: Crew<'_>,
    fleet: &Fleet,
    rollout: &Rollout,
    desire: &Desire,
) -> Result<Configured, DriveError> {
    let want = Configuring::new(fleet, rollout, desire)?;
    for _ in 0..TRIES {
        let (seen, texts) = look(crew, &want).await?;
        let files = want.files(&texts)?;
        note_kept(crew, &files);
        if files.changes.is_empty() {
            return Ok(Configured::Done);
        }
        match commit(crew, &want, &seen, &files).await {
            Ok(()) => return Ok(Configured::Done),
            Err(Failure::Moved) => {}
            Err(Failure::Forbidden) => return ask(crew, &want, seen, texts).await,
            Err(Failure::Other(error)) => return Err(error),
        }
    }
    Err(DriveError::Configuration(format!(
        "{} changes whenever we write to it",
        crew.configuration
    )))
}

/// What [`configure`] would write.
pub(super) async fn would_write(
    crew: Crew<'_>,
    fleet: &Fleet,
    rollout: &Rollout,
    desire: &Desire,
) -> Result<Vec<Change>, DriveError> {
    let want = Configuring::new(fleet, rollout, desire)?;
    let (_, texts) = look(crew, &want).await?;
    let files = want.files(&texts)?;
    note_kept(crew, &files);
    Ok(files.changes)
}

/// What the deny list is to say once the rollout stands in fleet.yaml: a rollback denies what it
/// takes back, an upgrade nothing.
pub(super) async fn denied(
    crew: Crew<'_>,
    fleet: &Fleet,
    rollout: &Rollout,
) -> Result<String, DriveError> {
    let rings = Vec::new();
    let desire = match rollout.kind {
        Kind::Upgrade => Desire::Advance { rings },
        Kind::Rollback => Desire::Retreat { rings },
    };
    let want = Configuring::new(fleet, rollout, &desire)?;
    let (_, texts) = look(crew, &want).await?;
    Ok(want.files(&texts)?.denied)
}

fn note_kept(crew: Crew<'_>, files: &Files) {
    for path in &files.kept {
        crew.progress.note(&format!(
            "{path} was edited by hand and stays as it is; `fullsend generate renovate --fleet \
             --force` makes it again"
        ));
    }
}

enum Failure {
    /// Things are not as they were, or nobody knows how they are.
    Moved,
    /// It takes a request.
    Forbidden,
    Other(DriveError),
}

async fn commit(
    crew: Crew<'_>,
    want: &Configuring<'_>,
    seen: &Seen,
    files: &Files,
) -> Result<(), Failure> {
    let repository = &seen.repository;
    let branch = repository.default_branch.as_deref().zip(seen.head.as_ref());
    let (Some((branch, parent)), true) = (branch, repository.rules.may_push) else {
        return Err(Failure::Forbidden);
    };
    let message = want.asking(files).message(crew.means.identity);
    let commit = Commit {
        repository,
        branch,
        parent,
        changes: &files.changes,
        message: &message,
    };
    match crew.means.forge.commit(&commit).await {
        Ok(_) => Ok(()),
        Err(error) => Err(match error.reason() {
            Reason::Moved | Reason::Unsure(_) => Failure::Moved,
            Reason::Rules(_) => Failure::Forbidden,
            _ => Failure::Other(error.into()),
        }),
    }
}

/// Opens the request, or finds the one that is open.
async fn ask(
    crew: Crew<'_>,
    want: &Configuring<'_>,
    seen: Seen,
    texts: Texts,
) -> Result<Configured, DriveError> {
    let row = Row::decided(want, seen, "", texts, false);
    let ended = converge(crew.means, want, row, false).await;
    if let Some(error) = ended.error {
        return Err(error.into());
    }
    match ended.outcome {
        Outcome::Open { request, .. } => Ok(Configured::Asked(request)),
        Outcome::Done | Outcome::Unreached => Ok(Configured::Done),
        Outcome::Refused(refusal) => Err(DriveError::Configuration(refusal.reason)),
        Outcome::Failed(why) => Err(DriveError::Configuration(why)),
    }
}

impl<'a> Configuring<'a> {
    fn new(fleet: &Fleet, rollout: &'a Rollout, desire: &'a Desire) -> Result<Self, DriveError> {
        Ok(Self {
            watch: Watch {
                paths: desired::paths(fleet)?,
                branch: Some(rollout.id.branch()),
                requests: Vec::new(),
            },
            rollout,
            desire,
        })
    }

    fn files(&self, texts: &Texts) -> Result<Files, DriveError> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let existing: BTreeMap<String, String> = texts
            .iter()
            .map(|(path, bytes)| (path.clone(), text(bytes)))
            .collect();
        let before = existing.get(FLEET_FILE).cloned().unwrap_or_default();
        let after = self.edited(before)?;
        let fleet = parse_fleet(after.as_bytes(), FLEET_FILE).map_err(EditError::Config)?;
        Ok(desired::files(&after, &fleet, &existing)?)
    }

    fn edited(&self, text: String) -> Result<String, EditError> {
        let Rollout { from, to, .. } = self.rollout;
        match self.desire {
            Desire::Reach { staying } => {
                let staying: Vec<&str> = staying.iter().map(String::as_str).collect();
                desired::reach(&text, to, &staying)
            }
            Desire::Advance { rings } => rings
                .iter()
                .try_fold(text, |text, ring| desired::advance(&text, ring)),
            Desire::Retreat { rings } => {
                let reason = self
                    .rollout
                    .reason
                    .as_deref()
                    .unwrap_or("it was rolled back");
                let text = desired::deny(&text, from.version(), reason, Some(to))?;
                let rings: Vec<&str> = rings.iter().map(String::as_str).collect();
                desired::retreat(&text, &rings, to.version())
            }
        }
    }

    fn asking(&self, files: &Files) -> Ask {
        let (from, to) = (self.rollout.from.version(), self.rollout.to.version());
        let (title, body) = match self.rollout.kind {
            Kind::Upgrade => (
                format!("chore(fleet): upgrade to {to}"),
                format!("{}: rings go from {from} to {to}.", self.rollout.id),
            ),
            Kind::Rollback => (
                format!("fix(fleet): deny {from}"),
                format!(
                    "{}: {from} is denied, and every ring goes back to {to}.\n\n{}",
                    self.rollout.id,
                    as_code(
                        self.rollout
                            .reason
                            .as_deref()
                            .unwrap_or("it was rolled back")
                    )
                ),
            ),
        };
        Ask {
            branch: self.rollout.id.branch(),
            changes: files.changes.clone(),
            title,
            body,
            notes: Vec::new(),
            remember: None,
        }
    }
}

impl Want for Configuring<'_> {
    fn watch(&self) -> &Watch {
        &self.watch
    }

    fn needs(&self, seen: &Seen) -> Vec<String> {
        seen.files.keys().cloned().collect()
    }

    fn ask(&self, _seen: &Seen, texts: &Texts) -> Result<Ask, Refusal> {
        let files = self.files(texts);
        let files = files.map_err(|error| Refusal::new(RefusalKind::Blocked, error.with_hint()))?;
        Ok(self.asking(&files))
    }
}
