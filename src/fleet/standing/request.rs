//! Our request in a repository, and whether somebody has to do something about it.

use crate::{
    fleet::{Desired, ENROLL_BRANCH, Next, Standing, next},
    forge::{Change, Checks, Mergeable, Request, RequestState, Seen},
    report::fleet::{RepositoryRow, RequestRow, State},
};

/// `row` with the newest open request, and blocked where that or something else keeps us from
/// what is wanted.
pub(super) fn with_request(row: RepositoryRow, seen: &Seen) -> RepositoryRow {
    let of_branch = seen.request.iter();
    let of_branch = of_branch.filter(|it| it.state == RequestState::Open);
    let open = seen.open.iter().chain(of_branch).next();
    let request = open.map(request_row);
    let row = RepositoryRow { request, ..row };
    let is_waiting = matches!(
        row.state,
        State::Missing | State::Outdated | State::PinsMoved
    );
    let obstacle = open.and_then(obstacle);
    let obstacle = match row.state {
        State::Missing => obstacle.or_else(|| of_enrolment(seen)),
        _ => obstacle,
    };
    match obstacle.filter(|_| is_waiting) {
        Some(reason) => RepositoryRow {
            state: State::Blocked,
            reason: Some(reason),
            ..row
        },
        None => row,
    }
}

/// A request as reports have it.
pub fn request_row(request: &Request) -> RequestRow {
    RequestRow {
        url: request.url.clone(),
        state: state(request.state),
        checks: checks(request.checks),
    }
}

/// What keeps an open request from being merged that does not pass by itself.
fn obstacle(request: &Request) -> Option<String> {
    let problem = match (request.checks, request.mergeable) {
        (Checks::Failed, _) => "failed its checks",
        (_, Mergeable::Conflicts) => "has conflicts with the default branch",
        _ => return None,
    };
    Some(format!("{} {problem}", request.url))
}

/// What keeps a repository from being enrolled.
fn of_enrolment(seen: &Seen) -> Option<String> {
    let repository = &seen.repository;
    if !repository.may_push {
        return Some("we may not push to it".to_owned());
    }
    if !repository.takes_requests {
        return Some("requests are switched off in it".to_owned());
    }
    // Whatever it is that an enrolment wants there.
    let changes = [Change {
        path: super::CONFIG.to_owned(),
        content: Some(Vec::new()),
    }];
    let desired = Desired {
        branch: ENROLL_BRANCH,
        changes: &changes,
        repair: false,
    };
    match next(&desired, seen) {
        Next::Rest(Standing::Blocked(reason)) => Some(reason),
        Next::Rest(Standing::Closed(request)) => Some(format!(
            "somebody closed {}; `fullsend enroll --repair` opens it again",
            request.url
        )),
        Next::Rest(Standing::Done | Standing::Open(_)) | Next::Do(_) => None,
    }
}

fn state(state: RequestState) -> &'static str {
    match state {
        RequestState::Open => "open",
        RequestState::Merged => "merged",
        RequestState::Closed => "closed",
    }
}

fn checks(checks: Checks) -> &'static str {
    match checks {
        Checks::None => "none",
        Checks::Pending => "pending",
        Checks::Passed => "passed",
        Checks::Failed => "failed",
    }
}
