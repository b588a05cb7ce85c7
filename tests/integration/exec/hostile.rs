//! What an agent tries, as the same user as PID 1 and under the default profile, to forge or lose
//! the truth about its end: the report stays right.

use std::{fs::File, time::Duration};

use serde_json::json;

use super::{
    bench::{Bench, busybox, command},
    process::Exec,
};

/// Runs `exec`, whose agent must be reported to have exited with 7 whatever it tried.
#[track_caller]
fn survives(exec: Exec) {
    let ended = exec.run();
    ended.exited(7);
    assert_eq!(ended.report["runtime"]["record_trust"], "full");
    assert!(ended.took < Duration::from_secs(20), "{:?}", ended.took);
}

/// As the image's root and as a plain user: both are also PID 1's.
#[track_caller]
fn both_survive(bench: &Bench, script: &str) {
    survives(bench.shell(script));
    survives(bench.shell(script).args(["--user", "1234:1234"]));
}

#[test]
fn killing_pid_1() {
    let bench = Bench::new();
    both_survive(
        &bench,
        "for s in KILL STOP SEGV ABRT TSTP TTIN HUP TERM INT QUIT USR1 CHLD PIPE ALRM; do \
         trap '' $s 2>/dev/null; kill -$s 1; done; sleep 0.2; exit 7",
    );
}

#[test]
fn killing_everything() {
    let bench = Bench::new();
    both_survive(&bench, "sleep 60 & kill -KILL -1; sleep 0.2; exit 7");
}

#[test]
fn looking_into_pid_1() {
    let bench = Bench::new();
    both_survive(
        &bench,
        "cat /proc/1/environ >/dev/null 2>&1 && exit 1; \
         for f in 0 1 2 3 4 5 6 7 8 9; do readlink /proc/1/fd/$f && exit 2; \
         { true <>/proc/1/fd/$f; } 2>/dev/null && exit 6; done; \
         cat /proc/1/maps 2>/dev/null | grep -q . && exit 3; \
         echo x 2>/dev/null >/proc/1/mem && exit 4; exit 7",
    );
}

#[test]
fn pid_1_as_the_kernels_first_victim() {
    let bench = Bench::new();
    let script = "echo 1000 2>/dev/null >/proc/1/oom_score_adj || echo no; \
        tail /dev/zero & sleep 1; exit 7";
    let ended = bench.shell(script).args(["--user", "1234:1234"]).run();
    ended.is(7, &json!({"kind": "oom_descendant", "code": 7}));
    ended.wrote("no\n");
    // The image's root may sacrifice it. That can lose the record, which is then said: it is never
    // mistaken for an end of the agent's own.
    let root = script.replace("tail", "tail /dev/zero & tail /dev/zero & tail");
    let ended = bench.shell(&root).run();
    let outcome = &ended.report["outcome"];
    match outcome["kind"].as_str().unwrap() {
        "unknown" => assert_eq!(ended.code, Some(125)),
        "oom_descendant" => assert_eq!(ended.code, Some(7)),
        _ => panic!("{outcome}"),
    }
    ended.wrote("").said("killed for memory");
}

#[test]
fn tracing_pid_1() {
    let bench = with_intruder();
    both_survive(&bench, "intruder ptrace && intruder memory && exit 7");
}

#[test]
fn forging_a_record_over_the_socket() {
    let bench = with_intruder();
    both_survive(&bench, "intruder forge & intruder forge; exit 7");
    survives(bench.shell("setsid intruder forge & sleep 0.1; exit 7"));
}

#[test]
fn overwriting_what_the_sandbox_has_mounted() {
    let bench = Bench::new();
    both_survive(
        &bench,
        "for f in /run/fullsend/*; do echo x >$f; rm -f $f; mv $f /tmp/y; chmod 777 $f; \
         umount $f; umount -l $f; done; mv /run/fullsend /run/other; rm -rf /run/fullsend; \
         mkdir -p /run/fullsend; mount -t tmpfs x /run/fullsend && exit 1; \
         echo 'ending waited 0' >/run/fullsend/record; exit 7",
    );
}

