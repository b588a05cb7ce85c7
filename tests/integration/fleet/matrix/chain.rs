//! One rollout that dies again and again.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use fullsend_testkit::forge::{Call, When};

use super::{call, journey::Journey, left::Left, *};

/// More starts than any rollout here has writes.
const MOST: u64 = 400;
/// Longer than any start takes.
const SOON: Duration = Duration::from_mins(2);
/// Between two looks whether the program has ended by itself.
const TICK: Duration = Duration::from_millis(5);

/// How a chain went.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) starts: u64,
    pub(super) deaths: u64,
    /// Requests that were to change something.
    pub(super) writes: u64,
}

/// How one start ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    Killed,
    /// With this code and these words.
    Itself(i32, String),
}

/// When a start of a chain is killed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Death {
    /// Before a write is done.
    Before,
    /// As soon as it is done.
    After,
    /// As soon as the start has done so many: what only a process knows that has lived for a while
    /// is lost.
    Seldom(u64),
}

/// Starts the command until it is through, killed at every write that no start was killed at yet.
///
/// # Panics
/// If a write was made that no start died at.
pub(super) fn dying(journey: &Journey, death: Death) -> (Left, Told) {
    let server = &journey.stage.server;
    let died = Arc::new(Mutex::new(BTreeSet::new()));
    let before = server.calls().len();
    let (left, told) = journeyed(journey, |journey| {
        let when = match death {
            Death::Seldom(writes) => When::Write(writes),
            Death::Before | Death::After => new_write(&died),
        };
        server.stop(when, !matches!(death, Death::Before));
        let end = start(journey);
        server.behave();
        end
    });
    if !matches!(death, Death::Seldom(_)) {
        let died = died.lock().unwrap();
        assert_eq!(died.len() as u64, told.deaths);
        let mut calls = server.calls().split_off(before);
        calls.retain(|it| it.nature.writes > 0 && !died.contains(&call::of(it)));
        let lines: Vec<String> = calls.iter().map(Call::line).collect();
        assert!(lines.is_empty(), "nobody died at {lines:?}");
    }
    (left, told)
}

/// A write that is not among those that a start died at, and is from now on.
fn new_write(died: &Arc<Mutex<BTreeSet<String>>>) -> When {
    let died = Arc::clone(died);
    When::Where(Box::new(move |call| {
        call.nature.writes > 0 && died.lock().unwrap().insert(call::of(call))
    }))
}

/// Starts the command until it is through; `start` is one start.
pub(super) fn journeyed(journey: &Journey, mut start: impl FnMut(&Journey) -> End) -> (Left, Told) {
    let mut told = Told::default();
    let before = writes(journey);
    loop {
        told.starts += 1;
        assert!(told.starts < MOST, "it is never through: {told:?}");
        match start(journey) {
            End::Killed => told.deaths += 1,
            End::Itself(code, text) if journey.is_through(code, &text) => break,
            End::Itself(code, text) => {
                assert!(matches!(code, 0 | 1 | 3), "{code}: {text}");
                if code == 1 {
                    journey.rest();
                }
            }
        }
    }
    told.writes = writes(journey) - before;
    left::assert_asked_once(&journey.stage);
    (journey.left(), told)
}

/// One start, which is killed where the forge stops.
pub(super) fn start(journey: &Journey) -> End {
    let server = &journey.stage.server;
    let mut child = journey.command().spawn().unwrap();
    let begun = Instant::now();
    loop {
        if server.wait_until_stopped(TICK) {
            child.kill().unwrap();
            child.wait().unwrap();
            server.go_on();
            return End::Killed;
        }
        if child.try_wait().unwrap().is_some() {
            break;
        }
        assert!(begun.elapsed() < SOON, "it hangs");
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    End::Itself(output.status.code().unwrap(), text)
}

fn writes(journey: &Journey) -> u64 {
    let calls = journey.stage.server.calls().into_iter();
    calls.filter(|it| it.nature.writes > 0).count() as u64
}
