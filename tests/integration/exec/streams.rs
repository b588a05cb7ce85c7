//! The agent's streams: byte for byte, apart, and with their ends.

use std::{
    io::{Read as _, Write as _},
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::json;

use super::bench::{Bench, command};

#[test]
fn fifty_mebibytes_each_way() {
    let bench = Bench::new();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let input: Vec<u8> = std::iter::repeat_with(|| {
        // Every byte value, and no pattern that a frame's length could fit.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
    .take((50 << 20) / 8)
    .flatten()
    .collect();
    let ended = bench.exec("t").command(["cat"]).run_with(&input);
    ended.exited(0);
    assert!(
        ended.stdout == input,
        "{} bytes came back",
        ended.stdout.len()
    );
}

#[test]
fn stdout_is_the_agents_alone() {
    let bench = Bench::new();
    let ended = bench.shell("printf 'out\\000\\377'; printf err >&2").run();
    ended.exited(0);
    assert_eq!(ended.stdout, b"out\0\xff");
    assert!(
        ended.stderr.contains("\nerrt: done after "),
        "{}",
        ended.stderr
    );
    let ended = bench.shell("exit 0").args(["-q"]).run();
    ended.exited(0).wrote("");
    assert_eq!(ended.stderr, "");
}

#[test]
fn the_end_of_stdin_is_passed_on() {
    let bench = Bench::new();
    bench.shell("wc -c").run_with(b"").exited(0).wrote("0\n");
    bench
        .shell("wc -c")
        .run_with(b"12345")
        .exited(0)
        .wrote("5\n");
    // Input that nobody reads keeps nothing.
    let input = vec![0; 4 << 20];
    bench.shell("exit 6").run_with(&input).exited(6);
}

#[test]
fn an_agent_need_not_wait_for_the_end_of_stdin() {
    let bench = Bench::new();
    let mut running = bench.shell("read line; echo got $line; exit 3").start();
    let mut stdin = running.stdin.take().unwrap();
    stdin.write_all(b"one\n").unwrap();
    running.until_stdout("got one");
    running.wait().exited(3);
    drop(stdin);
}

#[test]
fn output_is_not_buffered() {
    let bench = Bench::new();
    let mut running = bench.shell("printf a; read x; printf b").start();
    running.until_stdout("a");
    running.stdin.take().unwrap().write_all(b"\n").unwrap();
    running.wait().exited(0).wrote("ab");
}

#[test]
fn a_reader_that_leaves_ends_the_run() {
    let bench = Bench::new();
    let exec = bench.exec("t").command(["yes"]);
    let report = exec.report_path().to_owned();
    let mut child = exec
        .process()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut first = [0; 2];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"y\n");
    drop(stdout);
    let gone = Instant::now();
    let status = child.wait().unwrap();
    assert!(
        gone.elapsed() < Duration::from_secs(3),
        "{:?}",
        gone.elapsed()
    );
    assert_eq!(status.code(), Some(141));
    let report = super::bench::read(&report).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        report["outcome"],
        json!({"kind": "interrupted", "signal": 13})
    );
}

#[test]
fn a_pipe_into_head_ends_at_once() {
    let bench = Bench::new();
    let words = bench.exec("t").command(["yes"]).words().join(" ");
    let started = Instant::now();
    let output = command("sh")
        .args(["-c", &format!("{words} </dev/null 2>/dev/null | head -n 1")])
        .current_dir(bench.folder.path())
        .output()
        .unwrap();
    assert_eq!(output.stdout, b"y\n");
    assert!(started.elapsed() < Duration::from_secs(8));
}

#[test]
fn closed_streams_are_no_hindrance() {
    let bench = Bench::new();
    let words = bench.shell("cat; echo x; exit 5").words();
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!("{} <&- >&- 2>&-", quoted.join(" "));
    let status = command("sh")
        .args(["-c", &script])
        .current_dir(bench.folder.path())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(5));
}

#[test]
fn json_has_no_place_beside_an_agents_output() {
    let bench = Bench::new();
    let ended = bench.shell("echo ran").args(["--format", "json"]).run();
    ended.is(
        2,
        &json!({"kind": "launch_failed", "reason": "usage_error"}),
    );
    ended.wrote("").said("--report");
}
