//! `kill -9` at every write.

use super::{
    chain::{Death, Told, dying, journeyed, start},
    journey::Journey,
    *,
};

const REPOSITORIES: usize = 50;

/// Every write of a journey is died at, and the end is that of one without deaths.
fn killed(journey: fn(usize) -> Journey, death: Death) {
    let (wanted, smooth) = journeyed(&journey(REPOSITORIES), start);
    let (left, told) = dying(&journey(REPOSITORIES), death);
    eprintln!("{smooth:?} {told:?}");
    left::assert_same(&left, &wanted, &format!("{told:?}"));
    check(&smooth, &told, death);
}

/// That it really died at each write.
fn check(_smooth: &Told, told: &Told, _death: Death) {
    assert!(told.deaths > 0);
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
