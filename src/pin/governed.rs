//! Decisions about references that GitHub's lock of actions governs.

use super::{
    actions_lock::Locked,
    decide::{excluded, of_target, repository_of},
    decision::{Decision, Pin},
    facts::{ActionAt, Facts, Lack, Question},
    git::{self, AtReference},
    options::Options,
};
use crate::{
    forge::{Refs, RemoteRepository},
    model::{
        commit::CommitId,
        pinning::Status,
        version::{Flavor, Moves, Step, moves},
    },
    reference::{Reference, Target},
};

/// Decides about `reference`, which stays what it is and runs what the lock says, or says what has
/// to be asked first.
pub fn decide_locked(
    reference: &Reference,
    locked: &Locked,
    facts: &Facts,
    options: &Options,
) -> Result<Decision, Question> {
    if let Some(decision) = excluded(reference, options) {
        return Ok(decision);
    }
    let decided = match locked {
        Locked::At { commit, fixed } => Asked::of(reference, *fixed, options)
            .and_then(|asked| at(reference, &asked, commit, facts, options)),
        Locked::Unknown(_) => Ok(standing(locked)),
        Locked::Absent | Locked::Broken | Locked::Behind { .. } => {
            unlocked(reference, locked, facts, options)
        }
    };
    match decided {
        Ok(decision) => Ok(decision),
        Err(Lack::Failed(reason)) => Ok(Decision::new(Status::Error).because(reason)),
        Err(Lack::Unasked(question)) => Err(question),
    }
}

/// The decision about what has no commit in the lock.
pub(super) fn standing(locked: &Locked) -> Decision {
    let what = match locked {
        Locked::At { .. } => return Decision::new(Status::Pinned),
        Locked::Unknown(reason) => return Decision::new(Status::Unknown).because(reason),
        Locked::Absent => "it is not in actions.lock, which governs this workflow".to_owned(),
        Locked::Broken => "its entry in actions.lock has no commit".to_owned(),
        Locked::Behind { instead, .. } => {
            format!("actions.lock, which governs this workflow, has {instead} in its place")
        }
    };
    Decision::new(Status::Missing).because(format!(
        "{what}, so that the run ends as `startup_failure`: run `gh actions-lock`"
    ))
}

/// The decision about what has no commit in the lock, which is no reason to overlook what is wrong
/// with it: then locking it is no mend.
fn unlocked(
    reference: &Reference,
    locked: &Locked,
    facts: &Facts,
    options: &Options,
) -> Result<Decision, Lack> {
    let as_it_is = Options {
        step: Step::None,
        ..options.clone()
    };
    let decision = match of_target(reference, facts, &as_it_is) {
        Ok(decision) => decision,
        Err(Lack::Failed(why)) => {
            let missing = standing(locked);
            let what = missing.reason.clone().unwrap_or_default();
            return Ok(missing.because(format!("{what}; what it names is not known: {why}")));
        }
        Err(unasked) => return Err(unasked),
    };
    match (decision.status, locked) {
        (Status::Mismatch | Status::Impostor | Status::Missing, _) => Ok(Decision {
            to: None,
            ..decision
        }),
        (_, Locked::Behind { fixed, .. }) if options.step != Step::None => {
            let asked = Asked::of(reference, *fixed, options)?;
            behind(reference, &asked, &decision, facts)
        }
        _ => Ok(standing(locked)),
    }
}

/// What was moved in the workflow alone is moved in the lock as well.
fn behind(
    reference: &Reference,
    asked: &Asked<'_>,
    decision: &Decision,
    facts: &Facts,
) -> Result<Decision, Lack> {
    let name = asked.name;
    let to = match (&decision.to, decision.status, name.parse::<CommitId>()) {
        (Some(Pin::Commit { commit, .. }), Status::Unpinned, Err(_)) => Some(Pin::Locked {
            reference: name.to_owned(),
            version: name.to_owned(),
            commit: commit.clone(),
        }),
        (None, Status::Pinned, Ok(commit)) => reference.version().map(|version| Pin::Locked {
            reference: name.to_owned(),
            version: version.to_owned(),
            commit,
        }),
        _ => None,
    };
    let what = "the workflow was moved, and actions.lock was not";
    let missing = Decision::new(Status::Missing);
    let Some(Pin::Locked { commit, .. }) = &to else {
        return Ok(missing.because(format!("{what}: run `gh actions-lock`")));
    };
    Ok(match (asked.refusal(commit, facts)?, to) {
        (None, Some(to)) => missing.to(to).because(what),
        (why, _) => missing.because(format!(
            "{what}: run `gh actions-lock`, as {}",
            why.unwrap_or_default()
        )),
    })
}

