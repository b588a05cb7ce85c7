//! The rounds of a rollout: look, and then step after step until there is nothing to do but wait.

use std::{collections::BTreeMap, time::Duration};

use super::{
    Configuration, Crew, DriveError, End, Record, RollOptions, Rolled, asked,
    configuration::{Configured, configure},
    members::{Members, of_wave},
    moving::Moving,
};
use crate::{
    config::Fleet,
    fleet::{
        Outcome, Want, converge,
        rollout::{
            Desire, Entry, EntryState, Fact, Facts, Kind, Rollout, Stands, State, Step, Verdict,
            next_step, observed,
        },
    },
    forge::{Merging, Request, Run, RunsOf, Seen},
};

/// Steps of one round; more would mean that two of them undo each other.
const MAX_STEPS: usize = 1_000;
/// The step between two questions whether to stop.
const TICK: Duration = Duration::from_millis(200);

/// A rollout that is driven.
pub(crate) struct Drive<'a> {
    crew: Crew<'a>,
    options: &'a RollOptions,
    rollout: Rollout,
    /// As it was remembered last.
    saved: Option<Rollout>,
    members: Members,
}

/// What was seen in one round, and came of it.
struct Round {
    fleet: Fleet,
    fleet_waits: Option<String>,
    want: Moving,
    stands: BTreeMap<String, Stands>,
    unwanted: Vec<Fact>,
    waiting: BTreeMap<String, String>,
    runs: Option<BTreeMap<String, Vec<Run>>>,
}

impl<'a> Drive<'a> {
    pub(crate) fn new(crew: Crew<'a>, rollout: Rollout, options: &'a RollOptions) -> Self {
        Self {
            crew,
            options,
            rollout,
            saved: None,
            members: Members::default(),
        }
    }

    /// Goes on with the rollout until it ends, or until there is nothing to do but wait for others
    /// and it is not watched.
    pub(crate) async fn run(mut self) -> Result<Rolled, DriveError> {
        loop {
            let end = self.round().await?;
            self.save().await?;
            let (End::Waiting { what, .. }, Some(pause)) = (&end, self.crew.watch) else {
                return Ok(Rolled {
                    rollout: self.rollout,
                    end,
                });
            };
            self.crew.progress.waiting(what);
            if self.pause(pause).await {
                return Ok(Rolled {
                    rollout: self.rollout,
                    end: End::Interrupted,
                });
            }
            if let Some(end) = self.refresh().await? {
                return Ok(Rolled {
                    rollout: self.rollout,
                    end,
                });
            }
        }
    }

    /// Waits; whether to stop.
    async fn pause(&self, pause: Duration) -> bool {
        let mut left = pause;
        while !left.is_zero() && !(self.crew.means.stopped)() {
            let tick = left.min(TICK);
            tokio::time::sleep(tick).await;
            left -= tick;
        }
        (self.crew.means.stopped)()
    }

    /// What others made of the rollout meanwhile; the end, where it is another's turn.
    async fn refresh(&mut self) -> Result<Option<End>, DriveError> {
        let newest = self.record().newest().await?;
        match newest {
            Some(newest) if newest.id == self.rollout.id => {
                let via = self.rollout.via;
                self.rollout = Rollout { via, ..newest };
                self.saved = None;
                Ok(None)
            }
            Some(other) => Ok(Some(End::Stopped {
                reason: format!("{} has begun, by {}", other.id, other.by),
                is_bad: false,
            })),
            None => Ok(None),
        }
    }

