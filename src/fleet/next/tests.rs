//! The life of a request, from what is there to what is next.

use std::collections::BTreeMap;

use super::*;
use crate::{
    fleet::testing::{self, commit},
    forge::{AheadCommit, Checks, Mergeable, Request, RequestState},
};

const BRANCH: &str = "fullsend/enroll";

fn wanted() -> Vec<Change> {
    vec![
        Change {
            path: "a.yml".to_owned(),
            content: Some(b"a\n".to_vec()),
        },
        Change {
            path: "old.yml".to_owned(),
            content: None,
        },
    ]
}

fn request(state: RequestState) -> Request {
    Request {
        id: "PR_1".to_owned(),
        number: 1,
        url: "https://github.com/acme/api/pull/1".to_owned(),
        title: "ci: run agents".to_owned(),
        branch: BRANCH.to_owned(),
        head: Some(commit('b')),
        state,
        author: "fullsend[bot]".to_owned(),
        is_draft: false,
        checks: Checks::None,
        mergeable: Mergeable::Clean,
        is_on_its_way: false,
    }
}

fn ours() -> AheadCommit {
    AheadCommit {
        id: commit('b'),
        message: format!("ci: run agents\n\nWhy.\n\n{TRAILER}: {BRANCH}\nSigned-off-by: a <b>\n"),
        author: "fullsend[bot]".to_owned(),
    }
}

/// Our branch as we leave it.
fn branch() -> Branch {
    let entry = Entry {
        id: blob_id(b"a\n"),
        mode: EntryMode::File,
        size: Some(2),
    };
    Branch {
        head: commit('b'),
        files: BTreeMap::from([("a.yml".to_owned(), entry)]),
        ahead: vec![ours()],
        ahead_count: 1,
        behind_count: 0,
    }
}

fn seen(branch: Option<Branch>, request: Option<Request>) -> Seen {
    Seen {
        branch,
        request,
        ..testing::seen("api")
    }
}

fn is_next(seen: &Seen, changes: &[Change], repair: bool) -> Next {
    let desired = Desired {
        branch: BRANCH,
        changes,
        repair,
    };
    next(&desired, seen)
}

#[test]
fn the_life_of_a_request() {
    use RequestState::{Closed, Merged, Open};
    let stale = || Branch {
        files: BTreeMap::new(),
        ..branch()
    };
    // What is there of branch and request; what is next where changes are wanted, and where not.
    for (branch, state, wanting, content) in [
        (
            None,
            None,
            Next::Do(Action::Propose),
            Next::Rest(Standing::Done),
        ),
        (
            None,
            Some(Merged),
            Next::Do(Action::Propose),
            Next::Rest(Standing::Done),
        ),
        (
            None,
            Some(Closed),
            Next::Rest(Standing::Closed(request(Closed))),
            Next::Rest(Standing::Done),
        ),
        (
            Some(stale()),
            None,
            Next::Do(Action::Commit),
            Next::Do(Action::DeleteBranch),
        ),
        (
            Some(branch()),
            None,
            Next::Do(Action::Open),
            Next::Do(Action::DeleteBranch),
        ),
        (
            Some(stale()),
            Some(Open),
            Next::Do(Action::Commit),
            Next::Do(Action::Close),
        ),
        (
            Some(branch()),
            Some(Open),
            Next::Rest(Standing::Open(request(Open))),
            Next::Do(Action::Close),
        ),
        (
            Some(branch()),
            Some(Closed),
            Next::Rest(Standing::Closed(request(Closed))),
            Next::Do(Action::DeleteBranch),
        ),
        (
            Some(branch()),
            Some(Merged),
            Next::Do(Action::DeleteBranch),
            Next::Do(Action::DeleteBranch),
        ),
    ] {
        let seen = seen(branch, state.map(request));
        assert_eq!(is_next(&seen, &wanted(), false), wanting, "{seen:?}");
        assert_eq!(is_next(&seen, &[], false), content, "{seen:?}");
    }
}

#[test]
fn a_closed_request_is_opened_only_when_asked() {
    let closed = || Some(request(RequestState::Closed));
    let with_branch = seen(Some(branch()), closed());
    assert_eq!(
        is_next(&with_branch, &wanted(), true),
        Next::Do(Action::Reopen)
    );
    let without = seen(None, closed());
    assert_eq!(
        is_next(&without, &wanted(), true),
        Next::Do(Action::Propose)
    );
}

#[test]
fn somebody_elses_work_on_our_branch_is_left_alone() {
    let theirs = |message: &str| {
        let mut branch = branch();
        branch.ahead[0].message = message.to_owned();
        branch.ahead[0].author = "octocat".to_owned();
        seen(Some(branch), Some(request(RequestState::Open)))
    };
    let blocked = |seen: &Seen| {
        [&wanted()[..], &[]].into_iter().all(|changes| {
            let Next::Rest(Standing::Blocked(why)) = is_next(seen, changes, true) else {
                return false;
            };
            why.contains("octocat")
        })
    };
    // A trailer of another branch, one in the middle of a line, and none.
    for message in [
        "fix\n",
        "x\n\nFullsend-Branch: fullsend/other\n",
        "as Fullsend-Branch: fullsend/enroll does\n",
    ] {
        assert!(blocked(&theirs(message)), "{message}");
    }
    let mut long = branch();
    long.ahead_count = 11;
    let long = seen(Some(long), None);
    assert!(matches!(
        is_next(&long, &wanted(), false),
        Next::Rest(Standing::Blocked(_))
    ));
}

#[test]
fn a_link_with_our_text_is_not_our_file() {
    let mut linked = branch();
    for entry in linked.files.values_mut() {
        entry.mode = EntryMode::Link;
    }
    let seen = seen(Some(linked), Some(request(RequestState::Open)));
    assert_eq!(is_next(&seen, &wanted(), false), Next::Do(Action::Commit));
}