fn at(
    reference: &Reference,
    locked: &Asked<'_>,
    commit: &CommitId,
    facts: &Facts,
    options: &Options,
) -> Result<Decision, Lack> {
    let name = locked.name;
    let own: Option<CommitId> = name.to_ascii_lowercase().parse().ok();
    let asked = AtReference {
        repository: &locked.remote,
        reference: commit.as_str(),
        version: own.as_ref().map_or(Some(name), |_| reference.version()),
        refuse: &|tag| {
            let bounds = &options.bounds;
            bounds.refuse_action(locked.repository, tag, options.now)
        },
    };
    let refs = facts.refs(&locked.remote)?;
    let is_fixed = reference.obstacle().is_some();
    let decision = match &own {
        Some(own) if own != commit => {
            return Ok(Decision::new(Status::Mismatch).because(format!(
                "actions.lock has it at {}: run `gh actions-lock`",
                commit.short()
            )));
        }
        // What the lock itself names has no comment that could tell a version.
        Some(_) if is_fixed => {
            git::on_history(&asked, commit, refs, facts, Decision::new(Status::Pinned))?
        }
        Some(_) => git::at_commit(&asked, commit, refs, facts)?,
        None => at_name(&asked, name, commit, refs, facts)?,
    };
    let decision = match decision.status {
        Status::Pinned | Status::Stale if !is_fixed => {
            git::updated(decision, &asked, refs, facts, options)?
        }
        _ => decision,
    };
    moved(decision, locked, own.as_ref(), facts, options)
}

/// How the commit of the lock stands to what `name` stands for now.
fn at_name(
    asked: &AtReference<'_>,
    name: &str,
    commit: &CommitId,
    refs: &Refs,
    facts: &Facts,
) -> Result<Decision, Lack> {
    let (tag, branch) = (git::tag_of(refs, name), git::branch_of(refs, name));
    let Some(now) = tag.or(branch) else {
        return Ok(Decision::new(Status::Missing).because(format!(
            "{} has no tag and no branch `{name}`, or no longer",
            asked.repository
        )));
    };
    if now == commit || branch == Some(commit) {
        return Ok(Decision::new(Status::Pinned));
    }
    let is_exact = tag.is_some() && moves(git::short_name(name), Flavor::Git) == Moves::Exact;
    let decision = if is_exact {
        Decision::new(Status::Mismatch).because(format!(
            "{name} is {}, and actions.lock has it at {}: find out who moved it, then run \
             `gh actions-lock --relock`",
            now.short(),
            commit.short()
        ))
    } else {
        Decision::new(Status::Stale).because(format!(
            "{name} has moved on since it was locked: `gh actions-lock --relock` takes what it is \
             now"
        ))
    };
    git::on_history(asked, commit, refs, facts, decision)
}

/// `decision` in terms of the lock: what moves, moves in both files.
fn moved(
    decision: Decision,
    asked: &Asked<'_>,
    own: Option<&CommitId>,
    facts: &Facts,
    options: &Options,
) -> Result<Decision, Lack> {
    let Some(Pin::Commit { commit, version }) = &decision.to else {
        return Ok(decision);
    };
    if own == Some(commit) {
        // Only the version in the comment is to change.
        return Ok(decision);
    }
    let commit = commit.clone();
    let Some(version) = version.clone().filter(|_| options.step != Step::None) else {
        return Ok(Decision {
            to: None,
            ..decision
        });
    };
    let reference = match own {
        Some(_) => commit.to_string(),
        None => version.clone(),
    };
    if let Some(why) = asked.refusal(&commit, facts)? {
        let newer = decision.reason.unwrap_or_default();
        return Ok(Decision::new(decision.status).because(format!(
            "{newer}, and {why}: write `@{reference}` and run `gh actions-lock`"
        )));
    }
    Ok(decision.to(Pin::Locked {
        reference,
        version,
        commit,
    }))
}

/// An action that moves together with its entry.
struct Asked<'a> {
    remote: RemoteRepository,
    /// As the workflow names it.
    repository: &'a str,
    path: Option<&'a str>,
    /// What stands behind the `@`.
    name: &'a str,
    /// Why its entry cannot be moved here.
    fixed: Option<&'a str>,
}

impl<'a> Asked<'a> {
    fn of(
        reference: &'a Reference,
        fixed: Option<&'a str>,
        options: &Options,
    ) -> Result<Self, Lack> {
        let remote = repository_of(&reference.target, options)?;
        match (remote, &reference.target) {
            (
                Some(remote),
                Target::Action {
                    repository,
                    path,
                    reference: name,
                },
            ) => Ok(Self {
                remote,
                repository,
                path: path.as_deref(),
                name,
                fixed,
            }),
            _ => Err(Lack::Failed(
                "it is no `owner/repository@reference`".to_owned(),
            )),
        }
    }

    /// Why its entry cannot be moved to `commit` here: what an action uses has an entry of its own.
    fn refusal(&self, commit: &CommitId, facts: &Facts) -> Result<Option<String>, Lack> {
        if let Some(why) = self.fixed {
            return Ok(Some(why.to_owned()));
        }
        let moved = ActionAt {
            repository: self.remote.clone(),
            commit: commit.clone(),
            path: self.path.map(str::to_owned),
        };
        Ok(match facts.uses(&moved) {
            Ok(false) => None,
            Ok(true) => Some("it uses other actions, which have to be locked with it".to_owned()),
            Err(Lack::Failed(why)) => Some(format!("whether it uses others is not known ({why})")),
            Err(unasked) => return Err(unasked),
        })
    }
}
