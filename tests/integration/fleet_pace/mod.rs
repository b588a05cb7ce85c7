//! The pace of a fleet's work before forges that are simulated, on a clock that is too: hours
//! pass in milliseconds.
//!
//! `UPDATE_GENERATED=1 cargo test --test integration fleet_pace` writes the tables into
//! docs/fleet.md.

mod costs;
mod drive;
mod server;

use drive::{Work, drive};
use fullsend::forge::Limits;
use server::Server;

/// The least number of minutes that GitHub's limits on what is made allow for `count` calls: 80 a
/// minute, 500 an hour. The last call can be made when so many full hours and minutes are over.
fn least_minutes(count: u64) -> u64 {
    let before = count.saturating_sub(1);
    before / 500 * 60 + before % 500 / 80
}

#[test]
fn the_least_time_is_that_of_the_limits() {
    for (count, minutes) in [(1, 0), (80, 0), (81, 1), (500, 6), (501, 60), (1_000, 66)] {
        assert_eq!(least_minutes(count), minutes, "{count}");
    }
}

/// 1,000 enrolments within 5 % of the least time, with no request refused, however slow the
/// answers are and wherever in between the server counts.
#[test]
fn a_thousand_enrolments_take_hardly_longer_than_the_limits_allow() {
    let least = 66 * 60_000;
    assert_eq!(least_minutes(1_000) * 60_000, least);
    for latency in [50, 400, 1_000] {
        for counted_late in [false, true] {
            let mut server = Server::github(latency, counted_late);
            let spent = drive(Limits::GITHUB, &mut server, &Work::enroll_on_github(1_000));
            assert_eq!(spent.refused, 0);
            assert_eq!((spent.calls, server.counted()), (1_010, 1_010));
            let share = spent.milliseconds * 100 / least;
            assert!((100..=105).contains(&share), "{share} % at {latency} ms");
        }
    }
}

#[test]
fn slow_answers_cost_their_own_time_and_no_refusal() {
    let mut server = Server::github(4_000, true);
    let spent = drive(Limits::GITHUB, &mut server, &Work::enroll_on_github(1_000));
    assert_eq!(spent.refused, 0);
    // An hour's 500 in 33 minutes, and so again.
    let minutes = spent.milliseconds / 60_000;
    assert!((93..=95).contains(&minutes), "{minutes}");
}

/// Somebody else uses the same identity, or the forge allows less than it says.
#[test]
fn limits_that_are_lower_than_published_are_found_out() {
    let mut server = Server::github(400, false).with_contents(40, 500);
    let spent = drive(Limits::GITHUB, &mut server, &Work::enroll_on_github(1_000));
    assert!(
        (1..=20).contains(&spent.refused),
        "{} refused",
        spent.refused
    );
    assert_eq!(spent.calls, 1_010 + spent.refused);
    // What was refused counts for us all the same: the last few are made in the third hour.
    let minutes = spent.milliseconds / 60_000;
    assert!((120..=122).contains(&minutes), "{minutes} minutes");
}

/// A status of many repositories meets no limit but that on calls at once.
#[test]
fn a_budget_that_is_spent_is_waited_for_and_not_run_into() {
    let mut server = Server::github(100, false).with_budget(1_000);
    let reads = Work::reads(2_500);
    let spent = drive(Limits::GITHUB, &mut server, &reads);
    assert_eq!(spent.refused, 0);
    // 950 of 1,000 an hour, and the rest in the third.
    let minutes = spent.milliseconds / 60_000;
    assert!((120..=123).contains(&minutes), "{minutes}");
}
