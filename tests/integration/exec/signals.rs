//! Signals to the CLI, and its sudden death.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::bench::{Bench, docker, within};

const SIGNALS: [(Signal, &str, u8); 4] = [
    (Signal::HUP, "HUP", 1),
    (Signal::INT, "INT", 2),
    (Signal::QUIT, "QUIT", 3),
    (Signal::TERM, "TERM", 15),
];

#[test]
fn a_signal_reaches_the_agent_and_the_run_is_interrupted() {
    let bench = Bench::new();
    for (signal, name, number) in SIGNALS {
        let script =
            format!("trap 'echo got; exit 0' {name}; echo ready; while :; do sleep 0.1; done");
        let running = bench.shell(&script).start();
        running.until_stdout("ready");
        running.signal(signal);
        let ended = running.wait();
        ended.is(
            128 + number,
            &json!({"kind": "interrupted", "signal": number}),
        );
        ended.wrote("ready\ngot\n");
        ended.said(&format!("t: interrupted by SIG{name} after "));
    }
}

#[test]
fn after_the_grace_the_tree_is_killed() {
    let bench = Bench::new();
    let script = format!(
        "trap '' TERM; setsid sh -c \"trap '' TERM; while :; do sleep 1; done; echo {0}\" & \
         echo ready; while :; do sleep 1; done; echo {0}",
        bench.mark
    );
    let running = bench.shell(&script).args(["--grace", "1s"]).start();
    running.until_stdout("ready");
    let sent = Instant::now();
    running.signal(Signal::TERM);
    let ended = running.wait();
    ended.is(143, &json!({"kind": "interrupted", "signal": 15}));
    let took = sent.elapsed();
    assert!((1.0..4.0).contains(&took.as_secs_f64()), "{took:?}");
    assert_eq!(bench.marked_processes(), 0);
}

#[test]
fn a_second_signal_kills_at_once() {
    let bench = Bench::new();
    let script = "trap '' INT TERM; echo ready; while :; do sleep 0.1; done";
    let running = bench.shell(script).args(["--grace", "60s"]).start();
    running.until_stdout("ready");
    running.signal(Signal::INT);
    std::thread::sleep(Duration::from_millis(200));
    let sent = Instant::now();
    running.signal(Signal::TERM);
    let ended = running.wait();
    ended.is(130, &json!({"kind": "interrupted", "signal": 2}));
    assert!(
        sent.elapsed() < Duration::from_secs(3),
        "{:?}",
        sent.elapsed()
    );
}

#[test]
fn a_signal_at_any_moment_leaves_nothing_behind() {
    let bench = Bench::new();
    bench.shell("exit 0").run().exited(0);
    for delay in [1, 20, 40, 50, 55, 60, 65, 70, 80, 100, 150, 200, 300] {
        let running = bench.shell("sleep 30").start();
        std::thread::sleep(Duration::from_millis(delay));
        running.signal(Signal::TERM);
        let ended = running.wait();
        if ended.signal == Some(15) {
            // Before the program listens, the signal is its end, and there is nothing yet.
            assert!(delay <= 100, "{delay} ms");
            assert_eq!(ended.report, Value::Null);
            continue;
        }
        ended.is(143, &json!({"kind": "interrupted", "signal": 15}));
        assert!(
            ended.took < Duration::from_secs(8),
            "{delay}: {:?}",
            ended.took
        );
    }
    let left = docker(&[
        "ps",
        "-aq",
        "--filter",
        &format!("ancestor={}", ancestor(&bench)),
    ]);
    assert_eq!(left, "");
}

fn ancestor(bench: &Bench) -> String {
    let report = bench.shell("exit 0").run().report;
    let digest = report["image"]["digest"].as_str().unwrap();
    format!("{}@{digest}", bench.repository("agent"))
}

#[test]
fn the_agent_does_not_outlive_its_cli() {
    let bench = Bench::new();
    let script = format!(
        "trap '' TERM HUP INT; setsid sh -c \"trap '' TERM; while :; do sleep 0.2; done; echo {0}\" & \
         echo ready; while :; do sleep 0.2; done; echo {0}",
        bench.mark
    );
    let mut dying = bench.shell(&script).start();
    let living = bench.shell("echo ready; read x; exit 9").start();
    dying.until_stdout("ready");
    living.until_stdout("ready");
    let (left, kept) = (dying.container(), living.container());
    within(Duration::from_secs(2), "the tree is there", || {
        bench.marked_processes() >= 2
    });
    dying.child.kill().unwrap();
    dying.child.wait().unwrap();
    within(Duration::from_secs(2), "the agent is dead", || {
        bench.marked_processes() == 0
    });
    let reaped = bench.fullsend(["exec", "--reap", "--format", "json"]);
    assert_eq!(reaped.status.code(), Some(0));
    let reaped: Value = serde_json::from_slice(&reaped.stdout).unwrap();
    let has = |list: &str, id: &str| reaped[list].as_array().unwrap().contains(&json!(id));
    assert!(has("removed", &left) && !has("kept", &left), "{reaped}");
    assert!(has("kept", &kept) && !has("removed", &kept), "{reaped}");
    let present = docker(&["ps", "-aq", "--no-trunc"]);
    assert!(!present.contains(&left) && present.contains(&kept));
    living.wait().exited(9);
}

#[test]
fn a_stopped_container_of_a_living_cli_is_kept() {
    let bench = Bench::new();
    // A stopped CLI cannot take note of its container's end; it lives all the same.
    let running = bench.shell("echo ready; sleep 0.5; exit 4").start();
    running.until_stdout("ready");
    let id = running.container();
    running.signal(Signal::STOP);
    within(Duration::from_secs(10), "the container has ended", || {
        docker(&["inspect", "-f", "{{.State.Running}}", &id]) == "false\n"
    });
    let reaped = bench.fullsend(["exec", "--reap", "--format", "json"]);
    let reaped: Value = serde_json::from_slice(&reaped.stdout).unwrap();
    assert!(
        reaped["kept"].as_array().unwrap().contains(&json!(id)),
        "{reaped}"
    );
    running.signal(Signal::CONT);
    running.wait().exited(4);
}
