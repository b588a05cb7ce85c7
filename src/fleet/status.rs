//! How the whole fleet stands: looks at all of it, reads what is left to read, and judges.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    LeftOut, Member, Membership, State,
    drive::{DriveError, newest_in_short},
    membership,
    standing::{Judge, runs_of, watch},
};
use crate::{
    config::{Fleet, FleetForge},
    forge::{Ended, Forge, ForgeError, Run, RunsOf, SandboxEnd, Seen},
    report::fleet::{FleetReport, LeftOutRow, RepositoryRow, RolloutRow, RunsRow},
};

/// Texts and repositories' runs that are asked for at once, so that progress can be told.
const AT_ONCE: usize = 500;

/// What is asked about a fleet.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// fleet.yaml.
    pub fleet: &'a Fleet,
    /// The full name of the repository that holds it, where that is known.
    pub configuration: Option<&'a str>,
    /// The names of the repositories that are meant, below the owner or group or with it; none at
    /// all stands for every one.
    pub only: &'a [String],
    /// Whether to look at the runs, too.
    pub runs: bool,
    /// The time.
    pub now: Timestamp,
}

/// What of the work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The repositories are looked at.
    Looking,
    /// So many files of so many are read.
    Reading(usize, usize),
    /// The runs of so many repositories of so many are known.
    Running(usize, usize),
    /// What is remembered of rollouts cannot be read.
    NoRollout,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// The forge gave none.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// Repositories were asked about that are not there, or may not be seen.
    #[error("there is no such repository: {}", .0.join(", "))]
    Unknown(Vec<String>),
}

/// How the fleet stands.
pub async fn status(
    forge: &dyn Forge,
    question: &Question<'_>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<FleetReport, StatusError> {
    progress(Progress::Looking);
    let seen = look(forge, question).await?;
    let Question {
        fleet,
        configuration,
        ..
    } = *question;
    let membership = membership(fleet, &seen, configuration);
    let Membership { members, .. } = &membership;
    let mut judge = Judge::new(fleet, configuration, day(question.now));
    read(forge, &mut judge, members, progress).await?;
    let mut rows: Vec<_> = members.iter().map(|member| judge.row(member)).collect();
    if question.runs {
        runs(forge, question, members, &mut rows, progress).await?;
    }
    let mut report = FleetReport::new(rows);
    if let Some(rollout) = rollout(forge, question, progress).await? {
        report = report.about(rollout);
    }
    report.left_out = membership.left_out.iter().map(left_out).collect();
    if question.only.is_empty() {
        let unknown = membership.unknown.iter();
        report.unknown = unknown.map(|name| (*name).to_owned()).collect();
    }
    Ok(report)
}

/// The rollout that is under way or ended before its end, as the fleet remembers it.
async fn rollout(
    forge: &dyn Forge,
    question: &Question<'_>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Option<RolloutRow>, ForgeError> {
    let Some(configuration) = question.configuration else {
        return Ok(None);
    };
    let repository = below(&question.fleet.forge, configuration);
    let newest = newest_in_short(State { forge, repository }).await;
    match newest {
        Ok(newest) => {
            let open = newest.filter(|(_, it)| it.is_unfinished());
            Ok(open.map(|(id, headline)| headline.row(&id)))
        }
        Err(DriveError::Forge(error)) => Err(error),
        Err(_) => {
            progress(Progress::NoRollout);
            Ok(None)
        }
    }
}

fn day(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

fn left_out(left_out: &LeftOut<'_>) -> LeftOutRow {
    LeftOutRow {
        name: left_out.seen.repository.name.clone(),
        reason: left_out.reason.to_owned(),
    }
}

/// All repositories, or those that are meant: a ring's share is the same without the others.
async fn look(forge: &dyn Forge, question: &Question<'_>) -> Result<Vec<Seen>, StatusError> {
    let watch = watch(&question.fleet.forge);
    if question.only.is_empty() {
        return Ok(forge.survey(&watch).await?);
    }
    let names = question.only.iter();
    let names: Vec<String> = names
        .map(|name| below(&question.fleet.forge, name).to_owned())
        .collect();
    let seen = forge.look(&names, &watch).await?;
    let unknown = names.into_iter().zip(&seen);
    let unknown: Vec<String> = unknown
        .filter_map(|(name, seen)| seen.is_none().then_some(name))
        .collect();
    if unknown.is_empty() {
        Ok(seen.into_iter().flatten().collect())
    } else {
        Err(StatusError::Unknown(unknown))
    }
}

/// `name` below the owner or group, however it was written.
fn below<'n>(forge: &FleetForge, name: &'n str) -> &'n str {
    let (FleetForge::GitHub { owner, .. } | FleetForge::GitLab { group: owner, .. }) = forge;
    let rest = name.get(owner.len()..).and_then(|it| it.strip_prefix('/'));
    let is_below = name
        .get(..owner.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(owner));
    rest.filter(|_| is_below).unwrap_or(name)
}

/// Fetches what the judge does not know.
async fn read(
    forge: &dyn Forge,
    judge: &mut Judge<'_>,
    members: &[Member<'_>],
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<(), ForgeError> {
    let wanted = judge.needs(members);
    let all = wanted.len();
    for (number, wanted) in wanted.chunks(AT_ONCE).enumerate() {
        progress(Progress::Reading(number * AT_ONCE, all));
        let texts = forge.texts(wanted).await?;
        judge.learn(wanted.iter().cloned().zip(texts));
    }
    Ok(())
}

/// Counts the runs of every member that has any.
async fn runs(
    forge: &dyn Forge,
    question: &Question<'_>,
    members: &[Member<'_>],
    rows: &mut [RepositoryRow],
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<(), ForgeError> {
    let since = question.now.checked_sub(question.fleet.gates.baseline);
    let since = since.unwrap_or(Timestamp::UNIX_EPOCH);
    let members = members.iter().enumerate();
    let of: Vec<(usize, RunsOf)> = members
        .flat_map(|(index, member)| runs_of(member.seen).into_iter().map(move |it| (index, it)))
        .collect();
    for (number, chunk) in of.chunks(AT_ONCE).enumerate() {
        progress(Progress::Running(number * AT_ONCE, of.len()));
        let asked: Vec<RunsOf> = chunk.iter().map(|(_, of)| of.clone()).collect();
        let found = forge.runs(&asked, since).await?;
        for ((index, _), found) in chunk.iter().zip(found) {
            if let Some(row) = rows.get_mut(*index) {
                count(&found, row.runs.get_or_insert_default());
            }
        }
    }
    Ok(())
}

fn count(runs: &[Run], counts: &mut RunsRow) {
    for run in runs {
        let count = match (run.ended, run.sandbox) {
            (Ended::Passed, _) => &mut counts.passed,
            (Ended::Failed, Some(SandboxEnd::Sandbox)) => &mut counts.sandbox,
            (Ended::Failed, _) => &mut counts.failed,
            (Ended::NotStarted, _) => &mut counts.not_started,
            (Ended::Cancelled, _) => continue,
        };
        *count += 1;
    }
}

#[cfg(test)]
mod tests;
