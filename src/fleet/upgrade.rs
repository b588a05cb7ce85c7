//! `upgrade`: a release moves through the fleet, wave by wave.

use super::{
    drive::{
        Configuration, Crew, Drive, DriveError, End, Preview, Record, RollOptions, Rolled,
        is_needless,
    },
    membership,
    rollback::{self, Undo, take_back},
    rollout::{Kind, Rollout, State, Via, Wave},
};
use crate::{
    config::{Fleet, Release},
    forge::{Seen, Watch},
    model::{skew, text::excerpt},
};

/// Brings the release `to` to the fleet, or goes on with that from wherever it came to rest.
///
/// Proves its image before anything is written. Each wave is asked for it, by Renovate through the
/// rings of fleet.yaml or by requests of ours, and its runs have to show that it is good before the
/// next wave moves. Ends where there is nothing to do now, unless it is watched; whatever stopped
/// it, the same call goes on, from any machine. Refuses where another rollout is under way.
pub async fn upgrade(
    crew: Crew<'_>,
    to: &Release,
    options: &RollOptions,
) -> Result<Rolled, DriveError> {
    crew.prover.prove(to).await.map_err(DriveError::Unproven)?;
    let newest = Record::of(crew).newest().await?;
    let running = newest.clone();
    let running = running.filter(|it| it.state == State::Running || is_bad(it, to));
    if let Some(rollback) = &running
        && options.auto_rollback
        && rollback.kind == Kind::Rollback
        && rollback.from == *to
    {
        return go_on_back(crew, rollback, options).await;
    }
    let configuration = Configuration::read(crew).await?;
    check(&configuration.fleet, to)?;
    let rollout = match running {
        Some(running) if running.to == *to && running.kind == Kind::Upgrade => {
            again(crew, running).await?
        }
        Some(running) => return Err(running.into()),
        None => {
            check_only(crew, &configuration.fleet, &options.only).await?;
            let rollout = begin(crew, &configuration.fleet, to, options).await?;
            if let Some(done) = newest.filter(|it| is_done(it, to))
                && is_needless(crew, &rollout, options).await?
            {
                return Ok(Rolled::finished(done));
            }
            Record::of(crew).save(&[&rollout]).await?;
            rollout
        }
    };
    let via = options.via.unwrap_or(rollout.via);
    let drive = Drive::new(crew, Rollout { via, ..rollout }, options);
    let rolled = Box::pin(drive.run()).await?;
    let reason = match &rolled.end {
        End::Stopped {
            reason,
            is_bad: true,
        } if options.auto_rollback => reason.clone(),
        _ => return Ok(rolled),
    };
    undo(crew, rolled.rollout, reason, options).await
}

/// Takes back what has shown to be bad. Whatever goes wrong with that, nobody loses the reason.
async fn undo(
    crew: Crew<'_>,
    bad: Rollout,
    reason: String,
    options: &RollOptions,
) -> Result<Rolled, DriveError> {
    crew.progress
        .note(&format!("{}: stopped: {reason}", bad.id));
    let undo = Undo {
        from: bad.to.clone(),
        to: bad.from.clone(),
        undone: Some(bad.clone()),
        reason: reason.clone(),
        // Nobody waits for Renovate then.
        via: Via::Direct,
    };
    match take_back(crew, undo, options).await {
        Ok(rollback) => Ok(Rolled {
            rollout: bad,
            end: End::RolledBack {
                reason,
                rollback: Box::new(rollback),
            },
            unpublished: None,
        }),
        Err(error) => Err(DriveError::NotTakenBack {
            reason,
            error: Box::new(error),
        }),
    }
}

/// What [`upgrade`] would do, were it to begin now: nothing is proven, and nothing is written.
pub async fn preview_upgrade(
    crew: Crew<'_>,
    to: &Release,
    options: &RollOptions,
) -> Result<Preview, DriveError> {
    let fleet = Configuration::read(crew).await?.fleet;
    check(&fleet, to)?;
    check_only(crew, &fleet, &options.only).await?;
    let rollout = begin(crew, &fleet, to, options).await?;
    let via = options.via.unwrap_or(rollout.via);
    let drive = Drive::new(crew, Rollout { via, ..rollout }, options);
    Box::pin(drive.preview()).await
}

/// Goes on with taking back what an earlier call began to take back.
async fn go_on_back(
    crew: Crew<'_>,
    rollback: &Rollout,
    options: &RollOptions,
) -> Result<Rolled, DriveError> {
    let back = Box::pin(rollback::go_on(crew, rollback, options)).await?;
    let undone = match &back.rollout.undoes {
        Some(id) => Record::of(crew).rollout(id).await?,
        None => None,
    };
    Ok(Rolled {
        rollout: undone.unwrap_or_else(|| back.rollout.clone()),
        end: End::RolledBack {
            reason: rollback.reason.clone().unwrap_or_default(),
            rollback: Box::new(back),
        },
        unpublished: None,
    })
}

