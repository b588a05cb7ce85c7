//! Arguments and `fullsend.yaml` that make no sense: said before anything is launched, and
//! reported.

use jiff::Timestamp;
use serde_json::json;

use super::{
    bench::{Bench, events},
    process::{Ended, Exec},
};

/// Runs what must be a usage error with `text` on stderr.
#[track_caller]
fn usage(exec: Exec, text: &str) -> Ended {
    let ended = exec.run();
    ended.is(
        2,
        &json!({"kind": "launch_failed", "reason": "usage_error"}),
    );
    ended.wrote("").said(text);
    ended
}

#[test]
fn a_report_that_has_nowhere_to_go_is_said_before_the_launch() {
    let bench = Bench::new();
    let since = Timestamp::now();
    for (path, message) in [
        ("/no/such/folder/report.json", "could not "),
        ("/proc/report.json", "could not "),
        (".", ". is not a regular file"),
    ] {
        let ended = bench.shell("echo ran").report_at(path).run();
        assert_eq!(ended.code, Some(2), "{path}: {}", ended.stderr);
        ended.wrote("").said(&format!("error: {message}"));
    }
    assert_eq!(events(since, &bench.mark), Vec::<String>::new());
}

#[test]
fn an_unknown_agent_is_answered_with_the_known() {
    let bench = Bench::new();
    bench.configure(
        "example.com/x:1",
        "  reviewer: {memory: 64MiB, cpus: 1, timeout: 1m}",
    );
    let ended = usage(bench.exec("reviewr"), "reviewr");
    ended.said("reviewer");
    assert_eq!(ended.report["agent"], "reviewr");
}

#[test]
fn a_file_with_mistakes_is_shown_with_the_place() {
    let bench = Bench::new();
    for (text, place) in [
        ("", "fullsend.yaml"),
        ("version: 1\nimagee: x\n", "fullsend.yaml:2:1"),
        ("version: 1\nversion: 1\n", "fullsend.yaml:2:1"),
        ("version: 2\n", "fullsend.yaml:1:10"),
        (
            "version: 1\nagents:\n  t: {memory: 2Gigs}\n",
            "fullsend.yaml:3:",
        ),
        (
            "version: 1\nagents:\n  t: {timeout: 0s}\n",
            "fullsend.yaml:3:",
        ),
        ("\0", "fullsend.yaml"),
    ] {
        bench.write("fullsend.yaml", text);
        let ended = usage(bench.exec("t"), place);
        assert!(
            ended.report["reason"]
                .as_str()
                .unwrap()
                .contains("fullsend.yaml")
        );
    }
}

#[test]
fn a_file_that_is_too_large_or_none() {
    let bench = Bench::new();
    bench.write("fullsend.yaml", vec![b'#'; 10 << 20]);
    let ended = usage(bench.exec("t"), "fullsend.yaml");
    assert!(ended.stderr.len() < 500, "{}", ended.stderr);
    std::fs::remove_file(bench.path("fullsend.yaml")).unwrap();
    usage(bench.exec("triage"), "no image is named");
    usage(bench.exec("t"), "triage");
    usage(bench.exec("t").args(["--config", "none.yaml"]), "none.yaml");
    std::fs::create_dir(bench.path("fullsend.yaml")).unwrap();
    usage(bench.exec("t"), "fullsend.yaml");
}

#[test]
fn a_default_agent_needs_no_file() {
    let bench = Bench::new();
    let image = bench.signed("other", &super::bench::busybox());
    std::fs::remove_file(bench.path("fullsend.yaml")).unwrap();
    let triage = || {
        let exec = bench.exec("triage").command(["sh", "-c", "exit 8"]);
        exec.args(["--image", &image])
    };
    usage(triage(), "there is no policy");
    let ended = triage()
        .args(["--key", "cosign.pub", "--insecure-ignore-tlog"])
        .run();
    ended.exited(8);
    assert_eq!(
        ended.report["config"],
        json!({"path": null, "sha256": null, "ref": null})
    );
    assert_eq!(ended.report["limits"]["timeout_seconds"], 300.0);
    // A key's signature that is in no log is not accepted without saying so.
    let ended = triage().args(["--key", "cosign.pub"]).run();
    assert_eq!(
        ended.report["outcome"]["kind"], "refused",
        "{}",
        ended.stderr
    );
}

#[test]
fn the_file_is_found_from_below() {
    let bench = Bench::new();
    let below = bench.path("a/b");
    std::fs::create_dir_all(&below).unwrap();
    let status = bench.shell("exit 9").process().current_dir(&below).status();
    assert_eq!(status.unwrap().code(), Some(9));
    std::fs::create_dir(bench.path("a/.git")).unwrap();
    let status = bench.shell("exit 9").process().current_dir(&below).status();
    assert_eq!(status.unwrap().code(), Some(2));
}

#[test]
fn arguments_that_make_no_sense_are_reported() {
    let bench = Bench::new();
    usage(bench.shell("x").args(["--env", "A=secret"]), "--env");
    usage(
        bench.shell("x").args(["--no-such-option"]),
        "--no-such-option",
    );
    usage(bench.shell("x").args(["--memory", "1"]), "--memory");
    usage(bench.shell("x").args(["--timeout", "5"]), "--timeout");
    usage(bench.shell("x").args(["--user", "me"]), "--user");
    usage(bench.shell("x").args(["--image", "UPPER"]), "--image");
    usage(bench.shell("x").args(["--runtime", "native"]), "docker");
    let ended = usage(bench.shell("x").args(["--env", "A=secret"]), "--env");
    assert!(
        !ended.report.to_string().contains("secret"),
        "{}",
        ended.report
    );
}

#[test]
fn a_dry_run_prints_the_plan_and_launches_nothing() {
    let bench = Bench::new();
    let since = Timestamp::now();
    let output = bench
        .shell("echo ran")
        .args(["--dry-run", "--format", "json"])
        .process()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(plan["command"], json!(["sh", "-c", "echo ran"]));
    assert_eq!(events(since, &bench.mark), Vec::<String>::new());
}
