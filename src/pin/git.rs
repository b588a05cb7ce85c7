//! Decisions about what a git reference names: a commit, a tag or a branch.

use super::{
    decision::{Decision, Pin},
    facts::{Facts, Lack},
    options::Options,
};
use crate::{
    forge::{Reach, Refs, RemoteRepository},
    model::{
        commit::CommitId,
        pinning::{CAN_BE_MOVED, Status},
        version::{Flavor, Moves, Step, TagVersion, most_exact, moves, newer},
    },
    reference::is_reference,
};

/// More versions than this are not looked at for one that may be moved to.
pub(super) const MAX_CANDIDATES: usize = 10;

/// Something at a git reference.
pub(super) struct AtReference<'a> {
    pub(super) repository: &'a RemoteRepository,
    /// What stands behind the `@`.
    pub(super) reference: &'a str,
    /// The version that the comment tells.
    pub(super) version: Option<&'a str>,
    /// Why a version may not be moved to.
    pub(super) refuse: &'a dyn Fn(&str) -> Option<String>,
}

/// Decides about `asked`; what it becomes is always a commit.
pub(super) fn decide(
    asked: &AtReference<'_>,
    facts: &Facts,
    options: &Options,
) -> Result<Decision, Lack> {
    let refs = facts.refs(asked.repository)?;
    let decision = match asked.reference.to_ascii_lowercase().parse::<CommitId>() {
        Ok(digits) => match commit_of(refs, &digits) {
            Some(commit) => of_tag_object(at_commit(asked, commit, refs, facts)?, asked, commit),
            None => at_commit(asked, &digits, refs, facts)?,
        },
        Err(_) => at_name(asked, refs),
    };
    let decision = match decision.status {
        Status::Mismatch | Status::Impostor | Status::Missing => decision,
        _ => updated(decision, asked, refs, facts, options)?,
    };
    Ok(match &refs.moved_to {
        Some(now) => {
            let before = decision.reason.as_ref().map(|reason| format!("{reason}; "));
            let reason = format!(
                "{}the repository is now {now}: use that name",
                before.unwrap_or_default()
            );
            decision.because(reason)
        }
        None => decision,
    })
}

fn at_name(asked: &AtReference<'_>, refs: &Refs) -> Decision {
    let name = asked.reference;
    let (tag, branch) = (tag_of(refs, name), branch_of(refs, name));
    match (tag, branch) {
        (Some(tag), Some(branch)) if tag != branch => {
            Decision::new(Status::Unpinned).because(format!(
                "`{name}` is both a tag and a branch, which are at different commits: write \
                 another version"
            ))
        }
        (Some(commit), _) | (None, Some(commit)) => {
            let short = short_name(name);
            let version = if is_moving(short) {
                exact_of(refs, commit, Some(short)).unwrap_or(short)
            } else {
                short
            };
            let what = if tag.is_some() { "a tag" } else { "a branch" };
            Decision::new(Status::Unpinned)
                .to(Pin::Commit {
                    commit: commit.clone(),
                    version: Some(version.to_owned()),
                })
                .because(format!("{what} {CAN_BE_MOVED}"))
        }
        (None, None) => Decision::new(Status::Missing).because(format!(
            "{} has no tag and no branch `{name}`: {}",
            asked.repository,
            if is_short_commit(name) {
                "write all digits of a commit, or a version that exists"
            } else {
                "take a version that exists"
            }
        )),
    }
}

/// Whether `name` could be meant as the start of a commit.
fn is_short_commit(name: &str) -> bool {
    (7..40).contains(&name.len()) && name.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn is_moving(name: &str) -> bool {
    moves(name, Flavor::Git) == Moves::Moving
}

fn is_version(word: &str) -> bool {
    TagVersion::parse(word, Flavor::Git).is_some()
}

/// Whether `tag` is a release of the line that `line` names; any is, of a line that is no version.
fn is_of_line(tag: &str, line: &str) -> bool {
    let line = TagVersion::parse(line, Flavor::Git);
    let tag = TagVersion::parse(tag, Flavor::Git);
    line.is_none_or(|line| tag.is_some_and(|tag| tag.refines(&line)))
}

/// The most exact version of `commit` that could be written behind an `@`.
fn exact_of<'r>(refs: &'r Refs, commit: &'r CommitId, like: Option<&str>) -> Option<&'r str> {
    let tags = refs.tags_of(commit).filter(|tag| is_reference(tag));
    most_exact(tags, like, Flavor::Git)
}

/// GitHub takes whole names of references too.
pub(super) fn short_name(name: &str) -> &str {
    let prefixes = ["refs/tags/", "refs/heads/"];
    let short = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix));
    short.unwrap_or(name)
}