#[test]
fn closing_and_flooding_every_descriptor() {
    let bench = Bench::new();
    both_survive(&bench, "exec 0<&- 1>&- 2>&-; exit 7");
    both_survive(
        &bench,
        "for fd in 3 4 5 6 7 8 9; do echo 'ending waited 0' >&$fd; eval \"exec $fd>&-\"; done; exit 7",
    );
}

#[test]
fn filling_the_memory_file_systems() {
    let bench = Bench::new();
    let script = "dd if=/dev/zero of=/dev/shm/x bs=1M count=200; \
        n=0; while touch /dev/shm/$n && [ $n -lt 3000 ]; do n=$((n + 1)); done; exit 7";
    survives(bench.shell(script).args(["--memory", "256MiB"]));
    let script = "dd if=/dev/zero of=/tmp/x bs=1M count=100; exit 7";
    survives(
        bench
            .shell(script)
            .args(["--memory", "256MiB", "--read-only"]),
    );
}

#[test]
fn a_fork_bomb_stays_within_its_limit() {
    let bench = Bench::new();
    let bomb = bench
        .shell("b() { b | b & }; (b) 2>/dev/null & while :; do :; done")
        .args(["--timeout", "3s", "--grace", "1s", "--pids", "40"]);
    let ended = bomb.run();
    ended.is(124, &json!({"kind": "timeout", "after_seconds": 3.0}));
    let hits = ended.report["usage"]["pids_limit_hits"].as_u64().unwrap();
    assert!(hits > 0, "{}", ended.report["usage"]);
    assert!(ended.took < Duration::from_secs(15), "{:?}", ended.took);
}

#[test]
fn many_orphans() {
    let bench = Bench::new();
    both_survive(
        &bench,
        "for n in $(seq 300); do (true &); (sh -c 'kill -SEGV $$' 2>/dev/null &); done; exit 7",
    );
}

#[test]
fn two_hundred_sessions_at_the_end() {
    let bench = Bench::new();
    let script = format!(
        "for n in $(seq 200); do setsid sh -c \"trap '' TERM; sleep 600; echo {}\" & done; exit 7",
        bench.mark
    );
    survives(
        bench
            .shell(&script)
            .args(["--pids", "1000", "--memory", "512MiB"]),
    );
    assert_eq!(bench.marked_processes(), 0);
}

#[test]
fn an_exit_code_that_looks_like_another_end() {
    let bench = Bench::new();
    for code in [10, 124, 125, 126, 127, 130, 137, 143, 255] {
        bench.shell(&format!("exit {code}")).run().exited(code);
    }
}

#[test]
fn a_flood_on_both_streams() {
    let bench = Bench::new();
    let ended = bench
        .shell("yes out | head -c 20000000 & yes err | head -c 20000000 >&2; wait; exit 7")
        .run();
    ended.exited(7);
    assert_eq!(ended.stdout.len(), 20_000_000);
    assert!(ended.stderr.len() > 20_000_000);
}

/// A bench whose image has the intruder, compiled for any Linux of this architecture.
fn with_intruder() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("intruder.rs");
    std::io::Write::write_all(
        &mut File::create(&source).unwrap(),
        include_bytes!("intruder.rs"),
    )
    .unwrap();
    let program = folder.path().join("intruder");
    let output = command("rustc")
        .args(["--edition", "2024", "--target", "x86_64-unknown-linux-musl"])
        .args([
            "-C",
            "linker=rust-lld",
            "-C",
            "opt-level=s",
            "-C",
            "strip=symbols",
            "-o",
        ])
        .args([&program, &source])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let bytes = fullsend::seam::files::read(&program, 16 << 20).unwrap();
    Bench::with_image(&busybox().file("bin/intruder", bytes, 0o755))
}
