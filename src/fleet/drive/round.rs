//! The rounds of a rollout: look, and then step after step until there is nothing to do but wait.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    Configuration, Crew, DriveError, End, Record, RollOptions, Rolled, asked,
    configuration::{Configured, configure},
    members::{Members, names},
    moving::Moving,
    safe::check_unchanged,
};
use crate::{
    config::Fleet,
    fleet::{
        Want, Write,
        rollout::{Desire, Fact, Facts, Kind, Rollout, Stands, State, Step, next_step, observed},
    },
    forge::{CommitOf, Reason, Run, Seen},
};

/// Steps of one round; more would mean that two of them undo each other.
const MAX_STEPS: usize = 1_000;
/// Failures of the forge in a row that are waited for.
const MAX_FAILURES: u32 = 10;
/// How often a record is written that others write meanwhile.
const TRIES: usize = 5;
/// The step between two questions whether to stop.
const TICK: Duration = Duration::from_millis(200);

/// A rollout that is driven.
pub(crate) struct Drive<'a> {
    pub(super) crew: Crew<'a>,
    pub(super) options: &'a RollOptions,
    pub(super) rollout: Rollout,
    /// As it was remembered last.
    pub(super) saved: Option<Rollout>,
    pub(super) members: Members,
    /// Agents whose workflows are looked at besides those of the usual ones.
    pub(super) agents: BTreeSet<String>,
    /// What became of publishing the deny list, once that was tried.
    pub(super) published: Option<Result<(), String>>,
    /// Commits between those that were seen as heads, and whether they have the release.
    pub(super) judged: BTreeMap<CommitOf, bool>,
}

/// What was seen in one round, and came of it.
pub(super) struct Round {
    pub(super) fleet: Fleet,
    fleet_waits: Option<String>,
    pub(super) want: Moving,
    pub(super) stands: BTreeMap<String, Stands>,
    pub(super) unwanted: Vec<Fact>,
    pub(super) waiting: BTreeMap<String, String>,
    pub(super) runs: Option<BTreeMap<String, Vec<Run>>>,
    /// Commits that have the release, beside those that were heads when somebody looked.
    pub(super) also: BTreeMap<String, Vec<String>>,
    /// Runs may be started.
    smoke: bool,
    /// Requests that stayed open were closed a second time.
    pub(super) closed_again: bool,
}

