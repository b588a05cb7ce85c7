//! On GitHub Actions and GitLab CI: the log's markers, the event, and what the job is told.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fullsend_testkit::signing::{Bundle, Signing};
use serde_json::{Value, json};

use super::{
    bench::{Bench, busybox, read},
    process::Exec,
};

/// A run as GitHub Actions starts it.
fn on_github(bench: &Bench, exec: Exec) -> Exec {
    let event = bench.write("event-on-disk.json", r#"{"action": "opened"}"#);
    // The runner makes them before each step.
    for name in ["output", "summary"] {
        bench.write(name, "");
    }
    exec.env("CI", "true")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_OUTPUT", bench.path("output").display())
        .env("GITHUB_STEP_SUMMARY", bench.path("summary").display())
        .env("GITHUB_EVENT_PATH", event.display())
        .env("GITHUB_SERVER_URL", "https://github.example")
        .env("GITHUB_REPOSITORY", "acme/widgets")
        .env("GITHUB_RUN_ID", 42)
}

#[test]
fn the_agents_output_cannot_issue_workflow_commands() {
    let bench = Bench::new();
    let script = "echo ::error::out; echo ::error::err >&2; exit 7";
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let ended = on_github(&bench, bench.shell(script)).run();
        ended.exited(7).wrote("::error::out\n");
        let lines: Vec<&str> = ended.stderr.lines().collect();
        assert_eq!(lines[0], "::group::fullsend: preparing t");
        let at = |text: &str| {
            let found = lines.iter().position(|line| *line == text);
            found.unwrap_or_else(|| panic!("no {text:?} in {}", ended.stderr))
        };
        let begin = lines
            .iter()
            .find_map(|line| line.strip_prefix("::stop-commands::"));
        let token = begin.unwrap().to_owned();
        assert_eq!(token.len(), 32);
        let order = [
            at("::endgroup::"),
            at(&format!("::stop-commands::{token}")),
            at("::error::err"),
            at(&format!("::{token}::")),
            // Where the agent could not have written it.
            at(&format!(
                "::error title=fullsend%3A exited::{}",
                ended.closing()
            )),
        ];
        assert!(order.is_sorted(), "{order:?} in {}", ended.stderr);
        assert!(ended.closing().starts_with("t: exited with code 7"));
        tokens.push(token);
    }
    assert_ne!(tokens[0], tokens[1]);
    let ended = on_github(&bench, bench.shell(script))
        .args(["--allow-workflow-commands"])
        .run();
    ended.exited(7);
    assert!(!ended.stderr.contains("stop-commands"), "{}", ended.stderr);
}

#[test]
fn the_job_is_told_how_it_ended() {
    let bench = Bench::new();
    let exec = on_github(&bench, bench.shell("exit 7"));
    bench.write("output", "earlier=1\n");
    let ended = exec.run();
    ended.exited(7);
    let digest = ended.report["image"]["digest"].as_str().unwrap();
    assert_eq!(
        read(&bench.path("output")).unwrap(),
        format!("earlier=1\noutcome=exited\ndigest={digest}\nexit-code=7\n")
    );
    let summary = read(&bench.path("summary")).unwrap();
    assert!(
        summary.starts_with("### fullsend: t: exited with code 7 after "),
        "{summary}"
    );
    assert!(summary.contains("| Verdict | verified |\n"), "{summary}");
    assert_eq!(
        ended.report["ci"],
        json!({"provider": "github", "run_url": "https://github.example/acme/widgets/actions/runs/42"})
    );
}

#[test]
fn a_refusal_reaches_the_job_too() {
    let bench = Bench::new();
    let image = bench.push("bare", "1.0.0", &busybox());
    let image = bench.reference("bare", &image);
    let ended = on_github(&bench, bench.shell("exit 7"))
        .args(["--image", &image])
        .run();
    ended.is(10, &json!({"kind": "refused", "verdict": "unsigned"}));
    let output = read(&bench.path("output")).unwrap();
    assert!(output.starts_with("outcome=refused\n"), "{output}");
    assert!(output.ends_with("\nexit-code=10\n"), "{output}");
    ended.said("::endgroup::\n");
    ended.said("::error title=fullsend%3A sandbox::t: refused, ");
    assert!(!ended.stderr.contains("stop-commands"), "{}", ended.stderr);
}

