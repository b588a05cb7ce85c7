//! The rounds of a rollout: look, and then step after step until there is nothing to do but wait.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    Configuration, Crew, DriveError, End, Record, RollOptions, Rolled, asked,
    configuration::{Configured, configure},
    members::{Members, names, of_wave},
    moving::Moving,
};
use crate::{
    config::Fleet,
    fleet::{
        self, Outcome, Plan, Want, apply,
        rollout::{
            Desire, Entry, EntryState, Fact, Facts, Kind, Rollout, Stands, State, Step, Verdict,
            next_step, observed,
        },
    },
    forge::{Merging, Reason, Request, Run, RunsOf, Seen},
};

/// Steps of one round; more would mean that two of them undo each other.
const MAX_STEPS: usize = 1_000;
/// Failures of the forge in a row that are waited for.
const MAX_FAILURES: u32 = 10;
/// The step between two questions whether to stop.
const TICK: Duration = Duration::from_millis(200);

/// A rollout that is driven.
pub(crate) struct Drive<'a> {
    pub(super) crew: Crew<'a>,
    options: &'a RollOptions,
    pub(super) rollout: Rollout,
    /// As it was remembered last.
    saved: Option<Rollout>,
    pub(super) members: Members,
}

/// What was seen in one round, and came of it.
pub(super) struct Round {
    pub(super) fleet: Fleet,
    fleet_waits: Option<String>,
    pub(super) want: Moving,
    stands: BTreeMap<String, Stands>,
    unwanted: Vec<Fact>,
    waiting: BTreeMap<String, String>,
    runs: Option<BTreeMap<String, Vec<Run>>>,
    /// Requests that stayed open were closed a second time.
    closed_again: bool,
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
        let mut failures = 0;
        let end = loop {
            let end = match self.round_and_save().await {
                Err(error) if failures < MAX_FAILURES && self.passes(&error) => {
                    failures += 1;
                    let what = error.to_string();
                    End::Waiting { what, until: None }
                }
                end => {
                    failures = 0;
                    end?
                }
            };
            let (End::Waiting { what, .. }, Some(pause)) = (&end, self.crew.watch) else {
                break end;
            };
            self.crew.progress.waiting(what);
            if self.pause(pause).await {
                break End::Interrupted;
            }
        };
        Ok(Rolled {
            rollout: self.rollout,
            end,
        })
    }

    /// Whether an error is one of those that pass while a rollout is watched.
    fn passes(&self, error: &DriveError) -> bool {
        let DriveError::Forge(error) = error else {
            return false;
        };
        let passing = matches!(
            error.reason(),
            Reason::Unsure(_)
                | Reason::Moved
                | Reason::Unreachable(_)
                | Reason::Deadline(_)
                | Reason::Server(_)
                | Reason::RateLimited { .. }
        );
        passing && self.crew.watch.is_some()
    }

    async fn round_and_save(&mut self) -> Result<End, DriveError> {
        // What this call did not begin, others may have gone on with.
        if let Some(end) = self.refresh().await? {
            return Ok(end);
        }
        let end = self.round().await?;
        self.save().await?;
        Ok(end)
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
                self.saved = Some(newest.clone());
                let via = self.rollout.via;
                self.rollout = Rollout { via, ..newest };
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
            let step = self.next(&round);
            self.crew.progress.at(&self.rollout);
            if let Some(end) = self.act(step, &mut round).await? {
                return Ok(end);
            }
        }
        Err(DriveError::Configuration(
            "it came to no rest: please report this".to_owned(),
        ))
    }

    /// What is next, and how the rollout stands before that.
    pub(super) fn next(&mut self, round: &Round) -> Step {
        let facts = round.facts((self.crew.clock)());
        self.rollout = observed(&self.rollout, &facts);
        next_step(&self.rollout, &facts)
    }

    /// A round in which nothing but fleet.yaml was looked at.
    pub(super) fn round_of(&self, fleet: Fleet) -> Round {
        Round {
            want: Moving::new(self.crew, &fleet, &self.rollout),
            fleet,
            fleet_waits: None,
            stands: BTreeMap::new(),
            unwanted: Vec::new(),
            waiting: BTreeMap::new(),
            runs: None,
            closed_again: false,
        }
    }

    async fn look(&mut self) -> Result<Round, DriveError> {
        let crew = self.crew;
        let mut round = self.round_of(Configuration::read(crew).await?.fleet);
        let want = &round.want;
        let names = names(&self.rollout);
        let begun = self.rollout.waves.iter().any(|it| it.started_at.is_some());
        if self.rollout.kind == Kind::Rollback && begun {
            self.survey(want).await?;
            round.unwanted = self.members.unwanted(crew, want, &self.rollout).await?;
        } else {
            self.members.look(crew, want, &names).await?;
        }
        round.stands = self.members.stands(&names, self.rollout.via);
        Ok(round)
    }

    /// Looks at every repository there is.
    pub(super) async fn survey(&mut self, want: &Moving) -> Result<Vec<Seen>, DriveError> {
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
            Step::EndWave(index, verdict) => {
                self.tidy(round).await;
                self.end_wave(index, verdict).await?;
                round.runs = None;
            }
            Step::Wait { what, until } => return Ok(Some(End::Waiting { what, until })),
            Step::Stop { reason, is_bad } => {
                self.rollout.state = State::Stopped;
                self.rollout.reason = Some(reason.clone());
                return Ok(Some(End::Stopped { reason, is_bad }));
            }
            Step::Finished => return self.finish(round).await,
        }
        Ok(None)
    }

    /// Ends the rollout, or finds that something is left of what it takes back.
    async fn finish(&mut self, round: &mut Round) -> Result<Option<End>, DriveError> {
        if let (State::Stopped, reason) = (self.rollout.state, &self.rollout.reason) {
            let reason = reason.clone().unwrap_or_default();
            let is_bad = false;
            return Ok(Some(End::Stopped { reason, is_bad }));
        }
        self.tidy(round).await;
        if (self.rollout.kind, self.rollout.state) == (Kind::Rollback, State::Running) {
            if let Some(left) = self.left(round).await? {
                return Ok(left);
            }
            self.undone().await?;
        }
        if self.rollout.state == State::Running {
            self.rollout.state = State::Finished;
        }
        Ok(Some(End::Finished))
    }

    /// What is still there of what is taken back: looked for once more, as requests may have been
    /// merged meanwhile.
    async fn left(&mut self, round: &mut Round) -> Result<Option<Option<End>>, DriveError> {
        let seen = self.survey(&round.want).await?;
        let unwanted = self.members.unwanted(self.crew, &round.want, &self.rollout);
        round.unwanted = unwanted.await?;
        if self.add_bad(round, &seen) {
            return Ok(Some(None));
        }
        let Some(first) = round.unwanted.first() else {
            return Ok(None);
        };
        if !round.closed_again {
            round.closed_again = true;
            return Ok(Some(None));
        }
        let what = format!(
            "requests for what is taken back cannot be closed, the first is {}",
            first.request.url
        );
        Ok(Some(Some(End::Waiting { what, until: None })))
    }

    /// Remembers that the rollout that brought the release was taken back.
    async fn undone(&mut self) -> Result<(), DriveError> {
        for entry in self
            .rollout
            .waves
            .iter_mut()
            .flat_map(|it| &mut it.repositories)
        {
            if entry.state == EntryState::Merged {
                entry.state = EntryState::Verified;
                entry.commits.clear();
            }
        }
        let Some(id) = self.rollout.undoes.clone() else {
            return Ok(());
        };
        let Some(mut undone) = self.record().rollout(&id).await? else {
            return Ok(());
        };
        undone.state = State::RolledBack;
        let back = self.rollout.entries();
        let back = back.filter(|it| it.state == EntryState::Verified);
        let back: BTreeSet<&str> = back.map(|it| it.name.as_str()).collect();
        for entry in undone.waves.iter_mut().flat_map(|it| &mut it.repositories) {
            if back.contains(entry.name.as_str()) {
                entry.state = EntryState::RolledBack;
            }
        }
        let mut done = self.rollout.clone();
        done.state = State::Finished;
        self.record().save(&[&done, &undone]).await?;
        self.saved = Some(done);
        Ok(())
    }

    async fn configure(&mut self, desire: &Desire, round: &mut Round) -> Result<(), DriveError> {
        match configure(self.crew, &round.fleet, &self.rollout, desire).await? {
            Configured::Done => {
                round.fleet = Configuration::read(self.crew).await?.fleet;
            }
            Configured::Asked(request) => {
                round.fleet_waits = Some(asked(&request));
            }
        }
        Ok(())
    }

    /// Finds the repositories of a wave; a rollback begins all its waves at once.
    async fn plan_wave(&mut self, index: usize, round: &mut Round) -> Result<(), DriveError> {
        let seen = self.survey(&round.want).await?;
        let now = Some((self.crew.clock)());
        if self.rollout.kind == Kind::Rollback {
            for wave in &mut self.rollout.waves {
                wave.started_at = now;
            }
            self.add_bad(round, &seen);
            let unwanted = self.members.unwanted(self.crew, &round.want, &self.rollout);
            round.unwanted = unwanted.await?;
        } else {
            let names = self.of_wave(index, round, &seen);
            let wave = &mut self.rollout.waves[index];
            wave.started_at = now;
            wave.repositories = names.iter().map(|name| Entry::new(name)).collect();
        }
        let names = names(&self.rollout);
        round.stands = self.members.stands(&names, self.rollout.via);
        self.save().await
    }

    /// Finds the repositories of all waves, and begins the first.
    pub(super) fn plan_all(&mut self, round: &mut Round, seen: &[Seen]) {
        if self.rollout.kind == Kind::Rollback {
            self.add_bad(round, seen);
        } else {
            for index in 0..self.rollout.waves.len() {
                let names = self.of_wave(index, round, seen);
                let entries = names.iter().map(|name| Entry::new(name));
                self.rollout.waves[index].repositories = entries.collect();
            }
        }
        let now = (self.crew.clock)();
        if let Some(first) = self.rollout.waves.first_mut() {
            first.started_at = Some(now);
        }
        let names = names(&self.rollout);
        round.stands = self.members.stands(&names, self.rollout.via);
    }

    /// Adds the repositories that have what is taken back to their waves; whether there are any.
    fn add_bad(&mut self, round: &mut Round, seen: &[Seen]) -> bool {
        let mut found = Vec::new();
        for index in 0..self.rollout.waves.len() {
            let mut names = self.of_wave(index, round, seen);
            names.retain(|name| {
                let row = self.members.rows.get(name);
                row.is_some_and(|row| round.want.has_bad(&row.texts))
            });
            let more = names.iter().map(|name| Entry::new(name));
            self.rollout.waves[index].repositories.extend(more);
            found.extend(names);
        }
        let stands = self.members.stands(&found, self.rollout.via);
        round.stands.extend(stands);
        !found.is_empty()
    }

    fn of_wave(&self, index: usize, round: &Round, seen: &[Seen]) -> Vec<String> {
        let configuration = self.configuration(seen);
        let only = &self.options.only;
        of_wave(
            &round.fleet,
            seen,
            &configuration,
            &self.rollout,
            index,
            only,
        )
    }

    fn configuration(&self, seen: &[Seen]) -> String {
        let name = self.crew.configuration;
        let found = seen
            .iter()
            .find(|it| it.repository.name.eq_ignore_ascii_case(name));
        found.map_or_else(|| name.to_owned(), |it| it.repository.full_name.clone())
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
        let rows = names.iter();
        let rows = rows.filter_map(|name| self.members.rows.get(name).cloned());
        let plan = Plan {
            rows: rows.collect(),
        };
        let failed = |why: &str| Stands::Failed(why.to_owned());
        for name in names {
            let stands = failed("it is no longer there");
            round.stands.insert(name.clone(), stands);
        }
        for ended in apply(self.crew.means, &round.want, plan, false).await {
            let stands = match ended.outcome {
                Outcome::Open { request, .. } => Stands::Open(request),
                Outcome::Refused(refusal) => Stands::Refused(refusal),
                Outcome::Failed(why) => Stands::Failed(why),
                Outcome::Done | Outcome::Unreached => failed("it changed meanwhile"),
            };
            round.stands.insert(ended.seen.repository.name, stands);
        }
    }

    /// Removes what is left of requests that were merged.
    async fn tidy(&mut self, round: &Round) {
        let rows = self.members.rows.values();
        let left = rows.filter(|row| {
            let is_there = row.ask.as_ref().is_ok_and(|ask| ask.changes.is_empty());
            is_there && matches!(row.step, fleet::Step::Do(_))
        });
        let plan = Plan {
            rows: left.cloned().collect(),
        };
        for ended in apply(self.crew.means, &round.want, plan, false).await {
            if let Some(row) = self.members.rows.get_mut(&ended.seen.repository.name) {
                row.step = fleet::Step::Rest(ended.outcome);
            }
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