/// Whether `rollout` stopped since the release is bad.
fn is_bad(rollout: &Rollout, to: &Release) -> bool {
    (rollout.kind, rollout.state) == (Kind::Upgrade, State::Stopped)
        && rollout.is_bad
        && rollout.to == *to
}

/// Goes on where it stopped, with all that was seen of the release: another rollout would know
/// nothing of that, and bring it to more repositories.
async fn again(crew: Crew<'_>, stopped: Rollout) -> Result<Rollout, DriveError> {
    if stopped.state == State::Running {
        return Ok(stopped);
    }
    let rollout = Rollout {
        state: State::Running,
        reason: None,
        is_bad: false,
        ..stopped
    };
    Record::of(crew).save(&[&rollout]).await?;
    Ok(rollout)
}

/// Whether `rollout` brought the release to its end.
fn is_done(rollout: &Rollout, to: &Release) -> bool {
    (rollout.kind, rollout.state) == (Kind::Upgrade, State::Finished) && rollout.to == *to
}

/// Refuses what may not be gone to.
fn check(fleet: &Fleet, to: &Release) -> Result<(), DriveError> {
    let refuse = |reason: String, hint: &str| DriveError::Target {
        reason,
        hint: hint.to_owned(),
    };
    if let Some(denied) = fleet.denial(to) {
        let reason = format!("{} is denied: {}", to.version(), denied.reason);
        return Err(refuse(reason, "upgrade to another version"));
    }
    if let Err(skew) = skew::action_and_image(&to.action.version, to.version()) {
        return Err(refuse(skew.to_string(), &skew.hint()));
    }
    if to.version() < fleet.release.version() {
        let reason = format!("{} is older than {}", to.version(), fleet.release.version());
        return Err(refuse(reason, "`fullsend rollback` goes back"));
    }
    let known = fleet.releases().find(|it| it.version() == to.version());
    match known {
        Some(known) if known != to => {
            let reason = format!(
                "fleet.yaml has another action or digest for {}",
                to.version()
            );
            Err(refuse(
                reason,
                "mend it there, or upgrade to another version",
            ))
        }
        _ => Ok(()),
    }
}

/// Refuses names that no repository of the fleet has: nobody would notice that nothing moves.
async fn check_only(crew: Crew<'_>, fleet: &Fleet, only: &[String]) -> Result<(), DriveError> {
    if only.is_empty() {
        return Ok(());
    }
    let found = crew.means.forge.look(only, &Watch::default()).await?;
    let found: Vec<Seen> = found.into_iter().flatten().collect();
    let members = membership(fleet, &found, None).members;
    let is_member = |name: &&String| {
        let mut members = members.iter();
        members.any(|it| it.seen.repository.name.eq_ignore_ascii_case(name))
    };
    match only.iter().find(|name| !is_member(name)) {
        None => Ok(()),
        Some(name) => Err(DriveError::Target {
            reason: format!("no repository of the fleet is called `{}`", excerpt(name)),
            hint: "check the names after `--only`, and whether the token may see them".to_owned(),
        }),
    }
}

/// A rollout that begins now.
async fn begin(
    crew: Crew<'_>,
    fleet: &Fleet,
    to: &Release,
    options: &RollOptions,
) -> Result<Rollout, DriveError> {
    let now = (crew.clock)();
    let record = Record::of(crew);
    let id = record.free(Kind::Upgrade, to.version(), now).await?;
    let mut rollout = Rollout::begin(id, Kind::Upgrade, leaves(fleet, to), to.clone(), now);
    rollout.base = fleet.release.clone();
    rollout.by.clone_from(&crew.means.identity.login);
    rollout.via = if options.only.is_empty() {
        Via::Renovate
    } else {
        Via::Direct
    };
    let rings = fleet.rings.iter();
    rollout.waves = rings
        .flat_map(|ring| {
            let shares = shares(options).into_iter();
            shares.map(|share| Wave::new(&ring.name, share))
        })
        .collect();
    Ok(rollout)
}

/// The release that is left: what the last ring stands on that does not follow yet.
fn leaves(fleet: &Fleet, to: &Release) -> Release {
    let mut rings = fleet.rings.iter().rev();
    let behind = rings.find(|ring| ring.release != *to);
    let mut releases = fleet.releases().filter(|it| it.version() < to.version());
    let good = releases.find(|it| fleet.denial(it).is_none());
    behind
        .map_or(good.unwrap_or(&fleet.release), |ring| &ring.release)
        .clone()
}

/// The parts of a ring, the last all of it; of named repositories none is all of it.
fn shares(options: &RollOptions) -> Vec<u32> {
    if !options.only.is_empty() {
        return vec![0];
    }
    let mut shares: Vec<u32> = options
        .shares
        .iter()
        .copied()
        .filter(|it| *it < 100)
        .collect();
    shares.push(100);
    shares.sort_unstable();
    shares.dedup();
    shares
}
