//! A daemon on what looks like another machine, one that goes away, and one that is not there.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{
    bench::{Bench, busybox, docker, within},
    process::Exec,
    relay::Relay,
};
use fullsend_testkit::image::ImageBuilder;

/// The same run by a daemon that shares no files with us.
fn over(relay: &Relay, exec: Exec) -> Exec {
    exec.env("DOCKER_HOST", &relay.host)
}

#[test]
fn init_is_copied_and_its_record_read_back() {
    let bench = Bench::new();
    let relay = Relay::tcp();
    for code in [0, 7, 137] {
        let ended = over(&relay, bench.shell(&format!("cat; exit {code}"))).run_with(b"hi");
        ended.exited(code).wrote("hi");
        assert_eq!(ended.report["runtime"]["record_trust"], "file");
    }
    let ended = over(&relay, bench.shell("kill -SEGV $$")).run();
    ended.is(139, &json!({"kind": "signaled", "signal": 11}));
    let ended = over(&relay, bench.exec("t").command(["/none"])).run();
    ended.is(
        125,
        &json!({"kind": "launch_failed", "reason": "command_not_found"}),
    );
    let ended = over(&relay, bench.exec("t").command(["tail", "/dev/zero"])).run();
    ended.is(137, &json!({"kind": "oom_agent"}));
    let slow = bench.shell("trap '' TERM; while :; do sleep 0.1; done");
    let slow = slow.args(["--timeout", "1s", "--grace", "1s"]);
    let ended = over(&relay, slow).run();
    ended.is(124, &json!({"kind": "timeout", "after_seconds": 1.0}));
}

#[test]
fn a_read_only_root_and_any_user_do_not_keep_it_out() {
    let relay = Relay::tcp();
    let scratch = ImageBuilder::new().file("bin/sh", crate::support::tools::busybox(), 0o755);
    for image in [
        busybox().user("1234:1234"),
        busybox().user("nobody"),
        scratch.user("77"),
    ] {
        let bench = Bench::with_image(&image);
        let exec = || {
            bench
                .exec("t")
                .command(["/bin/sh", "-c", "echo hi; exit 7"])
        };
        over(&relay, exec()).run().exited(7).wrote("hi\n");
        let read_only = exec().args(["--read-only"]);
        over(&relay, read_only).run().exited(7).wrote("hi\n");
    }
}

#[test]
fn the_event_is_copied_too() {
    let bench = Bench::with_image(&busybox().user("1234:1234"));
    let event = bench.write("event", "{}");
    let exec = bench
        .shell("cat $FULLSEND_EVENT")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_EVENT_PATH", event.display());
    over(&Relay::tcp(), exec).run().exited(0).wrote("{}");
}

#[test]
fn a_record_file_that_the_agent_forges_is_not_believed() {
    let bench = Bench::new();
    let relay = Relay::tcp();
    let record = r"record 1\nending waited 0\nkilled_by none\nwall_ms 1\nend 4\n";
    for script in [
        format!("printf '{record}' >/run/fullsend/record; exit 7"),
        format!("rm /run/fullsend/record; printf '{record}' >/run/fullsend/record; exit 7"),
        "rm -rf /run/fullsend/*; mkdir -p /run/fullsend/record/x; exit 7".to_owned(),
        "ln -sf /etc/passwd /run/fullsend/record; exit 7".to_owned(),
        "chmod 0 /run/fullsend/record /run/fullsend; exit 7".to_owned(),
    ] {
        let ended = over(&relay, bench.shell(&script)).run();
        let kind = ended.report["outcome"]["kind"].as_str().unwrap();
        match kind {
            "unknown" => assert_eq!(ended.code, Some(125)),
            _ => drop(ended.exited(7)),
        }
    }
}

#[test]
fn signals_reach_the_agent_there() {
    let bench = Bench::new();
    let relay = Relay::tcp();
    let script = "trap 'echo got; exit 0' TERM; echo ready; while :; do sleep 0.1; done";
    let running = over(&relay, bench.shell(script)).start();
    running.until_stdout("ready");
    running.signal(Signal::TERM);
    let ended = running.wait();
    ended.is(143, &json!({"kind": "interrupted", "signal": 15}));
    ended.wrote("ready\ngot\n");
    let stubborn = "trap '' INT TERM; echo ready; while :; do sleep 0.1; done";
    let running = over(&relay, bench.shell(stubborn))
        .args(["--grace", "1s"])
        .start();
    running.until_stdout("ready");
    running.signal(Signal::INT);
    let sent = Instant::now();
    running
        .wait()
        .is(130, &json!({"kind": "interrupted", "signal": 2}));
    assert!(
        sent.elapsed() < Duration::from_secs(6),
        "{:?}",
        sent.elapsed()
    );
}

#[test]
fn a_mount_means_nothing_there_and_is_said() {
    let bench = Bench::new();
    let ended = over(&Relay::tcp(), bench.shell("cat /data/x"))
        .args(["--mount", "fullsend.yaml:/data/x:ro"])
        .run();
    // This daemon does share our files, which nobody can know in advance: either is right, but
    // never an agent that runs without what it was promised.
    if ended.code == Some(0) {
        assert!(ended.stdout.starts_with(b"version: 1"));
    } else {
        assert_eq!(ended.report["outcome"]["kind"], "launch_failed");
    }
}

