//! What to do next about our request in one repository. Pure: it looks at what is there, so that it
//! does not matter what was done before, or whether the answer to it was lost.

use crate::forge::{Branch, Change, Entry, EntryMode, Request, RequestState, Seen, blob_id};

/// The trailer of our commits; its value is the branch.
pub const TRAILER: &str = "Fullsend-Branch";

/// What a repository is to be asked for.
#[derive(Clone, Copy, Debug)]
pub struct Desired<'a> {
    /// The branch that the request is made from.
    pub branch: &'a str,
    /// The files that differ from the default branch; none where it is already as it should be.
    pub changes: &'a [Change],
    /// A request that somebody closed is opened again.
    pub repair: bool,
}

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Branch, commit and request, all at once.
    Propose,
    /// The commit, onto the branch that is there.
    Commit,
    /// The request, for the branch that is there.
    Open,
    /// The request again.
    Reopen,
    /// Nothing of ours is wanted any more: the request goes.
    Close,
    /// And the branch with it.
    DeleteBranch,
}

/// How a repository stands to what is wanted, where there is nothing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The default branch is as it should be, and nothing of ours is left.
    Done,
    /// Our request is open and as it should be.
    Open(Request),
    /// Somebody closed our request.
    Closed(Request),
    /// Somebody else wrote on our branch: the sentence says who.
    Blocked(String),
}

/// What is next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// To do, and then to look again.
    Do(Action),
    /// Nothing.
    Rest(Standing),
}

/// What to do next about our request.
pub fn next(desired: &Desired<'_>, seen: &Seen) -> Next {
    let request = seen.request.as_ref();
    let open = request.filter(|it| it.state == RequestState::Open);
    let Some(branch) = &seen.branch else {
        return without_branch(desired, request);
    };
    if let Some(stranger) = stranger(branch, desired.branch) {
        return Next::Rest(Standing::Blocked(stranger));
    }
    // A branch that was merged is history: what is wanted now starts from the default branch.
    let merged = request.is_some_and(|it| {
        it.state == RequestState::Merged && it.head.as_ref() == Some(&branch.head)
    });
    if desired.changes.is_empty() || merged {
        return Next::Do(match open {
            Some(_) => Action::Close,
            None => Action::DeleteBranch,
        });
    }
    let closed = request.filter(|it| it.state == RequestState::Closed);
    if let Some(closed) = closed.filter(|_| !desired.repair) {
        return Next::Rest(Standing::Closed(closed.clone()));
    }
    if !holds(branch, desired.changes) {
        return Next::Do(Action::Commit);
    }
    match (open, closed) {
        (Some(open), _) => Next::Rest(Standing::Open(open.clone())),
        (None, Some(_)) => Next::Do(Action::Reopen),
        (None, None) => Next::Do(Action::Open),
    }
}

fn without_branch(desired: &Desired<'_>, request: Option<&Request>) -> Next {
    if desired.changes.is_empty() {
        return Next::Rest(Standing::Done);
    }
    match request {
        Some(closed) if closed.state == RequestState::Closed && !desired.repair => {
            Next::Rest(Standing::Closed(closed.clone()))
        }
        // A merged request's branch is gone, and what it brought is not enough any more.
        _ => Next::Do(Action::Propose),
    }
}

/// Whether the branch has all of `changes`.
fn holds(branch: &Branch, changes: &[Change]) -> bool {
    changes.iter().all(|change| {
        let entry: Option<&Entry> = branch.files.get(&change.path);
        match (&change.content, entry) {
            (None, None) => true,
            (Some(content), Some(entry)) => {
                entry.mode != EntryMode::Link && entry.id == blob_id(content)
            }
            _ => false,
        }
    })
}

/// Who else wrote on the branch: our own commits carry the trailer.
fn stranger(branch: &Branch, name: &str) -> Option<String> {
    let ours = format!("{TRAILER}: {name}");
    if branch.ahead_count > branch.ahead.len() as u64 {
        return Some("the branch has more commits than we make".to_owned());
    }
    let mut commits = branch.ahead.iter();
    let theirs = commits.find(|it| !it.message.lines().any(|line| line.trim() == ours))?;
    let (author, commit) = (&theirs.author, theirs.id.short());
    Some(format!("{author} committed {commit} to our branch"))
}

#[cfg(test)]
mod tests;
