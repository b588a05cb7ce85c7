//! What to do next. Pure: it looks at what is there, so that it does not matter who did what before.

use jiff::{SignedDuration, Timestamp};

use super::{
    Entry, EntryState, Facts, Kind, Rollout, Stands, State, Verdict, Via, Wave,
    observe::{Judged, judged},
    smoke,
};
use crate::{config::Ring, forge::Request};

/// How long Renovate may take for a request before that is said.
const RENOVATE_PATIENCE: SignedDuration = SignedDuration::from_hours(6);
/// Repositories that a sentence names.
const NAMED: usize = 5;

/// One thing to do, after which things are looked at again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// fleet.yaml and what follows from it have to say this.
    Configure(Desire),
    /// The wave begins: its repositories are to be found.
    PlanWave(usize),
    /// These open requests go, as they bring what is taken back.
    Close(Vec<(String, Request)>),
    /// These repositories are asked by requests of ours.
    Propose(Vec<String>),
    /// These requests are to be merged.
    Merge(Vec<(String, Request)>),
    /// The runs of the wave's repositories are needed.
    ReadRuns(usize),
    /// A run is to be started in each of these repositories.
    Smoke(Vec<String>),
    /// The wave is through, by this verdict where a gate was asked.
    EndWave(usize, Option<Verdict>),
    /// Nothing can be done now.
    Wait {
        /// What has to happen, as a sentence without its full stop.
        what: String,
        /// When something else would be done or said; nothing where only others can go on.
        until: Option<Timestamp>,
    },
    /// It does not go on.
    Stop {
        /// Why, as a sentence without its full stop.
        reason: String,
        /// The release has shown that it is bad: it should be taken back.
        is_bad: bool,
    },
    /// It is through.
    Finished,
}

/// What fleet.yaml has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Desire {
    /// The release is to be reached; these rings do not follow yet.
    Reach {
        /// Names of rings.
        staying: Vec<String>,
    },
    /// These rings follow.
    Advance {
        /// Names of rings.
        rings: Vec<String>,
    },
    /// The release is denied, and these rings go back.
    Retreat {
        /// Names of rings.
        rings: Vec<String>,
    },
}

/// What to do next about `rollout`, which is as the facts have it.
pub fn next_step(rollout: &Rollout, facts: &Facts<'_>) -> Step {
    if rollout.state != State::Running {
        return Step::Finished;
    }
    let before = match rollout.kind {
        Kind::Upgrade => before_upgrade(rollout, facts),
        Kind::Rollback => before_rollback(rollout, facts),
    };
    if let Some(step) = before {
        return step;
    }
    let Some(index) = rollout.current() else {
        return after_waves(rollout, facts);
    };
    let wave = &rollout.waves[index];
    if wave.started_at.is_none() {
        return Step::PlanWave(index);
    }
    if let Some(step) = requests(rollout, facts) {
        return step;
    }
    match rollout.kind {
        Kind::Upgrade => in_upgrade(rollout, index, facts),
        Kind::Rollback => Step::EndWave(index, None),
    }
}

/// What has to be so before the waves of an upgrade go on.
fn before_upgrade(rollout: &Rollout, facts: &Facts<'_>) -> Option<Step> {
    let (fleet, to) = (facts.fleet, &rollout.to);
    let stop = |reason| {
        Some(Step::Stop {
            reason,
            is_bad: false,
        })
    };
    if let Some(denied) = fleet.denial(to) {
        return stop(format!("{} is denied: {}", to.version(), denied.reason));
    }
    let follows = following(rollout);
    if follows.is_empty() && !rollout.waves.iter().any(|it| it.started_at.is_some()) {
        return None;
    }
    let has_to_follow = |ring: &&Ring| follows.contains(&ring.name.as_str());
    let names = |rings: Vec<&Ring>| rings.into_iter().map(|it| it.name.clone()).collect();
    let desire = if fleet.release == *to {
        let rings = fleet.rings.iter().filter(has_to_follow);
        let rings: Vec<&Ring> = rings.filter(|it| it.release != *to).collect();
        if rings.is_empty() {
            return None;
        }
        Desire::Advance {
            rings: names(rings),
        }
    } else if fleet.release == rollout.base {
        let rings = fleet.rings.iter();
        Desire::Reach {
            staying: names(rings.filter(|it| !has_to_follow(it)).collect()),
        }
    } else {
        let now = fleet.release.version();
        return stop(format!("fleet.yaml was set to {now} by somebody meanwhile"));
    };
    Some(configure(desire, facts))
}