pub(super) fn tag_of<'r>(refs: &'r Refs, name: &str) -> Option<&'r CommitId> {
    if name.starts_with("refs/heads/") {
        return None;
    }
    refs.tag(short_name(name))
}

pub(super) fn branch_of<'r>(refs: &'r Refs, name: &str) -> Option<&'r CommitId> {
    if name.starts_with("refs/tags/") {
        return None;
    }
    refs.branch(short_name(name))
}

/// The commit of the annotated tag whose own object `digits` name.
fn commit_of<'r>(refs: &'r Refs, digits: &CommitId) -> Option<&'r CommitId> {
    let mut tags = refs.tags.values();
    let tag = tags.find(|tag| tag.object.as_ref() == Some(digits))?;
    Some(&tag.commit)
}

/// `decision` about the `commit` of a tag whose object stands where the commit should.
fn of_tag_object(decision: Decision, asked: &AtReference<'_>, commit: &CommitId) -> Decision {
    if decision.status != Status::Pinned {
        return decision;
    }
    let version = asked.version.map(str::to_owned);
    Decision::new(Status::Stale)
        .to(Pin::Commit {
            commit: commit.clone(),
            version,
        })
        .because("these are the digits of the tag, not of its commit")
}

pub(super) fn at_commit(
    asked: &AtReference<'_>,
    commit: &CommitId,
    refs: &Refs,
    facts: &Facts,
) -> Result<Decision, Lack> {
    let name = asked.reference;
    let mut called_so = [refs.tag(name), refs.branch(name)].into_iter().flatten();
    if called_so.any(|other| other != commit) {
        return Ok(Decision::new(Status::Impostor).because(format!(
            "{} has a branch or tag called `{name}`, which is not that commit: take another version",
            asked.repository
        )));
    }
    let exact = exact_of(refs, commit, asked.version);
    let told = |version: &str| Pin::Commit {
        commit: commit.clone(),
        version: Some(version.to_owned()),
    };
    let Some(version) = asked.version else {
        let Some(exact) = exact else {
            return on_history(asked, commit, refs, facts, Decision::new(Status::Pinned));
        };
        return Ok(Decision::new(Status::Stale)
            .to(told(exact))
            .because(format!("it is {exact}, which nothing says")));
    };
    match with_or_without_v(refs, version) {
        Some((named, of_version)) if of_version == commit => Ok(match exact {
            Some(exact) if exact != version && is_moving(&named) => Decision::new(Status::Stale)
                .to(told(exact))
                .because(format!("it is {exact}, more exactly than `{version}`")),
            _ => Decision::new(Status::Pinned),
        }),
        // Only a release of that line was ever what the tag stood for.
        Some((named, _)) if is_moving(&named) && exact.is_none_or(|it| is_of_line(it, &named)) => {
            let moved = format!("{named} has moved on since");
            let decision = Decision::new(Status::Stale).because(moved);
            match exact {
                Some(exact) => Ok(decision.to(told(exact))),
                None => on_history(asked, commit, refs, facts, decision),
            }
        }
        Some((named, of_version)) => {
            let (is, or) = match exact {
                Some(exact) => (format!("is {exact}"), format!(" or `@{exact}`")),
                None => ("is behind no tag".to_owned(), String::new()),
            };
            let reason = format!(
                "the comment says {named}, which is {}; this commit {is}: find out which is \
                 meant, then write `@{named}`{or} and pin again",
                of_version.short()
            );
            let mismatch = Decision::new(Status::Mismatch).because(reason);
            on_history(asked, commit, refs, facts, mismatch)
        }
        // People write less than the tag has.
        None if exact.is_some_and(|it| is_version(version) && is_of_line(it, version)) => {
            let exact = exact.unwrap_or_default();
            Ok(Decision::new(Status::Stale)
                .to(told(exact))
                .because(format!("it is {exact}, more exactly than `{version}`")))
        }
        None => {
            let decision = match exact {
                Some(exact) => Decision::new(Status::Mismatch).because(format!(
                    "the comment says {version}, which does not exist; this commit is {exact}: \
                     find out which is meant, then write `@{exact}` or a version that exists, and \
                     pin again"
                )),
                None => Decision::new(Status::Missing).because(format!(
                    "the comment says {version}, which does not exist, or no longer: take a \
                     version that exists"
                )),
            };
            let decision = match refs.branch(version) {
                Some(tip) if tip == commit => Decision::new(Status::Pinned),
                Some(_) => Decision::new(Status::Stale)
                    .because(format!("the branch {version} has moved on since")),
                None => decision,
            };
            on_history(asked, commit, refs, facts, decision)
        }
    }
}

