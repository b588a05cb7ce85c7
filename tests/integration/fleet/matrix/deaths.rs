//! `kill -9` at every write.

use super::{
    chain::{Death, dying, journeyed, start},
    journey::Journey,
    *,
};

const REPOSITORIES: usize = 50;
/// No divisor of the writes that a repository takes, so that each kind of them is met.
const SEVEN: u64 = 7;

/// Every write of a journey is died at, and the end is that of one without deaths.
fn killed(journey: fn(usize) -> Journey, death: Death) {
    let (wanted, smooth) = journeyed(&journey(REPOSITORIES), start);
    let (left, told) = dying(&journey(REPOSITORIES), death);
    left::assert_same(&left, &wanted, &format!("{told:?}"));
    // What a start writes down where it comes to rest may be written already.
    let least = smooth.writes - smooth.starts;
    let least = match death {
        Death::Before | Death::After => least,
        // And the last start may be through before it dies.
        Death::Seldom(writes) => least / writes - 1,
    };
    assert!(told.deaths >= least, "{} deaths of {smooth:?}", told.deaths);
}

/// The same with processes that live longer.
fn killed_seldom(journeys: &[fn(usize) -> Journey]) {
    for journey in journeys {
        killed(*journey, Death::Seldom(SEVEN));
    }
}

#[test]
fn enroll_before_any_write() {
    killed(Journey::enroll, Death::Before);
}

#[test]
fn enroll_after_any_write() {
    killed(Journey::enroll, Death::After);
}

#[test]
fn upgrade_before_any_write() {
    killed(Journey::upgrade, Death::Before);
}

#[test]
fn upgrade_after_any_write() {
    killed(Journey::upgrade, Death::After);
}

#[test]
fn rollback_before_any_write() {
    killed(Journey::rollback, Death::Before);
}

#[test]
fn rollback_after_any_write() {
    killed(Journey::rollback, Death::After);
}

#[test]
fn auto_rollback_before_any_write() {
    killed(Journey::auto_rollback, Death::Before);
}

#[test]
fn auto_rollback_after_any_write() {
    killed(Journey::auto_rollback, Death::After);
}

#[test]
fn long_lives_that_end_as_suddenly() {
    killed_seldom(&[Journey::enroll, Journey::upgrade, Journey::rollback]);
}
