//! Ends that PID 1 brings about: nothing survives, and the cause is named.

use std::time::{Duration, Instant};

use fullsend_init::{Ending, KilledBy, Order};

use crate::sandbox::{Sandbox, count, in_namespace, mark, read, wait_until};

/// Grandchildren in sessions of their own that ignore SIGTERM, as does the agent.
const STUBBORN: &str = "trap '' TERM HUP INT
    for n in 1 2 3; do setsid sh -c \"trap '' TERM; while :; do sleep 0.05; done # $MARK\" & done
    touch $FOLDER/ready
    while :; do sleep 0.05; done # $MARK";

fn stubborn(flags: &[&str], word: &str) -> Sandbox {
    let sandbox = Sandbox::start_with(flags, &["sh", "-c", STUBBORN], |init| {
        init.env("MARK", word);
    });
    sandbox.wait_for("ready");
    wait_until("the tree", || count(word) >= 3);
    sandbox
}

#[test]
fn a_time_out_ends_a_tree_that_ignores_sigterm() {
    let began = Instant::now();
    let finished = stubborn(
        &["--timeout-ms", "700", "--grace-ms", "300"],
        &mark("timeout"),
    )
    .finish();
    assert_eq!(count(&mark("timeout")), 0);
    assert_eq!(finished.record.killed_by, KilledBy::Timeout);
    assert_eq!(finished.code, Some(124));
    assert!(
        finished.record.wall >= Duration::from_secs(1),
        "{:?}",
        finished.record
    );
    assert!(began.elapsed() < Duration::from_secs(4));
    assert_ne!(finished.record.agent_oom, Some(true));
}

#[test]
fn a_time_out_lets_the_tree_tidy_up() {
    let script = "trap 'exit 3' TERM; setsid sh -c 'trap \"sleep 0.2; touch $FOLDER/tidy; exit\" TERM; \
        while :; do sleep 0.01; done' & while :; do sleep 0.01; done";
    let finished = Sandbox::shell(&["--timeout-ms", "300", "--grace-ms", "20000"], script).finish();
    assert_eq!(finished.record.killed_by, KilledBy::Timeout);
    assert!(finished.folder.join("tidy").exists());
    assert!(matches!(finished.record.ending, Ending::Waited(status) if status.code() == Some(3)));
    assert!(finished.record.wall < Duration::from_secs(2));
}

#[test]
fn a_stopped_agent_times_out_too() {
    let flags = ["--timeout-ms", "200", "--grace-ms", "5000"];
    let finished = Sandbox::shell(&flags, "kill -STOP $$").finish();
    assert_eq!(finished.record.killed_by, KilledBy::Timeout);
    assert!(finished.record.wall < Duration::from_secs(2));
}

#[test]
fn a_lost_cli_ends_the_tree_at_once() {
    let mut sandbox = stubborn(&["--grace-ms", "60000"], &mark("gone"));
    let began = Instant::now();
    drop(sandbox.stream);
    wait_until("the tree's end", || count(&mark("gone")) == 0);
    assert!(began.elapsed() < Duration::from_secs(2));
    sandbox.child.wait().unwrap();
}

#[test]
fn a_mad_cli_is_a_lost_one() {
    use std::io::Write as _;
    let mut sandbox = stubborn(&[], &mark("mad"));
    sandbox.stream.write_all(&[b'x'; 4096]).unwrap();
    let finished = sandbox.finish();
    assert_eq!(finished.record.killed_by, KilledBy::CliGone);
    assert_eq!(count(&mark("mad")), 0);
}

#[test]
fn terminate_grants_a_grace_and_then_kills() {
    let mut sandbox = stubborn(&[], &mark("terminate"));
    sandbox.order(Order::Terminate {
        signal: 2,
        grace: Duration::from_millis(300),
    });
    let began = Instant::now();
    let finished = sandbox.finish();
    assert!(began.elapsed() >= Duration::from_millis(300));
    assert_eq!(finished.record.killed_by, KilledBy::Terminate(2));
    assert_eq!(finished.code, Some(130));
    assert_eq!(count(&mark("terminate")), 0);
}

