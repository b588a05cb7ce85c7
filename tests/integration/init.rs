//! `fullsend init`: a first fullsend.yaml that the program itself can work with.

use std::process::Output;

use serde_json::Value;

use crate::exec::bench::{Bench, busybox, command, read};

fn init<const N: usize>(bench: &Bench, options: [&str; N]) -> Output {
    let mut words = vec!["init"];
    words.extend(options);
    let mut init = command(env!("CARGO_BIN_EXE_fullsend"));
    init.args(words).current_dir(bench.path("sub"));
    init.env_clear().env("PATH", "/usr/bin:/bin");
    init.output().unwrap()
}

/// A repository with a key, whose folder `sub` we work in.
fn repository() -> Bench {
    let bench = Bench::empty();
    let git = command("git")
        .args(["init", "--quiet"])
        .current_dir(bench.folder.path())
        .status();
    assert!(git.unwrap().success());
    std::fs::create_dir(bench.path("sub")).unwrap();
    bench
}

#[test]
fn what_it_writes_is_enough_to_verify_and_to_run() {
    let bench = repository();
    for folder in ["agents/helper", "agents/no-agent", ".claude/agents"] {
        std::fs::create_dir_all(bench.path(folder)).unwrap();
    }
    bench.write("agents/helper/instructions.md", "");
    bench.write(".claude/agents/fix.md", "");
    bench.write(".claude/agents/Not An Agent.md", "");
    let image = bench.signed("agent", &busybox());
    let written = init(&bench, ["--image", &image]);
    assert_eq!(written.status.code(), Some(0), "{written:?}");
    let said = String::from_utf8(written.stderr).unwrap();
    assert!(
        said.starts_with("wrote ") && said.lines().count() == 1,
        "{said}"
    );
    let text = read(&bench.path("fullsend.yaml")).unwrap();
    assert!(
        text.contains("  fix:\n") && text.contains("  helper:\n"),
        "{text}"
    );
    assert!(
        !text.contains("agent:\n") && !text.contains("triage"),
        "{text}"
    );
    let judged = bench.fullsend(["validate", "fullsend.yaml"]);
    assert_eq!(judged.status.code(), Some(0), "{judged:?}");
    // The test's signature is in no log; the file has the line for that.
    let text = text.replace("# insecure_ignore_tlog", "insecure_ignore_tlog");
    bench.write("fullsend.yaml", text);
    let ran = bench.fullsend(["exec", "helper", "--", "echo", "hello"]);
    assert_eq!(ran.stdout, b"hello\n", "{ran:?}");
}

#[test]
fn nothing_is_overwritten_unless_forced() {
    let bench = repository();
    bench.write("fullsend.yaml", "mine");
    let refused = init(&bench, []);
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(read(&bench.path("fullsend.yaml")).unwrap(), "mine");
    let elsewhere = init(&bench, ["--output", "new/other.yaml"]);
    assert_eq!(elsewhere.status.code(), Some(0), "{elsewhere:?}");
    assert!(bench.path("sub/new/other.yaml").exists());
    assert_eq!(init(&bench, ["--force"]).status.code(), Some(0));
    assert!(
        read(&bench.path("fullsend.yaml"))
            .unwrap()
            .contains("version: 1\n")
    );
    // A link to nowhere is something, too.
    std::os::unix::fs::symlink("nowhere", bench.path("sub/link.yaml")).unwrap();
    assert_eq!(init(&bench, ["-o", "link.yaml"]).status.code(), Some(2));
}

#[test]
fn programs_and_pipes_get_the_text() {
    let bench = repository();
    let printed = init(&bench, ["-o", "-", "--agent", "triage"]);
    let text = String::from_utf8(printed.stdout).unwrap();
    assert!(text.contains("\nagents:\n  triage:\n"), "{text}");
    let json = init(&bench, ["-o", "-", "--agent", "triage", "--format", "json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["text"], text);
    assert_eq!(json["missing"], serde_json::json!(["image", "signer"]));
    assert!(!bench.path("fullsend.yaml").exists());
    let refused = init(&bench, ["--agent", "No Name"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
}
