//! Every kind of end in the contract's table: exit code, report and closing line.

use std::time::Duration;

use serde_json::{Value, json};

use super::bench::{Bench, docker, within};

#[test]
fn an_exit_code_is_the_agents() {
    let bench = Bench::new();
    for code in [0, 7, 137] {
        let ended = bench.shell(&format!("echo out; exit {code}")).run();
        ended.exited(code).wrote("out\n");
        let closing = match code {
            0 => "t: done after ".to_owned(),
            code => format!("t: exited with code {code} after "),
        };
        assert!(ended.closing().starts_with(&closing), "{}", ended.stderr);
    }
}

#[test]
fn the_report_tells_the_whole_run() {
    let bench = Bench::new();
    let report = bench.shell("exit 7").run().report;
    let is = |pointer: &str, value: Value| {
        assert_eq!(report.pointer(pointer), Some(&value), "{pointer}");
    };
    is("/schema_version", json!(1));
    is("/agent", json!("t"));
    is("/verification/verdict", json!("verified"));
    is("/verification/rule", json!(0));
    is("/verification/method", json!("key"));
    is("/verification/format", json!("bundle"));
    is("/verification/identity", json!(bench.key.fingerprint()));
    is("/verification/issuer", Value::Null);
    is("/verification/logged_at", Value::Null);
    is("/image/platform", json!("linux/amd64"));
    is("/runtime/name", json!("docker"));
    is("/runtime/record_trust", json!("full"));
    is("/command", json!(["sh", "-c", "exit 7"]));
    is("/network", json!("bridge"));
    is("/limits/memory_bytes", json!(64 << 20));
    is("/limits/pids", json!(64));
    is("/limits/cpus", json!(1.0));
    is("/limits/timeout_seconds", json!(60.0));
    is("/usage/pids_limit_hits", json!(0));
    let image = &report["image"];
    let requested = image["requested"].as_str().unwrap();
    assert!(requested.ends_with(image["digest"].as_str().unwrap()));
    assert_eq!(image["digest"], image["manifest_digest"]);
    for pointer in ["/usage/wall_seconds", "/usage/cpu_seconds"] {
        assert!(report.pointer(pointer).unwrap().as_f64().unwrap() < 10.0);
    }
    assert!(report["usage"]["memory_peak_bytes"].as_u64().unwrap() > 100_000);
    for step in ["resolve", "verify", "pull", "launch"] {
        assert!(report["timings_ms"][step].is_u64(), "{step}");
    }
    assert_eq!(report["config"]["sha256"].as_str().unwrap().len(), 64);
    for time in ["started_at", "finished_at"] {
        let time: jiff::Timestamp = report[time].as_str().unwrap().parse().unwrap();
        assert!(time.duration_until(jiff::Timestamp::now()).as_secs() < 60);
    }
}