impl<'a> Drive<'a> {
    pub(crate) fn new(crew: Crew<'a>, rollout: Rollout, options: &'a RollOptions) -> Self {
        Self {
            crew,
            options,
            rollout,
            saved: None,
            members: Members::default(),
            agents: BTreeSet::new(),
            published: None,
            judged: BTreeMap::new(),
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
            unpublished: self.published.and_then(Result::err),
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
        let end = Box::pin(self.publish_and_step()).await?;
        // That it stopped is written down together with the way back: whoever finds a rollout that
        // only stopped would begin another one.
        let goes_back =
            self.options.auto_rollback && matches!(end, End::Stopped { is_bad: true, .. });
        if !goes_back {
            self.save().await?;
        }
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
                check_unchanged(&self.rollout, &newest)?;
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

    pub(super) fn record(&self) -> Record<'a> {
        Record::of(self.crew)
    }

    pub(super) async fn save(&mut self) -> Result<(), DriveError> {
        for _ in 0..TRIES {
            if self
                .saved
                .as_ref()
                .is_some_and(|it| it.tells_as(&self.rollout))
            {
                return Ok(());
            }
            let known = self.saved.as_ref();
            let Some(theirs) = self.record().replace(known, &self.rollout).await? else {
                self.saved = Some(self.rollout.clone());
                return Ok(());
            };
            match known {
                Some(known) if theirs.state == State::Running => self.rollout.learn(known, &theirs),
                // It came to its end elsewhere, which is not to be undone.
                _ => self.rollout = theirs.clone(),
            }
            self.saved = Some(theirs);
        }
        let why = format!("{} changes whenever we write to it", self.rollout.id.path());
        Err(DriveError::Record(why))
    }

    pub(super) async fn steps(&mut self, round: &mut Round) -> Result<End, DriveError> {
        for _ in 0..MAX_STEPS {
            if (self.crew.means.stopped)() {
                return Ok(End::Interrupted);
            }
            let step = self.next(round);
            self.crew.progress.at(&self.rollout);
            if let Some(end) = self.act(step, round).await? {
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
            want: Moving::new(self.crew, &fleet, &self.rollout, &self.agents),
            fleet,
            fleet_waits: None,
            stands: BTreeMap::new(),
            unwanted: Vec::new(),
            waiting: BTreeMap::new(),
            runs: None,
            also: BTreeMap::new(),
            smoke: self.options.smoke,
            closed_again: false,
        }
    }

    pub(super) async fn look(&mut self) -> Result<Round, DriveError> {
        let crew = self.crew;
        let mut round = self.round_of(Configuration::read(crew).await?.fleet);
        let names = names(&self.rollout);
        let begun = self.rollout.waves.iter().any(|it| it.started_at.is_some());
        if self.rollout.kind == Kind::Rollback && begun {
            self.survey(&mut round).await?;
            let unwanted = self.members.unwanted(crew, &round.want, &self.rollout);
            round.unwanted = unwanted.await?;
        } else {
            self.members.look(crew, &round.want, &names).await?;
            self.look_beyond(&mut round).await?;
        }
        round.stands = self.members.stands(&names, self.rollout.via);
        Ok(round)
    }

    /// Looks at every repository there is.
    pub(super) async fn survey(&mut self, round: &mut Round) -> Result<Vec<Seen>, DriveError> {
        let seen = self.crew.means.forge.survey(round.want.watch()).await?;
        let named = seen.iter();
        let named = named.map(|it| (it.repository.name.clone(), it.clone()));
        let named = named.collect();
        self.members.take(self.crew, &round.want, named).await?;
        self.look_beyond(round).await?;
        Ok(seen)
    }

    /// Takes a step; the end, where it is one.
    async fn act(&mut self, step: Step, round: &mut Round) -> Result<Option<End>, DriveError> {
        match step {
            Step::Configure(desire) => self.configure(&desire, round).await?,
            Step::PlanWave(index) => self.plan_wave(index, round).await?,
            Step::Close(requests) => self.close(requests, round).await?,
            Step::Propose(names) => self.propose(&names, round).await?,
            Step::Merge(requests) => self.merge(requests, round).await?,
            Step::ReadRuns(index) => self.read_runs(index, round).await?,
            Step::Smoke(names) => self.smoke(&names, round).await?,
            Step::EndWave(index, verdict) => {
                self.tidy(round).await;
                self.end_wave(index, verdict).await?;
                round.runs = None;
            }
            Step::Wait { what, until } => return Ok(Some(End::Waiting { what, until })),
            Step::Stop { reason, is_bad } => {
                self.rollout.state = State::Stopped;
                self.rollout.reason = Some(reason.clone());
                self.rollout.is_bad = is_bad;
                return Ok(Some(End::Stopped { reason, is_bad }));
            }
            Step::Finished => return self.finish(round).await,
        }
        Ok(None)
    }

    async fn configure(&mut self, desire: &Desire, round: &mut Round) -> Result<(), DriveError> {
        let (name, branch) = (self.crew.configuration, self.rollout.id.branch());
        let work = configure(self.crew, &round.fleet, &self.rollout, desire);
        let intent = (name, &*branch, Write::Configure);
        let configured = self.crew.means.written(intent, work).await;
        match configured.map_err(DriveError::Record)?? {
            Configured::Done => {
                round.fleet = Configuration::read(self.crew).await?.fleet;
            }
            Configured::Asked(request) => {
                round.fleet_waits = Some(asked(&request));
            }
        }
        Ok(())
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
            also: &self.also,
            smoke: self.smoke,
            now,
        }
    }
}
