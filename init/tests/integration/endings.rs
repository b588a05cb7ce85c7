//! Each way in which an agent can end, told apart.

use std::io::Write as _;
use std::process::Stdio;

use fullsend_init::{Ending, ExecFailure, KilledBy, Stage, WaitStatus};

use crate::sandbox::{Finished, Folder, Sandbox, as_root, command, in_namespace};

fn sh(script: &str) -> Finished {
    Sandbox::shell(&[], script).finish()
}

fn waited(finished: &Finished) -> WaitStatus {
    match finished.record.ending {
        Ending::Waited(status) => status,
        other => panic!("{other:?}"),
    }
}

fn failed(agent: &[&str]) -> ((Stage, i32), Option<i32>) {
    let finished = Sandbox::start(&[], agent).finish();
    assert!(!finished.started);
    match finished.record.ending {
        Ending::NotStarted(ExecFailure { stage, errno }) => ((stage, errno), finished.code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn exit_codes_are_the_agents_own() {
    for code in [0, 7, 124, 137, 255] {
        let finished = sh(&format!("exit {code}"));
        assert!(finished.started);
        assert_eq!(waited(&finished).code().map(i32::from), Some(code));
        assert_eq!(finished.code, Some(code));
        assert_eq!(finished.record.killed_by, KilledBy::Nobody);
        assert_ne!(finished.record.agent_oom, Some(true));
    }
}

#[test]
fn signals_are_not_exit_codes() {
    // 34 and up are real-time signals, which many libraries cannot name.
    for signal in [1, 2, 6, 9, 11, 13, 15, 40] {
        let finished = sh(&format!("kill -{signal} $$"));
        assert_eq!(waited(&finished).signal(), Some(signal));
        assert_eq!(waited(&finished).code(), None);
        assert_eq!(finished.code, Some(128 + signal));
        assert_ne!(finished.record.agent_oom, Some(true));
    }
}

#[test]
fn failed_execs_say_at_which_step() {
    let folder = Folder::new();
    let plain = folder.script("plain", 0o644, "#!/bin/sh\n");
    let orphan = folder.script("orphan", 0o755, "#!/no/such/interpreter\n");
    let text = folder.script("text", 0o755, "no program\n");
    assert_eq!(
        failed(&["no-such-command"]),
        ((Stage::Lookup, 2), Some(127))
    );
    assert_eq!(
        failed(&["/no/such/command"]),
        ((Stage::Lookup, 2), Some(127))
    );
    assert_eq!(failed(&[""]), ((Stage::Lookup, 2), Some(127)));
    assert_eq!(failed(&[&plain]), ((Stage::Exec, 13), Some(126)));
    assert_eq!(failed(&["/"]), ((Stage::Exec, 13), Some(126)));
    assert_eq!(failed(&[&orphan]), ((Stage::Interpreter, 2), Some(126)));
    assert_eq!(failed(&[&text]), ((Stage::Exec, 8), Some(126)));
}

#[test]
fn path_is_searched_as_the_environment_says() {
    let folder = Folder::new();
    folder.script("tool", 0o644, "#!/bin/sh\nexit 1\n");
    let inner = folder.join("inner");
    std::fs::create_dir(&inner).unwrap();
    folder.script("inner/tool", 0o755, "#!/bin/sh\nexit 42\n");
    let path = format!("relative::{}:{}", folder.0.display(), inner.display());
    let finished = Sandbox::start_with(&[], &["tool"], |init| {
        // Found before PATH changes: `unshare` is not in it.
        let mut absolute = command("/usr/bin/unshare");
        absolute
            .args(init.get_args())
            .env("PATH", path)
            .stdin(Stdio::null());
        *init = absolute;
    })
    .finish();
    assert_eq!(finished.code, Some(42));
}

#[test]
fn the_agent_starts_clean() {
    let script = "grep -E '^(SigBlk|SigIgn|NoNewPrivs|CapEff)' /proc/self/status; \
        cat /proc/$$/oom_score_adj; ls /proc/$$/fd; ps -o pid=,pgid=,sid= -p $$";
    let finished = sh(script);
    let lines: Vec<&str> = finished.output.lines().map(str::trim).collect();
    let has = |start: &str, end: &str| {
        lines
            .iter()
            .any(|line| line.starts_with(start) && line.ends_with(end))
    };
    assert!(has("SigBlk", "0000000000000000"), "{lines:?}");
    assert!(has("SigIgn", "0000000000000000"), "{lines:?}");
    assert!(has("NoNewPrivs", "1"), "{lines:?}");
    let score: i32 = lines
        .iter()
        .filter_map(|line| line.parse().ok())
        .find(|n| *n > 2)
        .unwrap();
    assert!(score >= 500, "{lines:?}");
    let descriptors = lines
        .iter()
        .filter(|line| ["0", "1", "2", "3"].contains(line))
        .count();
    assert_eq!(descriptors, 3, "{lines:?}");
    let ids: Vec<&str> = lines.last().unwrap().split_whitespace().collect();
    assert!(
        ids[0] != "1" && ids[0] == ids[1] && ids[1] == ids[2],
        "{ids:?}"
    );
}

#[test]
fn inherited_descriptors_do_not_reach_the_agent() {
    let inner = r#"exec 7</dev/null 9>/dev/null; exec "$@""#;
    let finished = Sandbox::start_with(&[], &["ls", "/proc/self/fd"], |init| {
        let mut shell = command("sh");
        shell
            .args(["-c", inner, "sh"])
            .arg(init.get_program())
            .args(init.get_args());
        *init = shell;
        init.stdin(Stdio::null()).stdout(Stdio::piped());
    })
    .finish();
    // 3 is the folder that `ls` reads.
    assert_eq!(
        finished.output.split_whitespace().collect::<Vec<_>>(),
        ["0", "1", "2", "3"]
    );
}

#[test]
fn stdin_and_its_end_are_passed_on() {
    let mut sandbox = Sandbox::start_with(&[], &["cat"], |init| {
        init.stdin(Stdio::piped());
    });
    let mut stdin = sandbox.child.stdin.take().unwrap();
    stdin.write_all(b"through PID 1\n").unwrap();
    drop(stdin);
    let finished = sandbox.finish();
    assert_eq!(finished.output, "through PID 1\n");
    assert_eq!(finished.code, Some(0));
}

#[test]
fn pid_1_keeps_none_of_the_agents_streams() {
    // Else a stream that the agent closes would stay open until its end.
    let sandbox = Sandbox::shell(
        &[],
        "touch $FOLDER/ready; until test -e $FOLDER/go; do sleep 0.01; done",
    );
    sandbox.wait_for("ready");
    for stream in 0..3 {
        let link = std::fs::read_link(format!("/proc/{}/fd/{stream}", sandbox.pid())).unwrap();
        assert_eq!(link.to_str(), Some("/dev/null"));
    }
    std::fs::File::create(sandbox.folder.join("go")).unwrap();
    assert_eq!(sandbox.finish().code, Some(0));
}

#[test]
fn usage_is_counted_over_the_whole_tree() {
    let finished =
        sh("sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done' & wait; sleep 0.2");
    let record = finished.record;
    assert!(record.wall.as_millis() >= 200, "{record:?}");
    assert!(record.cpu_user.unwrap().as_millis() >= 20, "{record:?}");
    assert!(record.memory_peak_bytes.unwrap() > 100_000, "{record:?}");
}

#[test]
fn run_refuses_to_be_anything_but_pid_1() {
    let output = command(env!("CARGO_BIN_EXE_fullsend-init"))
        .args(["run", "--", "true"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(125));
    assert!(String::from_utf8_lossy(&output.stderr).contains("PID 1"));
}

#[test]
fn a_socket_out_of_reach_starts_nothing() {
    let output = in_namespace()
        .args(["run", "--socket", "/no/such/socket", "--", "echo", "ran"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(125));
    assert!(output.stdout.is_empty());
}

#[test]
fn a_terminal_becomes_the_agents() {
    // Only root can take `script`'s terminal over, to stand in for a runtime.
    if !as_root("endings::a_terminal_becomes_the_agents") {
        return;
    }
    let folder = Folder::new();
    let record = folder.join("record");
    let agent = "tty; ps -o stat= -p $$; exec 3</dev/tty && echo controlling";
    let line = format!(
        "{} run --record {} --tty -- sh -c '{agent}'",
        env!("CARGO_BIN_EXE_fullsend-init"),
        record.display()
    );
    // `script` makes a terminal; `setsid --ctty` makes it PID 1's, as a runtime does.
    let output = command("script")
        .args([
            "-qec",
            &format!("unshare --pid --fork --mount-proc setsid --ctty {line}"),
            "/dev/null",
        ])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("controlling"), "{text}");
    assert!(text.contains("Ss+"), "not in the foreground: {text}");
    assert!(crate::sandbox::read(&record).contains("ending waited 0"));
}