/// The rings that have begun to move as a whole.
fn following(rollout: &Rollout) -> Vec<&str> {
    let begun = rollout.waves.iter().filter(|it| it.started_at.is_some());
    begun
        .filter(|wave| wave.share == 100)
        .map(|wave| wave.ring.as_str())
        .collect()
}

fn configure(desire: Desire, facts: &Facts<'_>) -> Step {
    match facts.fleet_waits {
        None => Step::Configure(desire),
        Some(why) => Step::Wait {
            what: why.to_owned(),
            until: None,
        },
    }
}

/// What stops the bleeding: no repository is offered the release any more.
fn before_rollback(rollout: &Rollout, facts: &Facts<'_>) -> Option<Step> {
    let (fleet, from) = (facts.fleet, &rollout.from);
    let on_it = |ring: &&Ring| ring.release.version() == from.version();
    let rings: Vec<String> = fleet
        .rings
        .iter()
        .filter(on_it)
        .map(|it| it.name.clone())
        .collect();
    let is_wanted = !rings.is_empty() || fleet.denial(from).is_none();
    // Where somebody has to merge it first, what can be done is done meanwhile.
    if is_wanted && facts.fleet_waits.is_none() {
        return Some(Step::Configure(Desire::Retreat { rings }));
    }
    let close = facts.unwanted.iter();
    let close: Vec<_> = close
        .map(|it| (it.name.clone(), it.request.clone()))
        .collect();
    (!close.is_empty()).then_some(Step::Close(close))
}

/// Requests that are to be made or merged, in all waves that have begun.
fn requests(rollout: &Rollout, facts: &Facts<'_>) -> Option<Step> {
    let mut propose = Vec::new();
    let mut merge = Vec::new();
    for entry in rollout.entries() {
        match facts.members.get(&entry.name) {
            Some(Stands::Ready { .. }) if is_ours_to_ask(rollout, entry) => {
                propose.push(entry.name.clone());
            }
            Some(Stands::Open(request))
                if entry.state == EntryState::PrOpen
                    && !request.is_on_its_way
                    && !facts.waiting.contains_key(&entry.name) =>
            {
                merge.push((entry.name.clone(), request.clone()));
            }
            _ => {}
        }
    }
    if !propose.is_empty() {
        return Some(Step::Propose(propose));
    }
    (!merge.is_empty()).then_some(Step::Merge(merge))
}

fn is_ours_to_ask(rollout: &Rollout, entry: &Entry) -> bool {
    let is_open = matches!(entry.state, EntryState::Planned | EntryState::Committed);
    is_open && rollout.via == Via::Direct
}

fn in_upgrade(rollout: &Rollout, index: usize, facts: &Facts<'_>) -> Step {
    let wave = &rollout.waves[index];
    let settled = wave.repositories.iter().all(|it| it.state.is_settled());
    let has_reached = |it: &Entry| it.state == EntryState::Merged;
    if !wave.repositories.iter().any(has_reached) {
        return if settled {
            nothing_moved(rollout, index)
        } else {
            wait(rollout, Some(wave), wave.repositories.iter(), facts)
        };
    }
    let Some(Judged { reached, verdict }) = judged(wave, facts) else {
        return Step::ReadRuns(index);
    };
    match verdict {
        Verdict::Stop { reason, .. } => Step::Stop {
            reason: format!("the wave `{}` shows that it is bad: {reason}", wave.ring),
            is_bad: true,
        },
        _ if !settled => wait(rollout, Some(wave), wave.repositories.iter(), facts),
        verdict @ Verdict::Pass { .. } => Step::EndWave(index, Some(verdict)),
        Verdict::Inconclusive { reason, evidence } => {
            let silent = if facts.smoke {
                smoke::wanted(&facts.fleet.gates, &reached, &evidence, facts.now)
            } else {
                Vec::new()
            };
            if silent.is_empty() {
                wait_for_runs(wave, facts, &reason)
            } else {
                Step::Smoke(silent)
            }
        }
    }
}