/// People write the version of `v1.2.3` as `1.2.3`, and the other way round.
fn with_or_without_v<'r, 'v>(refs: &'r Refs, version: &'v str) -> Option<(String, &'r CommitId)>
where
    'v: 'r,
{
    let other = match version.strip_prefix('v') {
        Some(bare) => bare.to_owned(),
        None => format!("v{version}"),
    };
    let names = [version.to_owned(), other];
    names
        .into_iter()
        .find_map(|name| refs.tag(&name).map(|commit| (name.clone(), commit)))
}

/// `decision` where the repository's own branches and tags lead to `commit`.
///
/// A host shows the commits of every fork as if they were the repository's.
pub(super) fn on_history(
    asked: &AtReference<'_>,
    commit: &CommitId,
    refs: &Refs,
    facts: &Facts,
    decision: Decision,
) -> Result<Decision, Lack> {
    if refs.is_tip(commit) {
        return Ok(decision);
    }
    let repository = asked.repository;
    Ok(match facts.reach(repository, commit) {
        Ok(Reach::Impostor) => Decision::new(Status::Impostor).because(format!(
            "no branch and no tag of {repository} leads to this commit: it may be a fork's; take \
             a released version"
        )),
        Ok(Reach::Absent) => Decision::new(Status::Missing).because(format!(
            "{repository} has no such commit, or no longer: take a version that exists"
        )),
        Err(Lack::Failed(reason)) if decision.status == Status::Pinned => {
            let reason = format!("whether {repository} has this commit is not known: {reason}");
            Decision::new(Status::Unknown).because(reason)
        }
        Ok(Reach::Reachable) | Err(Lack::Failed(_)) => decision,
        Err(unasked) => return Err(unasked),
    })
}

/// `decision` with the newest version that may be moved to.
pub(super) fn updated(
    decision: Decision,
    asked: &AtReference<'_>,
    refs: &Refs,
    facts: &Facts,
    options: &Options,
) -> Result<Decision, Lack> {
    let current = match &decision.to {
        Some(Pin::Commit { version, .. }) => version.as_deref(),
        _ => asked.version,
    };
    let Some(current) = current.filter(|_| options.step != Step::None) else {
        return Ok(decision);
    };
    let tags = refs.tag_names().filter(|tag| is_reference(tag));
    let candidates = newer(current, tags, options.step, Flavor::Git);
    let (candidates, mut held_back) = within_bounds(candidates, asked.refuse);
    for candidate in candidates.into_iter().take(MAX_CANDIDATES) {
        let Some(commit) = refs.tag(candidate) else {
            continue;
        };
        let too_young = too_young(options, candidate, || {
            facts.commit_time(asked.repository, commit)
        })?;
        let Some(reason) = too_young else {
            let status = match decision.status {
                Status::Unpinned => Status::Unpinned,
                _ => Status::Stale,
            };
            return Ok(Decision::new(status)
                .to(Pin::Commit {
                    commit: commit.clone(),
                    version: Some(candidate.to_owned()),
                })
                .because(format!("{candidate} is newer than {current}")));
        };
        held_back.get_or_insert(reason);
    }
    Ok(match held_back {
        Some(reason) => decision.because(reason),
        None => decision,
    })
}

/// Those of `candidates` that nothing speaks against, and what speaks against the first of the
/// others.
pub(super) fn within_bounds<'t>(
    candidates: Vec<&'t str>,
    refuse: &dyn Fn(&str) -> Option<String>,
) -> (Vec<&'t str>, Option<String>) {
    let mut held_back = None;
    let is_within = |tag: &&str| match refuse(tag) {
        Some(reason) => {
            held_back.get_or_insert(reason);
            false
        }
        None => true,
    };
    let within = candidates.into_iter().filter(is_within).collect();
    (within, held_back)
}

/// Why `version` is not old enough.
pub(super) fn too_young(
    options: &Options,
    version: &str,
    made: impl FnOnce() -> Result<Option<jiff::Timestamp>, Lack>,
) -> Result<Option<String>, Lack> {
    let Some(min_age) = options.min_age else {
        return Ok(None);
    };
    Ok(match made() {
        Ok(Some(made)) if options.now.duration_since(made) >= min_age => None,
        Ok(Some(made)) => Some(format!("{version} is of {made}, too young to be moved to")),
        Ok(None) => Some(format!("the age of {version} is not known")),
        Err(Lack::Failed(reason)) => Some(format!("the age of {version} is not known: {reason}")),
        Err(unasked) => return Err(unasked),
    })
}