#[test]
fn a_daemon_that_is_not_there() {
    let bench = Bench::new();
    for host in ["unix:///no/such/docker.sock", "tcp://127.0.0.1:1"] {
        let ended = bench.shell("echo ran").env("DOCKER_HOST", host).run();
        ended.is(
            3,
            &json!({"kind": "launch_failed", "reason": "runtime_unreachable"}),
        );
        ended.wrote("").said("t: not launched: ");
        assert_eq!(ended.report["verification"]["verdict"], "verified");
    }
    // A refusal is the more important news.
    let image = bench.push("bare", "1.0.0", &busybox());
    let ended = bench
        .shell("echo ran")
        .args(["--image", &bench.reference("bare", &image)])
        .env("DOCKER_HOST", "unix:///no/such/docker.sock")
        .run();
    ended.is(10, &json!({"kind": "refused", "verdict": "unsigned"}));
}

#[test]
fn an_image_that_cannot_be_pulled() {
    let bench = Bench::empty();
    let registry = fullsend_testkit::registry::Registry::start();
    // No other test's image has the same layer, so that the runtime must ask for it.
    let unique = busybox().file("etc/unique", bench.mark.clone(), 0o644);
    let image = unique.label("test", &bench.mark).build();
    let manifest = &image.manifest;
    for blob in &image.blobs[1..] {
        registry.put_blob(blob.bytes.clone());
    }
    let bytes = manifest.bytes.clone();
    registry.put_manifest(&bench.mark, "1", &manifest.media_type, bytes);
    let bundle = fullsend_testkit::signing::Signing::with_key(&bench.key).bundle(image.digest());
    let pusher = fullsend_testkit::push::Pusher::new(&registry.host()).unwrap();
    let discovery = fullsend_testkit::push::Discovery::Automatic;
    let pushing = pusher.bundle(&bench.mark, image.digest(), &bundle, discovery);
    bench.block_on(pushing).unwrap();
    let name = format!("{}/{}:1", registry.host(), bench.mark);
    bench.configure(&name, "");
    let ended = bench
        .shell("echo ran")
        .args(["--key", "cosign.pub", "--insecure-ignore-tlog"])
        .run();
    ended.is(
        3,
        &json!({"kind": "launch_failed", "reason": "pull_failed"}),
    );
    ended.wrote("").said("could not pull ");
}

#[test]
fn a_daemon_that_goes_away_in_the_middle() {
    let bench = Bench::new();
    let relay = Relay::unix(&bench.path("api"));
    let script = format!("echo ready; sleep 60; echo {}", bench.mark);
    let running = over(&relay, bench.shell(&script)).start();
    running.until_stdout("ready");
    let container = running.container();
    let cut = Instant::now();
    relay.cut();
    let ended = running.wait_leaving_it();
    assert_eq!(
        ended.report["outcome"]["kind"], "unknown",
        "{}",
        ended.stderr
    );
    assert_eq!(
        (ended.code, &ended.report["exit_code"]),
        (Some(125), &json!(125))
    );
    assert!(
        cut.elapsed() < Duration::from_secs(10),
        "{:?}",
        cut.elapsed()
    );
    // PID 1 notices that its CLI is gone, and what is left is cleared away.
    within(Duration::from_secs(3), "the agent is dead", || {
        bench.marked_processes() == 0
    });
    let reaped = bench
        .fullsend(["exec", "--reap", "--format", "json"])
        .stdout;
    let reaped: Value = serde_json::from_slice(&reaped).unwrap();
    assert!(
        reaped["removed"]
            .as_array()
            .unwrap()
            .contains(&json!(container)),
        "{reaped}"
    );
    assert!(!docker(&["ps", "-aq", "--no-trunc"]).contains(&container));
}

#[test]
fn what_cannot_be_removed_is_told_and_fails() {
    let bench = Bench::empty();
    let image = bench.signed("agent", &busybox());
    let relay = Relay::without_removal(&bench.path("api"));
    let reap = |format: &str| {
        let words = ["exec", "--reap", "--format", format];
        let mut process = over(&relay, bench.exec("")).process_of(&words);
        process.output().unwrap()
    };
    // What another test's `--reap` removes first is no failure.
    let container = || {
        let label = format!("dev.fullsend.run={}", bench.mark);
        let overdue = "dev.fullsend.deadline=1";
        let words = [
            "create", "--label", &label, "--label", overdue, &image, "true",
        ];
        docker(&words).trim().to_owned()
    };
    let tries = (0..3).map(|_| (container(), reap("json"), reap("human")));
    let refused = |reaped: &std::process::Output| reaped.status.code() == Some(3);
    let mut tries = tries.filter(|(_, json, human)| refused(json) && refused(human));
    let (id, json, human) = tries.next().expect("a failure that makes it fail");
    let document: Value = serde_json::from_slice(&json.stdout).unwrap();
    let failed = document["failed"].as_array().unwrap();
    let failed = failed.iter().find_map(|it| it.as_str()?.strip_prefix(&id));
    let reason = failed.unwrap_or_else(|| panic!("{id} in {document}"));
    assert!(reason.contains("version"), "{reason}");
    let human = String::from_utf8(human.stdout).unwrap();
    assert!(
        human.contains(&format!("could not remove 1\n  {id}: ")),
        "{human}"
    );
    let reaped = bench.fullsend(["exec", "--reap"]);
    assert_eq!(reaped.status.code(), Some(0));
    assert!(!docker(&["ps", "-aq", "--no-trunc"]).contains(&id));
}