#[test]
fn terminate_waits_for_the_group_and_not_for_daemons() {
    let script = "setsid sleep 60 & sh -c 'trap \"sleep 0.2; touch $FOLDER/tidy; exit\" INT; \
        touch $FOLDER/ready; while :; do sleep 0.01; done'; exit 1";
    let mut sandbox = Sandbox::shell(&[], script);
    sandbox.wait_for("ready");
    sandbox.order(Order::Terminate {
        signal: 2,
        grace: Duration::from_secs(30),
    });
    let began = Instant::now();
    let finished = sandbox.finish();
    assert!(finished.folder.join("tidy").exists());
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn kill_does_not_wait() {
    let mut sandbox = stubborn(&[], &mark("kill"));
    sandbox.order(Order::Terminate {
        signal: 15,
        grace: Duration::from_mins(1),
    });
    sandbox.order(Order::Kill);
    let finished = sandbox.finish();
    assert_eq!(finished.record.killed_by, KilledBy::Terminate(15));
    assert_eq!(count(&mark("kill")), 0);
}

#[test]
fn what_the_agent_leaves_behind_dies_with_it() {
    let daemon = format!(
        "trap '' TERM HUP; while :; do sleep 0.05; done # {}",
        mark("left")
    );
    let script = format!("setsid sh -c \"{daemon}\" & sleep 0.1; exit 5");
    let finished = Sandbox::shell(&[], &script).finish();
    assert_eq!(finished.code, Some(5));
    assert_eq!(count(&mark("left")), 0);
    assert_eq!(finished.record.killed_by, KilledBy::Nobody);
}

#[test]
fn orphans_are_reaped_while_the_agent_runs() {
    let script = "for n in 1 2 3 4 5 6 7 8; do (true & true & true &) ; done; sleep 0.3; \
        ps -e -o stat= | grep -c Z";
    assert_eq!(Sandbox::shell(&[], script).finish().output.trim(), "0");
}

#[test]
fn signals_to_pid_1_are_the_agents() {
    for (name, number) in [
        ("TERM", 15),
        ("INT", 2),
        ("HUP", 1),
        ("USR1", 10),
        ("WINCH", 28),
    ] {
        let script =
            format!("trap 'exit 9' {name}; touch $FOLDER/ready; while :; do sleep 0.01; done");
        let sandbox = Sandbox::shell(&[], &script);
        sandbox.wait_for("ready");
        let pid = sandbox.pid().to_string();
        let sent = crate::sandbox::command("kill")
            .args([&format!("-{number}"), &pid])
            .status();
        assert!(sent.unwrap().success());
        let finished = sandbox.finish();
        assert_eq!(
            (finished.code, finished.record.killed_by),
            (Some(9), KilledBy::Nobody),
            "{name}"
        );
    }
}

#[test]
fn an_idle_agent_costs_next_to_nothing() {
    let sandbox = Sandbox::shell(&[], "touch $FOLDER/ready; sleep 2");
    sandbox.wait_for("ready");
    let pid = sandbox.pid();
    std::thread::sleep(Duration::from_millis(1500));
    let text = read(std::path::Path::new(&format!("/proc/{pid}/stat")));
    let fields: Vec<&str> = text
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let ticks: u32 = fields[11].parse::<u32>().unwrap() + fields[12].parse::<u32>().unwrap();
    assert!(ticks <= 3, "{ticks} clock ticks in 1.5 s");
    assert_eq!(sandbox.finish().code, Some(0));
}

#[test]
fn without_anyone_to_tell_the_code_is_still_right() {
    let status = in_namespace()
        .args(["run", "--", "sh", "-c", "exit 3"])
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(3));
}
