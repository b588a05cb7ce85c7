//! Each mode with its ends, good and bad.

use std::{io::Read as _, process::Stdio, time::Duration};

use serde_json::json;

use super::job::{Done, Job, git};
use crate::exec::bench::{Bench, busybox, command, docker, within};

#[test]
fn exec_runs_the_agent_and_tells_how_it_ended() {
    let bench = Bench::new();
    // Nothing of a word is anything but the word: not for the workflow, and not for a shell.
    let words = ["a b", "$(touch /tmp/x)", "'\"`*", "--report=/x", "-x"];
    let script = format!("printf '<%s>' \"$@\"; exit 7\nsh\n{}", words.join("\r\n\n"));
    let done = Job::shell(&bench, &script).run();
    done.told("exited", 7)
        .logged("<a b><$(touch /tmp/x)><'\"`*><--report=/x><-x>")
        .logged("t: exited with code 7");
    assert_eq!(done.report["outcome"], json!({"kind": "exited", "code": 7}));
    assert_eq!(done.outputs["digest"], done.report["image"]["digest"]);
    let done = Job::shell(&bench, "id").with("args", "--user\n5:6\n").run();
    done.told("exited", 0).logged("uid=5 gid=6");
}

#[test]
fn the_agent_gets_the_variables_that_it_names() {
    let bench = Bench::empty();
    let image = bench.signed("agent", &busybox());
    let agent = "  v: {memory: 64MiB, timeout: 60s, env: [GH_TOKEN, GITHUB_TOKEN]}";
    bench.configure(&image, agent);
    let job = Job::new(&bench, "exec").with("agent", "v");
    let job = job.with("command", "sh\n-c\necho =$GH_TOKEN=$GITHUB_TOKEN=$SECRET=");
    let job = job.with("token", "second").variable("GH_TOKEN", "first");
    let done = job.variable("SECRET", "third").run();
    done.told("exited", 0).logged("=first=second==");
}

#[test]
fn exec_refuses_what_is_not_proven() {
    let bench = Bench::new();
    let image = bench.push("bare", "1.0.0", &busybox());
    let image = bench.reference("bare", &image);
    let done = Job::shell(&bench, "echo ran").with("image", &image).run();
    done.told("refused", 10);
    assert_eq!(
        done.report["outcome"],
        json!({"kind": "refused", "verdict": "unsigned"})
    );
    assert!(
        !done.log.lines().any(|line| line.ends_with("| ran")),
        "{}",
        done.log
    );
}

#[test]
fn a_mistake_is_told_as_one() {
    let bench = Bench::new();
    let told = |job: Job<'_>, outcome: &str, text: &str| {
        let done = job.run();
        done.told(outcome, 2).logged(text);
        assert_eq!(done.report["outcome"]["reason"], "usage_error");
    };
    let job = || Job::new(&bench, "exec");
    told(job().with("agent", "x"), "launch_failed", "no agent");
    told(
        Job::shell(&bench, "true").with("config", "no-such.yaml"),
        "launch_failed",
        "no-such.yaml",
    );
    told(
        Job::shell(&bench, "true").with("args", "--bogus"),
        "",
        "--bogus",
    );
}

#[test]
fn inputs_that_make_no_command_are_refused() {
    let bench = Bench::new();
    let refused = |job: Job<'_>, sentence: &str| {
        let done = job.run();
        done.logged(sentence);
        assert!(!done.succeeded && done.report.is_null(), "{}", done.log);
    };
    let new = |mode| Job::new(&bench, mode);
    refused(new("exec"), "agent: say which agent of fullsend.yaml runs");
    refused(
        new("exec").with("agent", "--reap"),
        "'--reap' is not the name",
    );
    refused(
        new("dance\n::add-mask::x"),
        "mode: 'dance%0A::add-mask::x' is none",
    );
    refused(
        Job::shell(&bench, "true").with("version", "9.9.9"),
        "so not with 9.9.9",
    );
    refused(
        Job::shell(&bench, "true").with("version", "1.0/../x"),
        "not a version such as",
    );
}

#[test]
fn verify_tells_the_verdict() {
    let bench = Bench::empty();
    let signed = bench.signed("agent", &busybox());
    bench.configure(&signed, "");
    let bare = bench.push("bare", "1.0.0", &busybox());
    let bare = bench.reference("bare", &bare);
    let digest = |done: &Done, image: &str| {
        let (_, digest) = image.split_once('@').unwrap();
        assert_eq!(done.outputs["digest"], digest);
        assert_eq!(done.report["digest"], digest);
    };
    let done = Job::new(&bench, "verify").with("image", &signed).run();
    done.told("verified", 0);
    digest(&done, &signed);
    let done = Job::new(&bench, "verify").with("image", &bare).run();
    done.told("unsigned", 10);
    digest(&done, &bare);
    let done = Job::new(&bench, "verify").with("image", "UPPER").run();
    done.told("", 2);

    let done = Job::new(&bench, "verify").run();
    done.told("", 0);
    bench.configure(&bare, "");
    let done = Job::new(&bench, "verify").run();
    done.told("", 1).logged("::error");
    let images = done.report["images"].as_array().unwrap();
    assert_eq!(images[0]["verdict"], "unsigned", "{}", done.report);
}