    fn record(&self) -> Record<'a> {
        Record::of(self.crew)
    }

    async fn save(&mut self) -> Result<(), DriveError> {
        if self.saved.as_ref() != Some(&self.rollout) {
            self.record().save(&[&self.rollout]).await?;
            self.saved = Some(self.rollout.clone());
        }
        Ok(())
    }

    async fn round(&mut self) -> Result<End, DriveError> {
        let mut round = self.look().await?;
        for _ in 0..MAX_STEPS {
            if (self.crew.means.stopped)() {
                return Ok(End::Interrupted);
            }
            let facts = round.facts((self.crew.clock)());
            self.rollout = observed(&self.rollout, &facts);
            let step = next_step(&self.rollout, &facts);
            self.crew.progress.at(&self.rollout);
            if let Some(end) = self.act(step, &mut round).await? {
                return Ok(end);
            }
        }
        Err(DriveError::Configuration(
            "it came to no rest: please report this".to_owned(),
        ))
    }

    async fn look(&mut self) -> Result<Round, DriveError> {
        let crew = self.crew;
        let fleet = Configuration::read(crew).await?.fleet;
        let want = Moving::new(crew, &fleet, &self.rollout);
        let names = names(&self.rollout);
        let mut unwanted = Vec::new();
        if self.rollout.kind == Kind::Rollback && !names.is_empty() {
            self.survey(&want).await?;
            unwanted = self.members.unwanted(crew, &want, &self.rollout).await?;
        } else {
            self.members.look(crew, &want, &names).await?;
        }
        Ok(Round {
            stands: self.members.stands(&names, self.rollout.via),
            fleet,
            fleet_waits: None,
            want,
            unwanted,
            waiting: BTreeMap::new(),
            runs: None,
        })
    }

    /// Looks at every repository there is.
    async fn survey(&mut self, want: &Moving) -> Result<Vec<Seen>, DriveError> {
        let seen = self.crew.means.forge.survey(want.watch()).await?;
        let named = seen.iter();
        let named = named.map(|it| (it.repository.name.clone(), it.clone()));
        self.members.take(self.crew, want, named.collect()).await?;
        Ok(seen)
    }

    /// Takes a step; the end, where it is one.
    async fn act(&mut self, step: Step, round: &mut Round) -> Result<Option<End>, DriveError> {
        match step {
            Step::Configure(desire) => self.configure(&desire, round).await?,
            Step::PlanWave(index) => self.plan_wave(index, round).await?,
            Step::Close(requests) => self.close(requests, round).await?,
            Step::Propose(names) => self.propose(&names, round).await,
            Step::Merge(requests) => self.merge(requests, round).await?,
            Step::ReadRuns(index) => self.read_runs(index, round).await?,
            Step::EndWave(index, verdict) => self.end_wave(index, verdict).await?,
            Step::Wait { what, until } => return Ok(Some(End::Waiting { what, until })),
            Step::Stop { reason, is_bad } => {
                self.rollout.state = State::Stopped;
                self.rollout.reason = Some(reason.clone());
                return Ok(Some(End::Stopped { reason, is_bad }));
            }
            Step::Finished => return self.finish().await.map(Some),
        }
        Ok(None)
    }

    async fn finish(&mut self) -> Result<End, DriveError> {
        if self.rollout.state == State::Running {
            self.rollout.state = State::Finished;
        }
        if let (Kind::Rollback, Some(id)) = (self.rollout.kind, self.rollout.undoes.clone())
            && let Some(mut undone) = self.record().rollout(&id).await?
        {
            undone.state = State::RolledBack;
            let back: Vec<&str> = self.rollout.entries().map(|it| it.name.as_str()).collect();
            for entry in undone.waves.iter_mut().flat_map(|it| &mut it.repositories) {
                if back.contains(&entry.name.as_str()) {
                    entry.state = EntryState::RolledBack;
                }
            }
            self.record().save(&[&self.rollout, &undone]).await?;
            self.saved = Some(self.rollout.clone());
        }
        Ok(match (self.rollout.state, &self.rollout.reason) {
            (State::Stopped, reason) => End::Stopped {
                reason: reason.clone().unwrap_or_default(),
                is_bad: false,
            },
            _ => End::Finished,
        })
    }

    async fn configure(&mut self, desire: &Desire, round: &mut Round) -> Result<(), DriveError> {
        match configure(self.crew, &round.fleet, &self.rollout, desire).await? {
            Configured::Done => {
                round.fleet = Configuration::read(self.crew).await?.fleet;
            }
            Configured::Asked(request) => {
                let sentence = asked(&request);
                self.crew.progress.note(&sentence);
                round.fleet_waits = Some(sentence);
            }
        }
        Ok(())
    }

    /// Finds the repositories of a wave; a rollback begins all its waves at once.
    async fn plan_wave(&mut self, index: usize, round: &mut Round) -> Result<(), DriveError> {
        let seen = self.survey(&round.want).await?;
        let last = match self.rollout.kind {
            Kind::Upgrade => index,
            Kind::Rollback => self.rollout.waves.len() - 1,
        };
        for index in index..=last {
            let full_name = self.configuration(&seen);
            let only = &self.options.only;
            let mut names = of_wave(&round.fleet, &seen, &full_name, &self.rollout, index, only);
            if self.rollout.kind == Kind::Rollback {
                names.retain(|name| self.has_bad(name, &round.want));
            }
            let wave = &mut self.rollout.waves[index];
            wave.started_at = Some((self.crew.clock)());
            wave.repositories = names.iter().map(|name| Entry::new(name)).collect();
        }
        if self.rollout.kind == Kind::Rollback {
            let unwanted = self.members.unwanted(self.crew, &round.want, &self.rollout);
            round.unwanted = unwanted.await?;
        }
        let names = names(&self.rollout);
        round.stands = self.members.stands(&names, self.rollout.via);
        self.save().await
    }

    fn configuration(&self, seen: &[Seen]) -> String {
        let name = self.crew.configuration;
        let found = seen
            .iter()
            .find(|it| it.repository.name.eq_ignore_ascii_case(name));
        found.map_or_else(|| name.to_owned(), |it| it.repository.full_name.clone())
    }

    fn has_bad(&self, name: &str, want: &Moving) -> bool {
        let row = self.members.rows.get(name);
        row.is_some_and(|row| want.has_bad(&row.texts))
    }

    async fn close(
        &mut self,
        requests: Vec<(String, Request)>,
        round: &mut Round,
    ) -> Result<(), DriveError> {
        for (name, request) in requests {
            if (self.crew.means.stopped)() {
                return Ok(());
            }
            round
                .unwanted
                .retain(|it| (&it.name, it.request.number) != (&name, request.number));
            let Some(row) = self.members.rows.get(&name) else {
                continue;
            };
            let closed = self.crew.means.forge.close(&row.seen.repository, &request);
            match closed.await {
                Ok(()) => {}
                // The next round looks again.
                Err(error) => self.crew.progress.note(&error.with_hint()),
            }
        }
        Ok(())
    }

    async fn propose(&mut self, names: &[String], round: &mut Round) {
        for name in names {
            let Some(row) = self.members.rows.get(name) else {
                continue;
            };
            let ended = converge(self.crew.means, &round.want, row.clone(), false).await;
            let outcome = ended.outcome;
            self.crew.means.observer.ended(name, &outcome);
            let stands = match outcome {
                Outcome::Open { request, .. } => Stands::Open(request),
                Outcome::Refused(refusal) => Stands::Refused(refusal),
                Outcome::Failed(why) => Stands::Failed(why),
                Outcome::Done | Outcome::Unreached => {
                    Stands::Failed("it changed meanwhile".to_owned())
                }
            };
            round.stands.insert(name.clone(), stands);
        }
    }

    async fn merge(
        &mut self,
        requests: Vec<(String, Request)>,
        round: &mut Round,
    ) -> Result<(), DriveError> {
        let mut merged = Vec::new();
        for (name, mut request) in requests {
            if (self.crew.means.stopped)() {
                return Ok(());
            }
            let row = self.members.rows.get(&name);
            let (Some(row), Some(head)) = (row, request.head.clone()) else {
                let why = "the forge does not tell its commit".to_owned();
                round.waiting.insert(name, why);
                continue;
            };
            let forge = self.crew.means.forge;
            match forge.merge(&row.seen.repository, &request, &head).await {
                Ok(Merging::Merged) => merged.push(name),
                Ok(Merging::Queued | Merging::Automatic) => {
                    request.is_on_its_way = true;
                    round.stands.insert(name, Stands::Open(request));
                }
                Ok(Merging::Waiting(why)) => {
                    round.waiting.insert(name, why);
                }
                Err(error) if error.is_unsure() => merged.push(name),
                Err(error) => {
                    round.waiting.insert(name, error.with_hint());
                }
            }
        }
        self.members.look(self.crew, &round.want, &merged).await?;
        let mut stands = self.members.stands(&merged, self.rollout.via);
        for (name, stands) in &mut stands {
            // A forge may show it a little later than it says so.
            if let Stands::Open(_) = stands {
                round
                    .waiting
                    .insert(name.clone(), "it is being merged".to_owned());
            }
        }
        round.stands.extend(stands);
        Ok(())
    }

    async fn read_runs(&mut self, index: usize, round: &mut Round) -> Result<(), DriveError> {
        let wave = &self.rollout.waves[index];
        let reached = wave.repositories.iter();
        let reached = reached.filter(|it| it.state == EntryState::Merged);
        let mut of = Vec::new();
        for entry in reached {
            let Some(row) = self.members.rows.get(&entry.name) else {
                continue;
            };
            let repository = &row.seen.repository;
            let files = row.seen.files.keys();
            for file in
                files.filter(|it| it.starts_with(".github/") || it.starts_with(".gitlab-ci"))
            {
                of.push((
                    entry.name.clone(),
                    RunsOf {
                        repository: repository.id.clone(),
                        full_name: repository.full_name.clone(),
                        workflow: file.clone(),
                    },
                ));
            }
        }
        let (names, of): (Vec<String>, Vec<RunsOf>) = of.into_iter().unzip();
        let started = wave.started_at.unwrap_or(self.rollout.started_at);
        let since = started.saturating_sub(round.fleet.gates.baseline);
        let since = since.unwrap_or(jiff::Timestamp::MIN);
        let found = self.crew.means.forge.runs(&of, since).await?;
        let mut runs: BTreeMap<String, Vec<Run>> = BTreeMap::new();
        for (name, found) in names.into_iter().zip(found) {
            runs.entry(name).or_default().extend(found);
        }
        round.runs = Some(runs);
        Ok(())
    }

    async fn end_wave(&mut self, index: usize, verdict: Option<Verdict>) -> Result<(), DriveError> {
        let is_rollback = self.rollout.kind == Kind::Rollback;
        let wave = &mut self.rollout.waves[index];
        wave.ended_at = Some((self.crew.clock)());
        for entry in &mut wave.repositories {
            if entry.state == EntryState::Merged && (verdict.is_some() || is_rollback) {
                entry.state = EntryState::Verified;
                entry.commits.clear();
            }
        }
        wave.gate = verdict;
        self.save().await
    }
}

impl Round {
    fn facts(&self, now: jiff::Timestamp) -> Facts<'_> {
        Facts {
            fleet: &self.fleet,
            fleet_waits: self.fleet_waits.as_deref(),
            members: &self.stands,
            unwanted: &self.unwanted,
            waiting: &self.waiting,
            runs: self.runs.as_ref(),
            now,
        }
    }
}

/// The repositories of the waves that have begun, as far as something is expected of them.
fn names(rollout: &Rollout) -> Vec<String> {
    let entries = rollout.entries();
    let open =
        entries.filter(|it| !matches!(it.state, EntryState::Verified | EntryState::RolledBack));
    open.map(|it| it.name.clone()).collect()
}
