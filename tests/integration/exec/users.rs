//! Who the agent is, what it finds, and what it may write.

use std::os::unix::fs::MetadataExt as _;

use serde_json::json;

use super::bench::{Bench, busybox, docker, read};
use crate::support::tools;
use fullsend_testkit::image::ImageBuilder;

const WHO: &str = "echo $(id -u):$(id -g)";

#[test]
fn the_user_is_the_images_or_the_one_asked_for() {
    let bench = Bench::with_image(&busybox().user("nobody"));
    let ended = bench.shell(WHO).run();
    ended.exited(0).wrote("65534:65534\n");
    assert_eq!(ended.report["user"], "nobody");
    for (user, who, reported) in [
        ("1234:4321", "1234:4321\n", json!("1234:4321")),
        ("1234", "1234:1234\n", json!("1234")),
        ("777", "777:0\n", json!("777")),
        ("image", "65534:65534\n", json!("nobody")),
    ] {
        let ended = bench.shell(WHO).args(["--user", user]).run();
        ended.exited(0).wrote(who);
        assert_eq!(ended.report["user"], reported);
    }
    let (uid, gid) = (rustix::process::getuid(), rustix::process::getgid());
    let me = format!("{}:{}", uid.as_raw(), gid.as_raw());
    let ended = bench.shell(WHO).args(["--user", "host"]).run();
    ended.exited(0).wrote(&format!("{me}\n"));
    assert_eq!(ended.report["user"], json!(me));
}

#[test]
fn an_image_of_one_file_will_do() {
    let image = ImageBuilder::new().file("sh", tools::busybox(), 0o755);
    for image in [
        image.clone(),
        image.clone().user("1234:1234"),
        image.user("1234"),
    ] {
        let bench = Bench::with_image(&image);
        let ended = bench
            .exec("t")
            .command(["/sh", "-c", "echo hi; exit 3"])
            .run();
        ended.exited(3).wrote("hi\n");
        let ended = bench
            .exec("t")
            .args(["--read-only"])
            .command(["/sh", "-c", "echo hi >/tmp/x && echo hi >$HOME/x; exit 3"])
            .run();
        ended.exited(3);
        assert_eq!(ended.report["outcome"]["kind"], "exited");
        let reported = ended
            .stderr
            .lines()
            .filter(|line| line.contains("can't create"));
        assert_eq!(reported.count(), 0, "{}", ended.stderr);
    }
}

#[test]
fn an_entrypoint_is_kept_and_a_command_replaced() {
    let image = busybox().entrypoint(&["echo", "entry"]).cmd(&["default"]);
    let bench = Bench::with_image(&image);
    bench.exec("t").run().exited(0).wrote("entry default\n");
    let ended = bench.exec("t").command(["mine", "--report"]).run();
    ended.exited(0).wrote("entry mine --report\n");
    assert_eq!(
        ended.report["command"],
        json!(["echo", "entry", "mine", "--report"])
    );
    let reference = ended.report["image"]["requested"].as_str().unwrap();
    let limits = "cpus: 1, memory: 64MiB, timeout: 1m";
    bench.configure(
        reference,
        &format!(
            "  bare: {{{limits}, entrypoint: [], command: [echo, bare]}}\n  \
             own: {{{limits}, entrypoint: [echo, own]}}\n  \
             plain: {{{limits}, command: [configured]}}"
        ),
    );
    bench.exec("bare").run().exited(0).wrote("bare\n");
    bench.exec("own").run().exited(0).wrote("own\n");
    bench
        .exec("plain")
        .run()
        .exited(0)
        .wrote("entry configured\n");
}

#[test]
fn variables_are_passed_by_name() {
    let bench = Bench::new();
    let exec = |script| bench.shell(script).env("GIVEN", "a b\n$c").env("EMPTY", "");
    let script = "printf '%s|%s|%s' \"$GIVEN\" \"${EMPTY-unset}\" \"${OTHER-unset}\"";
    let names = ["--env", "GIVEN", "--env", "EMPTY", "--env", "OTHER?"];
    exec(script)
        .args(names)
        .run()
        .exited(0)
        .wrote("a b\n$c||unset");
    exec(script).run().exited(0).wrote("|unset|unset");
    let ended = exec("echo ran").args(["--env", "OTHER"]).run();
    ended.is(
        2,
        &json!({"kind": "launch_failed", "reason": "usage_error"}),
    );
    ended
        .wrote("")
        .said("the environment variable OTHER is not set");
    let ended = exec("exit 0").args(names).run();
    assert!(
        !ended.report.to_string().contains("a b"),
        "{}",
        ended.report
    );
}