#[test]
fn validate_leaves_findings_in_all_forms() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("-a b")).unwrap();
    bench.write("-a b/fullsend.yaml", "version: 1\nagents: {t: {cpu: 1}}\n");
    let done = Job::new(&bench, "validate")
        .with("paths", "fullsend.yaml\n-a b\n")
        .run();
    done.told("", 1)
        .logged("::error file=-a b/fullsend.yaml,line=2");
    assert_eq!(done.report["findings"][0]["rule"], "config-invalid");
    let results = &done.sarif["runs"][0]["results"];
    assert_eq!(results.as_array().unwrap().len(), 1);

    let done = Job::new(&bench, "validate")
        .with("paths", "fullsend.yaml")
        .run();
    done.told("", 0);
    assert_eq!(done.sarif["runs"][0]["results"], json!([]));
}

#[test]
fn pin_tells_which_files_it_changed() {
    let bench = Bench::empty();
    let image = bench.push("base", "1.0.0", &busybox());
    let tag = format!("{}:1.0.0", bench.repository("base"));
    bench.write("Dockerfile", format!("FROM {tag}\nRUN true\n"));
    bench.write("-a b.Dockerfile", format!("FROM {tag} AS x\n"));
    let job = |args: &str| {
        Job::new(&bench, "pin")
            .with("paths", "Dockerfile\n-a b.Dockerfile\n")
            .with("args", args)
    };
    let done = job("--check").run();
    done.told("", 1)
        .logged("::warning file=Dockerfile,line=1")
        .logged("a tag can be moved");
    assert_eq!(done.outputs["changed-files"], "[]");
    assert_eq!(done.report["references"][0]["status"], "unpinned");
    let results = &done.sarif["runs"][0]["results"];
    assert_eq!(results[0]["ruleId"], "pin-unpinned");

    let done = job("").run();
    done.told("", 0);
    let changed = done.outputs["changed-files"].as_str().unwrap();
    assert_eq!(changed, r#"["-a b.Dockerfile","Dockerfile"]"#);
    let row = &done.report["references"][1];
    assert_eq!(row["after"], bench.reference("base", &image).as_str());
}

/// A pull request brings a policy of its own, which accepts what its author signed.
#[test]
fn the_policy_is_the_bases() {
    let bench = Bench::new();
    git(&bench, &["init", "--quiet"]);
    git(&bench, &["add", "--all"]);
    git(&bench, &["commit", "--quiet", "--message", "base"]);
    let base = git(&bench, &["rev-parse", "HEAD"]);
    let stranger = fullsend_testkit::signing::SigningKey::p256();
    let image = bench.push("theirs", "1.0.0", &busybox());
    bench.sign("theirs", image.digest(), &stranger);
    bench.write("cosign.pub", stranger.public_pem());
    let theirs = bench.reference("theirs", &image);
    bench.configure(&theirs, "");
    let event = json!({"pull_request": {"base": {"sha": base, "ref": "main"}}});
    let job = || Job::shell(&bench, "true").on("pull_request", event.clone());
    let done = job().run();
    done.told("exited", 0).logged("is read from the base");
    assert_ne!(done.report["image"]["requested"], theirs.as_str());
    job().with("image", &theirs).run().told("refused", 12);
}

#[test]
fn what_a_killed_run_left_is_removed() {
    let bench = Bench::new();
    let mut killed = command(env!("CARGO_BIN_EXE_fullsend"))
        .args(["exec", "t", "--", "sh", "-c", "echo ready; sleep 60"])
        .current_dir(bench.folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let killed_id = killed.id();
    let mut ready = [0; 6];
    killed
        .stdout
        .take()
        .unwrap()
        .read_exact(&mut ready)
        .unwrap();
    let state = || container_state(killed_id);
    within(Duration::from_secs(10), "the agent runs", || {
        state().as_deref() == Some("running")
    });
    killed.kill().unwrap();
    killed.wait().unwrap();
    within(Duration::from_secs(5), "the agent is dead", || {
        state().as_deref() == Some("exited")
    });
    // Also where the run fails.
    Job::shell(&bench, "exit 3").run().told("exited", 3);
    assert_eq!(state(), None);
}

/// The state of the container that the process `cli` started.
fn container_state(cli: u32) -> Option<String> {
    let format = r#"{{.State}} {{.Label "dev.fullsend.cli"}} "#;
    let all = docker(&[
        "ps",
        "-a",
        "--filter",
        "label=dev.fullsend.cli",
        "--format",
        format,
    ]);
    let of_cli = all
        .lines()
        .find(|line| line.contains(&format!(" {cli} ")))?;
    Some(of_cli.split_once(' ')?.0.to_owned())
}
