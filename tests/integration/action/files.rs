//! What the real tools say of the action's files.

use std::path::Path;

use fullsend::seam::files;

use crate::{exec::bench::command, support::tools};

/// The scripts that its steps call.
pub(super) const SCRIPTS: [&str; 5] = [
    "clean-up.sh",
    "install.sh",
    "lib.sh",
    "prepare.sh",
    "run.sh",
];

/// Where a file of the action lies.
pub(super) fn of_action(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn no_tool_finds_a_fault() {
    let action = [of_action("action.yml")];
    assert_eq!(tools::check_jsonschema("github-actions", &action), "");
    assert_eq!(tools::zizmor(&action), "");
    let scripts = SCRIPTS.map(|name| of_action("action").join(name));
    assert_eq!(tools::shellcheck(&scripts), "");
}

/// Words of the workflow may end the options; what the action adds is an option nevertheless.
#[test]
fn the_actions_own_options_come_before_the_workflows_words() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("fullsend");
    files::create(&program, b"#!/bin/sh\nprintf '<%s>' \"$@\"\n", 0o755).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let ran = |mode: &str, args: &str, command_words: &str| {
        let output = command(of_action("action/run.sh"))
            .env_clear()
            .env("PATH", &path)
            .env("INPUT_MODE", mode)
            .env("INPUT_AGENT", "triage")
            .env("INPUT_IMAGE", "i:1")
            .env("INPUT_CONFIG", "c.yaml")
            .env("INPUT_COMMAND", command_words)
            .env("INPUT_ARGS", args)
            .env("FULLSEND_REPORT", "r.json")
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let own = "<--report=r.json><--config=c.yaml>";
    assert_eq!(
        ran("exec", "--key=k\n--\ntrue\n", ""),
        format!("<exec><triage>{own}<--image=i:1><--key=k><--><true>")
    );
    assert_eq!(
        ran("exec", "--key=k", "sh\n-c\ntest 1 -ne 0\n"),
        format!("<exec><triage>{own}<--image=i:1><--key=k><--><sh><-c><test 1 -ne 0>")
    );
    assert_eq!(
        ran("verify", "--key=k", ""),
        format!("<verify>{own}<--key=k><--><i:1>")
    );
}

#[test]
fn our_own_rules_find_none_either() {
    let bench = crate::exec::bench::Bench::empty();
    let path = of_action("action.yml").display().to_string();
    let judged = bench.fullsend(["validate", &path]);
    let said = String::from_utf8_lossy(&judged.stdout);
    assert_eq!(judged.status.code(), Some(0), "{said}");
}