#[test]
fn a_workspace_is_worked_in_as_its_owner() {
    let bench = Bench::new();
    let folder = bench.path("work");
    std::fs::create_dir(&folder).unwrap();
    let is_root = rustix::process::getuid().is_root();
    if is_root {
        std::os::unix::fs::chown(&folder, Some(1001), Some(1002)).unwrap();
    }
    let owner = std::fs::metadata(&folder).unwrap();
    let owner = format!("{}:{}", owner.uid(), owner.gid());
    let ended = bench
        .shell("pwd; echo $(id -u):$(id -g); echo mine >file")
        .args(["--workspace", "work"])
        .run();
    ended.exited(0).wrote(&format!("/workspace\n{owner}\n"));
    assert_eq!(ended.report["user"], json!(owner));
    assert_eq!(read(&folder.join("file")).unwrap(), "mine\n");
    let made = std::fs::metadata(folder.join("file")).unwrap();
    assert_eq!(format!("{}:{}", made.uid(), made.gid()), owner);
    let ended = bench
        .shell("pwd; id -u")
        .args(["--workspace", "work", "--user", "4321", "--workdir", "/tmp"])
        .run();
    ended.exited(0).wrote("/tmp\n4321\n");
    if is_root {
        // Root has no capability left to write another's files with.
        let ended = bench
            .shell("echo x >file2")
            .args(["--workspace", "work", "--user", "0:0"])
            .run();
        ended.exited(1);
    }
    let ended = bench.shell("x").args(["--workspace", "none"]).run();
    ended.is(
        2,
        &json!({"kind": "launch_failed", "reason": "usage_error"}),
    );
}

#[test]
fn mounts_are_writable_or_not() {
    let bench = Bench::new();
    bench.write("file", "content\n");
    let user = format!("{}", rustix::process::getuid().as_raw());
    let script = "cat /data/x; echo more >>/data/x || echo no";
    let ended = bench
        .shell(script)
        .args(["--mount", "file:/data/x:ro", "--user", &user])
        .run();
    ended.exited(0).wrote("content\nno\n");
    let ended = bench
        .shell(script)
        .args(["--mount", "file:/data/x", "--user", &user])
        .run();
    ended.exited(0).wrote("content\n");
    assert_eq!(read(&bench.path("file")).unwrap(), "content\nmore\n");
    let ended = bench.shell("x").args(["--mount", "missing:/data/x"]).run();
    ended.is(
        2,
        &json!({"kind": "launch_failed", "reason": "usage_error"}),
    );
    ended.said("missing");
    assert!(!bench.path("missing").exists());
}

#[test]
fn the_daemons_socket_is_refused_under_any_name() {
    let bench = Bench::new();
    let link = bench.path("link");
    std::os::unix::fs::symlink("/var/run/docker.sock", &link).unwrap();
    let link = link.display().to_string();
    for source in [
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/var/run",
        "/run",
        "/",
        &link,
    ] {
        let mount = format!("{source}:/x");
        let ended = bench.shell("echo ran").args(["--mount", &mount]).run();
        ended.is(
            2,
            &json!({"kind": "launch_failed", "reason": "usage_error"}),
        );
        ended.wrote("");
    }
    let ended = bench.shell("echo ran").args(["--workspace", "/run"]).run();
    ended.is(
        2,
        &json!({"kind": "launch_failed", "reason": "usage_error"}),
    );
}

#[test]
fn a_read_only_root_leaves_tmp_and_home() {
    let script = "echo x >/x 2>/dev/null && echo rooted; \
        for d in /tmp $HOME; do cp /bin/busybox $d/echo && $d/echo $d; done";
    for user in ["root", "1234:1234", "1234", "agent", "nobody"] {
        let bench = Bench::with_image(&busybox().user(user));
        let ended = bench.shell(script).args(["--read-only"]).run();
        ended.exited(0).wrote("/tmp\n/home/agent\n");
        let ended = bench
            .shell(script)
            .args(["--read-only", "--user", "4321:99"])
            .run();
        ended.exited(0).wrote("/tmp\n/home/agent\n");
    }
}

#[test]
fn the_sandbox_is_hardened() {
    let bench = Bench::new();
    let running = bench.shell("echo ready; read x").start();
    running.until_stdout("ready");
    let text = docker(&["inspect", &running.container()]);
    let seen: serde_json::Value = serde_json::from_str(&text).unwrap();
    let host = &seen[0]["HostConfig"];
    for (key, value) in [
        ("CapDrop", json!(["ALL"])),
        ("CapAdd", json!(null)),
        ("Privileged", json!(false)),
        ("Binds", json!(null)),
        ("Memory", json!(64 << 20)),
        ("MemorySwap", json!(64 << 20)),
        ("NanoCpus", json!(1_000_000_000)),
        ("PidsLimit", json!(64)),
        ("LogConfig", json!({"Type": "none", "Config": {}})),
        ("ReadonlyRootfs", json!(false)),
    ] {
        assert_eq!(host[key], value, "{key}");
    }
    let security = host["SecurityOpt"].as_array().unwrap();
    assert!(
        security
            .iter()
            .any(|it| it.as_str().unwrap().starts_with("no-new-privileges"))
    );
    running.wait().exited(1);
    let ended = bench
        .shell("grep -E '^(Cap(Prm|Eff|Bnd)|NoNewPrivs|Seccomp):' /proc/self/status")
        .run();
    ended.exited(0).wrote(
        "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\n\
         NoNewPrivs:\t1\nSeccomp:\t2\n",
    );
}
