//! Answers that say nothing, to every call.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use fullsend_testkit::forge::{Call, Mishap, When};

use super::{
    call,
    chain::{journeyed, start},
    journey::Journey,
    left::Left,
    *,
};

/// Fewer than are killed: what a mishap does to a call is the same in each repository, and the first
/// ones are protected, unsigned, archived and plain.
const REPOSITORIES: usize = 15;

/// What each call meets before it is answered.
fn mishaps() -> Vec<Mishap> {
    let errors = || Mishap::errors("INTERNAL", "Something went wrong");
    vec![
        Mishap::status(403),
        Mishap::status(500),
        Mishap::status(502).after(),
        Mishap::status(502).after().html(),
        Mishap::cut(),
        Mishap::cut().after(),
        errors(),
        errors().after(),
    ]
}

/// Goes the journey while `mishap` meets each call that is new by `of`; what is left, and the calls
/// that met it.
fn hindered(
    journey: &Journey,
    mishap: Mishap,
    of: fn(&Call) -> String,
) -> (Left, BTreeSet<String>) {
    let met = Arc::new(Mutex::new(BTreeSet::new()));
    let known = Arc::clone(&met);
    let is_new = move |call: &Call| known.lock().unwrap().insert(of(call));
    let server = &journey.stage.server;
    server.faults(When::Where(Box::new(is_new)), mishap, u32::MAX);
    let (left, _) = journeyed(journey, start);
    let met = met.lock().unwrap().clone();
    (left, met)
}

/// What the call does, whatever to.
fn kind(call: &Call) -> String {
    call.line().replace(|c: char| c.is_ascii_digit(), "")
}

/// Every call meets every mishap once, and the end is that without any, as far as `counts` goes.
fn every_call_meets_every_mishap(journey: fn(usize) -> Journey, counts: fn(Left) -> Left) {
    let smooth = journey(REPOSITORIES);
    let before = smooth.stage.server.calls().len();
    let (wanted, _) = journeyed(&smooth, start);
    let wanted = counts(wanted);
    let calls = smooth.stage.server.calls().split_off(before);
    let count = calls.iter().map(call::of).collect::<BTreeSet<_>>().len();
    let kinds: BTreeSet<String> = calls.iter().map(kind).collect();
    std::thread::scope(|scope| {
        for mishap in mishaps() {
            let wanted = &wanted;
            scope.spawn(move || {
                let told = format!("{mishap:?}");
                let (left, met) = hindered(&journey(REPOSITORIES), mishap, call::of);
                left::assert_same(&counts(left), wanted, &told);
                assert!(met.len() >= count, "{} of {count}: {told}", met.len());
            });
        }
        // Nothing above the transport ever sees these, and each costs a second: one for each kind
        // of call is as good as one for each call.
        scope.spawn(|| {
            let limit = Mishap::status(429).header("retry-after", "1");
            let (left, met) = hindered(&journey(REPOSITORIES), limit, kind);
            left::assert_same(&counts(left), &wanted, "429");
            assert!(kinds.is_subset(&met), "{kinds:?} {met:?}");
        });
    });
}

#[test]
fn of_enroll() {
    every_call_meets_every_mishap(Journey::enroll, |left| left);
}

#[test]
fn of_upgrade() {
    // A merged branch of a wave that is through is not tried to be removed by another start.
    every_call_meets_every_mishap(Journey::upgrade, left::main_alone);
}

#[test]
fn of_rollback() {
    // A request that could not be closed at once may merge by itself meanwhile, and is reverted.
    every_call_meets_every_mishap(Journey::rollback, left::main_alone);
}

#[test]
fn of_auto_rollback() {
    every_call_meets_every_mishap(Journey::auto_rollback, |left| left);
}

#[test]
fn writes_that_are_done_and_never_answered() {
    std::thread::scope(|scope| {
        for journey in [Journey::enroll, Journey::upgrade, Journey::rollback] {
            scope.spawn(move || {
                let (wanted, _) = journeyed(&journey(REPOSITORIES), start);
                let silent = journey(REPOSITORIES);
                let server = &silent.stage.server;
                server.fault(When::Write(3), Mishap::hang().after());
                let (left, told) = journeyed(&silent, start);
                left::assert_same(&left, &wanted, &format!("{told:?}"));
            });
        }
    });
}
