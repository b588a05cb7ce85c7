//! Killed at every write, and at every kind of answer that says nothing: the next start comes to the
//! same end, without a second request and without a lost repository.

use std::time::Duration;

use fullsend_testkit::forge::{Mishap, When};

use super::*;

const REPOSITORIES: usize = 50;
const SOON: Duration = Duration::from_mins(1);

/// The undisturbed end, and how many writes it took.
fn undisturbed() -> (BTreeMap<String, String>, u64) {
    let stage = Stage::new(REPOSITORIES);
    let (_, code) = stage.document("enroll");
    assert_eq!(code, 0);
    (stage.left(), stage.server.counts().writing)
}

/// Kills an enrolment at every write of `numbers`, right before or after it is done.
fn killed(numbers: impl Iterator<Item = u64>, done: bool) {
    let (wanted, _) = undisturbed();
    for number in numbers {
        let stage = Stage::new(REPOSITORIES);
        stage.server.stop_at_write(number, done);
        let mut enroll = stage.spawn("enroll");
        assert!(stage.server.wait_until_stopped(SOON), "write {number}");
        enroll.kill().unwrap();
        enroll.wait().unwrap();
        stage.server.go_on();
        let output = stage.run("enroll");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "after write {number}: {text}");
        assert_eq!(stage.left(), wanted, "after write {number}");
    }
}

#[test]
fn killed_before_any_write() {
    let (_, writes) = undisturbed();
    killed(1..=writes, false);
}

#[test]
fn killed_after_any_write() {
    let (_, writes) = undisturbed();
    killed(1..=writes, true);
}

#[test]
fn any_answer_that_says_nothing() {
    let (wanted, writes) = undisturbed();
    let step = (writes / 5).max(1);
    for number in (1..=writes).step_by(usize::try_from(step).unwrap()) {
        for mishap in [
            Mishap::status(500),
            Mishap::status(502).after(),
            Mishap::cut().after(),
            Mishap::status(403),
            Mishap::errors("INTERNAL", "Something went wrong").after(),
        ] {
            let stage = Stage::new(REPOSITORIES);
            let told = format!("{mishap:?} at write {number}");
            stage.server.fault(When::Write(number), mishap);
            stage.run("enroll");
            let output = stage.run("enroll");
            let text = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{told}: {text}");
            assert_eq!(stage.left(), wanted, "{told}");
        }
    }
}

#[test]
fn two_operators_at_once_make_one_request() {
    let (wanted, _) = undisturbed();
    let stage = Stage::new(REPOSITORIES);
    let other = TempDir::new().unwrap();
    let mut one = stage.spawn("enroll");
    let mut two = stage.command("enroll");
    let two = two.env("HOME", other.path()).output().unwrap();
    assert!(one.wait().unwrap().success() && two.status.success());
    assert_eq!(stage.left(), wanted);
}
