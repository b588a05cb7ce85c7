//! What others may have done to a rollout: to what is written down of it, on a branch that is open to
//! many, and to its requests, which anybody may push to who may push at all.

use super::{Crew, DriveError};
use crate::{
    fleet::{
        Row,
        rollout::{Entry, EntryState, Rollout},
    },
    forge::Request,
    model::{commit::CommitId, text::excerpt},
};

/// Refuses to go on with `newest` where it is about something else than `rollout`, whose releases
/// were judged when it began.
pub(super) fn check_unchanged(rollout: &Rollout, newest: &Rollout) -> Result<(), DriveError> {
    fn about(it: &Rollout) -> impl PartialEq {
        (it.kind, [&it.from, &it.to, &it.base], &it.undoes)
    }
    if about(newest) == about(rollout) {
        return Ok(());
    }
    let (from, to) = (rollout.from.version(), rollout.to.version());
    Err(DriveError::Record(format!(
        "somebody changed what {} is about: it goes from {from} to {to}",
        rollout.id
    )))
}

/// The repositories that are written down as taken back, and have what is taken back: with those it
/// begins again.
pub(super) fn begin_again(rollout: &mut Rollout, has_bad: impl Fn(&String) -> bool) -> Vec<String> {
    let entries = rollout.waves.iter_mut().flat_map(|it| &mut it.repositories);
    let done =
        entries.filter(|it| matches!(it.state, EntryState::Verified | EntryState::RolledBack));
    let mut again = Vec::new();
    for entry in done.filter(|it| has_bad(&it.name)) {
        again.push(entry.name.clone());
        *entry = Entry::new(&entry.name);
    }
    again
}

/// Why a request of ours is not to be merged: it would bring more than we asked for, or bring it
/// elsewhere. Commits are signed off as ours are by whoever wants to, and our branch is looked at in
/// our files alone.
pub(super) async fn not_ours_alone(
    crew: Crew<'_>,
    row: &Row,
    request: &Request,
    head: &CommitId,
) -> Option<String> {
    let repository = &row.seen.repository;
    let brings = match crew.means.forge.brings(repository, request).await {
        Ok(brings) => brings,
        Err(error) => return Some(error.with_hint()),
    };
    if repository.default_branch.as_ref() != Some(&brings.base) {
        let base = excerpt(&brings.base);
        return Some(format!("somebody made it go to the branch `{base}`"));
    }
    if brings.head.as_ref() != Some(head) {
        return Some("its branch moved meanwhile".to_owned());
    }
    let ours = row.ask.as_ref().map_or(0, |ask| ask.changes.len());
    match brings.files {
        Some(files) if files == ours as u64 => None,
        Some(files) => Some(format!(
            "it changes {files} files where we changed {ours}: somebody has to look at it"
        )),
        None => Some("the forge has not found out yet what it changes".to_owned()),
    }
}
