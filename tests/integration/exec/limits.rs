//! Limits, as they are kept, lowered and reported; and many runs at once.

use serde_json::json;

use super::bench::Bench;

#[test]
fn more_than_the_machine_has_is_lowered_and_said() {
    let bench = Bench::new();
    let ended = bench
        .shell("exit 0")
        .args(["--cpus", "1000", "--memory", "16TiB"])
        .run();
    ended
        .exited(0)
        .said("warning: cpus lowered from 1000 to the machine's ");
    ended.said("warning: memory lowered from 16 TiB to ");
    let limits = &ended.report["limits"];
    let requested = json!({"cpus": 1000.0, "memory_bytes": 16_u64 << 40});
    assert_eq!(limits["requested"], requested);
    let machine: f64 = super::bench::docker(&["info", "-f", "{{.NCPU}}"])
        .trim()
        .parse()
        .unwrap();
    assert_eq!(limits["cpus"], machine);
    let machine: u64 = super::bench::docker(&["info", "-f", "{{.MemTotal}}"])
        .trim()
        .parse()
        .unwrap();
    assert_eq!(limits["memory_bytes"], machine - (512 << 20));
    let within = bench.shell("exit 0").run();
    assert_eq!(within.report["limits"]["requested"], json!(null));
}

#[test]
fn strict_limits_refuse_instead() {
    let bench = Bench::new();
    for (option, value) in [("--cpus", "1000"), ("--memory", "16TiB")] {
        let ended = bench
            .shell("echo ran")
            .args([option, value, "--strict-limits"])
            .run();
        ended.is(
            125,
            &json!({"kind": "launch_failed", "reason": "runtime_unsuitable"}),
        );
        ended.wrote("");
        assert_eq!(ended.report["runtime"]["container_id"], json!(null));
    }
    bench
        .shell("exit 7")
        .args(["--strict-limits"])
        .run()
        .exited(7);
}

#[test]
fn the_process_limit_is_kept_and_counted() {
    let bench = Bench::new();
    let script = "for n in $(seq 60); do sleep 5 & done 2>/dev/null; exit 7";
    let ended = bench.shell(script).args(["--pids", "20"]).run();
    // A shell that cannot fork gives up.
    ended.is(2, &json!({"kind": "exited", "code": 2}));
    assert_eq!(ended.report["limits"]["pids"], 20);
    assert!(ended.report["usage"]["pids_limit_hits"].as_u64().unwrap() > 0);
    bench.shell(script).args(["--pids", "100"]).run().exited(7);
}

#[test]
fn the_networks_are_the_ones_asked_for() {
    let bench = Bench::new();
    let script = "ls /sys/class/net | grep -c eth0";
    bench.shell(script).run().exited(0).wrote("1\n");
    let ended = bench.shell(script).args(["--network", "none"]).run();
    ended.exited(1).wrote("0\n");
    assert_eq!(ended.report["network"], "none");
    let ended = bench
        .shell("echo ran")
        .args(["--network", "no-such-network"])
        .run();
    assert_eq!(
        ended.report["outcome"]["kind"], "launch_failed",
        "{}",
        ended.stderr
    );
    assert_eq!(ended.code, Some(125));
    ended.wrote("").said("no-such-network");
}

#[test]
fn twenty_at_once() {
    let bench = Bench::new();
    bench.shell("exit 0").run().exited(0);
    let running: Vec<_> = (1..=20_u8)
        .map(|number| {
            let script = match number % 4 {
                0 => "sleep 0.3; kill -SEGV $$".to_owned(),
                1 => "sleep 60".to_owned(),
                _ => format!("cat; echo {number}; exit {number}"),
            };
            let timeout = if number % 4 == 1 { "5s" } else { "60s" };
            let exec = bench
                .shell(&script)
                .args(["--timeout", timeout, "--grace", "1s"]);
            (number, exec.start())
        })
        .collect();
    let mut ids = Vec::new();
    for (number, run) in running {
        let ended = run.wait();
        match number % 4 {
            0 => ended.is(139, &json!({"kind": "signaled", "signal": 11})),
            1 => ended.is(124, &json!({"kind": "timeout", "after_seconds": 5.0})),
            _ => ended.exited(number).wrote(&format!("{number}\n")),
        };
        ids.push(ended.report["runtime"]["container_id"].to_string());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 20);
}