/// Waits until more has run.
fn wait_for_runs(wave: &Wave, facts: &Facts<'_>, missing: &str) -> Step {
    let (started, until) = smoke::told(wave);
    let hint = if facts.smoke || !started.is_empty() {
        "; wait for more to run"
    } else {
        "; wait, or start the workflow there by hand or by `--smoke`"
    };
    Step::Wait {
        what: format!("{missing}{started}{hint}"),
        until: until.filter(|_| facts.smoke),
    }
}

/// A wave of which no repository moved shows nothing, and is no proof for the next.
fn nothing_moved(rollout: &Rollout, index: usize) -> Step {
    let wave = &rollout.waves[index];
    let is_last = index + 1 == rollout.waves.len();
    if wave.repositories.is_empty() || is_last {
        return Step::EndWave(index, None);
    }
    Step::Stop {
        reason: format!(
            "no repository of the wave `{}` could move, so that nothing shows whether it is good",
            wave.ring
        ),
        is_bad: false,
    }
}

/// Waits for the requests of those of `entries` that have not come to an end; asked for them was
/// when `wave` began.
fn wait<'e>(
    rollout: &Rollout,
    wave: Option<&Wave>,
    entries: impl Iterator<Item = &'e Entry>,
    facts: &Facts<'_>,
) -> Step {
    let open: Vec<&Entry> = entries.filter(|it| !it.state.is_settled()).collect();
    let asked = open.iter().copied();
    let asked: Vec<&Entry> = asked.filter(|it| it.state == EntryState::PrOpen).collect();
    if !asked.is_empty() {
        let what = format!(
            "{} to be merged: {}",
            count(&asked, "request has", "requests have"),
            named(&asked)
        );
        return Step::Wait { what, until: None };
    }
    if rollout.via == Via::Direct {
        let what = format!(
            "{} not ready: {}",
            count(&open, "repository is", "repositories are"),
            named(&open)
        );
        return Step::Wait { what, until: None };
    }
    let began = wave.and_then(|it| it.started_at);
    let since = began.unwrap_or(facts.now);
    let until = since
        .saturating_add(RENOVATE_PATIENCE)
        .unwrap_or(Timestamp::MAX);
    let asks = count(&open, "repository has", "repositories have");
    let names = named(&open);
    let what = if facts.now < until {
        format!("{asks} no request of Renovate yet: {names}")
    } else {
        format!(
            "{asks} no request of Renovate after {} hours: {names}; `--via direct` makes them",
            RENOVATE_PATIENCE.as_hours()
        )
    };
    Step::Wait {
        what,
        until: (facts.now < until).then_some(until),
    }
}

/// What is left when all waves are through; those of a rollback do not wait for each other.
fn after_waves(rollout: &Rollout, facts: &Facts<'_>) -> Step {
    if let Some(step) = requests(rollout, facts) {
        return step;
    }
    if rollout.entries().any(|it| !it.state.is_settled()) {
        return wait(rollout, rollout.waves.first(), rollout.entries(), facts);
    }
    match facts.fleet_waits {
        None => Step::Finished,
        Some(why) => Step::Wait {
            what: why.to_owned(),
            until: None,
        },
    }
}

fn count(of: &[&Entry], one: &str, more: &str) -> String {
    match of.len() {
        1 => format!("1 {one}"),
        number => format!("{number} {more}"),
    }
}

/// The first names, with the reasons that are known.
fn named(entries: &[&Entry]) -> String {
    let shown = entries.iter().take(NAMED).map(|entry| match &entry.reason {
        Some(reason) => format!("{} ({reason})", entry.name),
        None => entry.name.clone(),
    });
    let shown: Vec<String> = shown.collect();
    match entries.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