#[test]
fn a_report_follows_its_schema() {
    let bench = Bench::new();
    let output = bench.fullsend(["schema", "report"]).stdout;
    let schema: Value = serde_json::from_slice(&output).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for ended in [
        bench.shell("exit 7").run(),
        bench.exec("absent").run(),
        bench.exec("t").command(["/missing"]).run(),
    ] {
        let errors: Vec<String> = validator
            .iter_errors(&ended.report)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}

#[test]
fn a_signal_of_its_own_is_named() {
    let bench = Bench::new();
    for (name, number) in [("KILL", 9), ("SEGV", 11), ("TERM", 15)] {
        let ended = bench.shell(&format!("kill -{name} $$")).run();
        ended.is(128 + number, &json!({"kind": "signaled", "signal": number}));
        let closing = format!("t: killed by SIG{name} after ");
        assert!(ended.closing().starts_with(&closing), "{}", ended.stderr);
    }
}

#[test]
fn after_the_time_out_nothing_survives() {
    let bench = Bench::new();
    let script = format!(
        "trap '' TERM; for n in 1 2 3; do setsid sh -c \
         \"trap '' TERM; while :; do sleep 1; done; echo {0}\" & done; \
         echo ready; while :; do sleep 1; done; echo {0}",
        bench.mark
    );
    let running = bench
        .shell(&script)
        .args(["--timeout", "2s", "--grace", "1s"])
        .start();
    running.until_stdout("ready");
    // Four shells that name the mark; without them the check below would prove nothing.
    within(Duration::from_secs(2), "the tree is there", || {
        bench.marked_processes() >= 4
    });
    let ended = running.wait();
    ended.is(124, &json!({"kind": "timeout", "after_seconds": 2.0}));
    assert_eq!(
        ended.closing(),
        "t: timed out after 2.0 s: raise agents.t.timeout"
    );
    assert_eq!(bench.marked_processes(), 0);
    let wall = ended.report["usage"]["wall_seconds"].as_f64().unwrap();
    assert!((2.9..6.0).contains(&wall), "{wall}");
}

#[test]
fn a_tree_that_obeys_sigterm_is_out_of_time_all_the_same() {
    let bench = Bench::new();
    let script = "trap 'echo bye; exit 0' TERM; while :; do sleep 0.1; done";
    let ended = bench.shell(script).args(["--timeout", "1s"]).run();
    ended.is(124, &json!({"kind": "timeout", "after_seconds": 1.0}));
    ended.wrote("bye\n");
    assert!(ended.took < Duration::from_secs(4), "{:?}", ended.took);
}

#[test]
fn memory_kills_the_agent() {
    let bench = Bench::new();
    let ended = bench
        .exec("t")
        .args(["--memory", "32MiB"])
        .command(["tail", "/dev/zero"])
        .run();
    ended.is(137, &json!({"kind": "oom_agent"}));
    let closing = ended.closing();
    assert!(
        closing.starts_with("t: killed for memory after "),
        "{closing}"
    );
    assert!(
        closing.ends_with("(limit 32 MiB): raise agents.t.memory"),
        "{closing}"
    );
    let peak = ended.report["usage"]["memory_peak_bytes"].as_u64().unwrap();
    assert!((20 << 20..=32 << 20).contains(&peak), "{peak}");
}

#[test]
fn memory_kills_a_process_below_the_agent() {
    // The shell waits when it happens: were it short of memory itself, it would die as well.
    let bench = Bench::new();
    let ended = bench
        .shell("(sleep 1; exec tail /dev/zero) & sleep 3; exit 5")
        .args(["--memory", "32MiB"])
        .run();
    ended.is(5, &json!({"kind": "oom_descendant", "code": 5}));
    ended.said("a process of it was killed for memory (limit 32 MiB)");
    let ended = bench
        .shell("(sleep 1; exec tail /dev/zero) & sleep 3; kill -SEGV $$")
        .args(["--memory", "32MiB"])
        .run();
    ended.is(139, &json!({"kind": "oom_descendant", "signal": 11}));
}

#[test]
fn a_command_that_is_not_there() {
    let bench = Bench::new();
    for name in ["/bin/no-such", "no-such", "/etc/passwd/below"] {
        let ended = bench.exec("t").command([name]).run();
        ended.is(
            125,
            &json!({"kind": "launch_failed", "reason": "command_not_found"}),
        );
        ended.said(&format!("the command `{name}` is not in the image"));
    }
}

#[test]
fn a_command_that_is_no_program() {
    let image = super::bench::busybox()
        .file("bin/closed", "#!/bin/sh\nexit 0\n", 0o644)
        .file("bin/lost", "#!/bin/no-such-shell\n", 0o755)
        .file("bin/noise", vec![1_u8; 64], 0o755);
    let bench = Bench::with_image(&image);
    for name in [
        "/etc/passwd",
        "/bin/closed",
        "/bin/lost",
        "/bin/noise",
        "/tmp",
    ] {
        let ended = bench.exec("t").command([name]).run();
        ended.is(
            125,
            &json!({"kind": "launch_failed", "reason": "command_not_executable"}),
        );
        assert!(ended.closing().contains(name), "{}", ended.stderr);
    }
}

#[test]
fn an_image_without_a_command_needs_one() {
    let bench = Bench::new();
    let ended = bench.exec("t").run();
    ended.is(
        125,
        &json!({"kind": "launch_failed", "reason": "command_not_found"}),
    );
    ended.said("name one in agents.t.command or after --");
}

#[test]
fn a_container_that_is_killed_from_outside_is_unknown() {
    let bench = Bench::new();
    let running = bench.shell("echo ready; sleep 60").start();
    running.until_stdout("ready");
    docker(&["kill", "-s", "KILL", &running.container()]);
    let ended = running.wait();
    assert_eq!(
        ended.report["outcome"]["kind"], "unknown",
        "{}",
        ended.stderr
    );
    assert_eq!(
        (ended.code, &ended.report["exit_code"]),
        (Some(125), &json!(125))
    );
    ended.said("t: the outcome is unknown: ");
}

#[test]
fn a_container_that_is_removed_from_outside_is_unknown() {
    let bench = Bench::new();
    let running = bench.shell("echo ready; sleep 60").start();
    running.until_stdout("ready");
    docker(&["rm", "-f", &running.container()]);
    let ended = running.wait();
    assert_eq!(
        ended.report["outcome"]["kind"], "unknown",
        "{}",
        ended.stderr
    );
    assert_eq!(ended.code, Some(125));
}

#[test]
fn a_stop_from_outside_reaches_the_agent() {
    let bench = Bench::new();
    let running = bench
        .shell("trap 'exit 3' TERM; echo ready; while :; do sleep 0.1; done")
        .start();
    running.until_stdout("ready");
    docker(&["stop", "-t", "5", &running.container()]);
    running.wait().exited(3);
}