/// Nobody has proven what an unsigned statement says, and the refusal quotes it.
#[test]
fn what_strangers_sign_cannot_issue_workflow_commands_or_steer_the_terminal() {
    let bench = Bench::new();
    let image = bench.push("hostile", "1.0.0", &busybox());
    let bundle = Signing::with_key(&bench.key).bundle(image.digest());
    let kind = "x\u{1b}[2J\n::add-mask::y\u{202e} ##[add-mask]z";
    let hostile = with_statement_type(bundle, kind);
    bench.attach("hostile", image.digest(), &hostile);
    let ended = on_github(&bench, bench.shell("exit 7"))
        .args(["--image", &bench.reference("hostile", &image)])
        .run();
    ended.is(11, &json!({"kind": "refused", "verdict": "invalid"}));
    ended.said("[2J\u{fffd}::add-mask::y\u{fffd} ##\u{fffd}add-mask]z");
    let summary = read(&bench.path("summary")).unwrap();
    for text in [&ended.stderr, &summary] {
        let steers = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!text.contains(steers), "{text:?}");
        let command = |line: &str| line.trim_start().starts_with("::add-mask");
        assert!(!text.lines().any(command), "{text}");
        assert!(!text.contains("##["), "{text}");
    }
}

/// `bundle` with another `_type` in its statement, which its signature no longer fits.
fn with_statement_type(bundle: Bundle, kind: &str) -> Bundle {
    let mut document = bundle.json().clone();
    let payload = &mut document["dsseEnvelope"]["payload"];
    let statement = BASE64_STANDARD.decode(payload.as_str().unwrap()).unwrap();
    let mut statement: Value = serde_json::from_slice(&statement).unwrap();
    statement["_type"] = json!(kind);
    *payload = json!(BASE64_STANDARD.encode(statement.to_string()));
    bundle.with_json(document)
}

#[test]
fn the_event_is_there_for_any_user_to_read_and_nobody_to_write() {
    let bench = Bench::with_image(&busybox().user("1234:1234"));
    let script =
        "echo $FULLSEND_EVENT; id -u; cat $FULLSEND_EVENT; echo x >>$FULLSEND_EVENT || echo no";
    let ended = on_github(&bench, bench.shell(script)).run();
    ended.exited(0);
    ended.wrote("/run/fullsend/event.json\n1234\n{\"action\": \"opened\"}no\n");
    let ended = on_github(&bench, bench.shell(script))
        .args(["--user", "0"])
        .run();
    ended.exited(0);
    ended.wrote("/run/fullsend/event.json\n0\n{\"action\": \"opened\"}no\n");
    let elsewhere = bench.shell("echo ${FULLSEND_EVENT-none}").run();
    elsewhere.exited(0).wrote("none\n");
}

#[test]
fn an_event_that_cannot_be_read_is_said() {
    let bench = Bench::new();
    let exec = bench.shell("echo ${FULLSEND_EVENT-none}");
    let exec = on_github(&bench, exec).env("GITHUB_EVENT_PATH", "/no/such/event");
    exec.run()
        .exited(0)
        .wrote("none\n")
        .said("the CI event is not passed on");
}

#[test]
fn section_markers_are_harmless_on_gitlab() {
    let bench = Bench::new();
    let payload = bench.write("payload", "{}");
    let script =
        "printf '\\033[0Ksection_start:1:x\\r'; printf section_end:2:x >&2; cat $FULLSEND_EVENT";
    let gitlab = bench
        .shell(script)
        .env("GITLAB_CI", "true")
        .env("CI_JOB_URL", "https://gitlab.example/jobs/1")
        .env("TRIGGER_PAYLOAD", payload.display());
    let ended = gitlab.run();
    ended
        .exited(0)
        .wrote("\x1b[0Ksection_start;1:x\r{}")
        .said("section_end;2:x");
    assert!(
        ended.stderr.starts_with("\x1b[0Ksection_start:"),
        "{:?}",
        ended.stderr
    );
    assert_eq!(ended.stderr.matches("section_end:").count(), 1);
    assert_eq!(
        ended.report["ci"],
        json!({"provider": "gitlab", "run_url": "https://gitlab.example/jobs/1"})
    );
    let elsewhere = bench.shell("printf section_start:").run();
    elsewhere.exited(0).wrote("section_start:");
    assert!(
        !elsewhere.stderr.contains("section_"),
        "{}",
        elsewhere.stderr
    );
    let github = on_github(&bench, bench.shell("printf section_start:")).run();
    github.exited(0).wrote("section_start:");
}

#[test]
fn on_ci_the_grace_is_five_seconds() {
    let bench = Bench::new();
    bench.write("fullsend.yaml", {
        let text = read(&bench.path("fullsend.yaml")).unwrap();
        text.replace(", grace: 3s", "")
    });
    let script = "trap '' TERM; while :; do sleep 0.2; done";
    let exec = bench
        .shell(script)
        .args(["--timeout", "1s"])
        .env("GITLAB_CI", "true");
    let ended = exec.run();
    ended.is(124, &json!({"kind": "timeout", "after_seconds": 1.0}));
    let wall = Duration::from_secs_f64(ended.report["usage"]["wall_seconds"].as_f64().unwrap());
    assert!((5900..7500).contains(&wall.as_millis()), "{wall:?}");
}
