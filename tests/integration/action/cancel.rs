//! A cancelled job: the runner signals the step's first process, and no other.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use fullsend::seam::environment::Environment;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::files::of_action;
use crate::exec::bench::{Bench, command, read, within};

/// The script of the step that runs fullsend.
fn script_of_run() -> String {
    let text = read(&of_action("action.yml")).unwrap();
    let action: Value = serde_saphyr::from_str(&text).unwrap();
    let mut steps = action["runs"]["steps"].as_array().unwrap().iter();
    let step = steps.find(|step| step["id"] == "run").unwrap();
    step["run"].as_str().unwrap().to_owned()
}

/// The step as a runner starts it, whose agent runs `agent`, once that has said that it is ready.
fn start(bench: &Bench, agent: &str) -> Child {
    let script = bench.write("step.sh", script_of_run());
    bench.write("output", "");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_fullsend"));
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let mut step = command("bash")
        .args(["--noprofile", "--norc", "-e", "-o", "pipefail"])
        .arg(script)
        .current_dir(bench.folder.path())
        .env_clear()
        .env("PATH", path)
        .env("HOME", bench.folder.path())
        .envs(
            Environment::of_process()
                .get("DOCKER_HOST")
                .map(|host| ("DOCKER_HOST", host)),
        )
        .env("CI", "true")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_EVENT_NAME", "push")
        .env("GITHUB_OUTPUT", bench.path("output"))
        .env("GITHUB_ACTION_PATH", of_action(""))
        .env("FULLSEND_REPORT", bench.path("report.json"))
        .envs([("INPUT_MODE", "exec"), ("INPUT_AGENT", "t")])
        .envs(["IMAGE", "CONFIG", "ARGS"].map(|name| (format!("INPUT_{name}"), "")))
        .env("INPUT_COMMAND", format!("sh\n-c\n{agent}"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(step.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    step
}

#[test]
fn the_first_process_alone_is_signalled_and_the_report_is_there_in_time() {
    let bench = Bench::new();
    // The configuration's own grace is shorter than CI's, which is the longest.
    bench.write("fullsend.yaml", {
        let text = read(&bench.path("fullsend.yaml")).unwrap();
        text.replace(", grace: 3s", "")
    });
    let obedient = "trap 'exit 0' INT; echo ready; while :; do sleep 0.1; done";
    let deaf = "trap '' INT TERM; echo ready; while :; do sleep 0.1; done";
    for (agent, limit) in [(obedient, 4), (deaf, 7)] {
        let _ = std::fs::remove_file(bench.path("report.json"));
        let mut step = start(&bench, agent);
        let signalled = Instant::now();
        let pid = Pid::from_raw(step.id().try_into().unwrap()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
        let limit = Duration::from_secs(limit).saturating_sub(signalled.elapsed());
        within(limit, "the report is there", || {
            bench.path("report.json").exists()
        });
        assert_eq!(step.wait().unwrap().code(), Some(130));
        let report: Value =
            serde_json::from_str(&read(&bench.path("report.json")).unwrap()).unwrap();
        assert_eq!(
            report["outcome"],
            json!({"kind": "interrupted", "signal": 2})
        );
        let output = read(&bench.path("output")).unwrap();
        assert!(output.starts_with("outcome=interrupted\n"), "{output}");
        assert!(output.ends_with("exit-code=130\n"), "{output}");
    }
}
