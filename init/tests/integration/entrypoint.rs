//! The entrypoint of the sandbox image, as root's PID 1 and elsewhere.
//!
//! Most of it can only be seen by giving up the real root: without it those tests have no subject.

use std::process::{Command, Output};

use crate::sandbox::{as_root, command, in_namespace};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fullsend-init");

fn output(mut init: Command, flags: &[&str], script: &str) -> Output {
    init.args(["entrypoint"])
        .args(flags)
        .args(["--", "sh", "-c", script]);
    init.env("SESSION_TOKEN", "t")
        .env("SESSION_ID", "i")
        .env("CONTROL_PLANE_URL", "u");
    init.env("EXTRA", "e")
        .env("KEPT", "k")
        .env("AGENT_USER", "nobody");
    init.output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn root_is_given_up_for_good() {
    if !as_root("entrypoint::root_is_given_up_for_good") {
        return;
    }
    let script = "id -u; id -g; id -G; echo $HOME $USER $LOGNAME; grep -E '^(Cap|NoNew)' /proc/self/status; \
        grep ^Uid /proc/1/status; echo $$";
    let output = output(in_namespace(), &[], script);
    let text = text(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..4],
        ["65534", "65534", "65534", "/nonexistent nobody nobody"],
        "{text}"
    );
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert!(
            text.contains(&format!("{set}:\t0000000000000000")),
            "{text}"
        );
    }
    assert!(text.contains("NoNewPrivs:\t1"), "{text}");
    // PID 1 itself is nobody, too, and the agent is not PID 1.
    assert!(text.contains("Uid:\t65534\t65534\t65534\t65534"), "{text}");
    assert_ne!(*lines.last().unwrap(), "1");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_control_planes_variables_are_gone() {
    if !as_root("entrypoint::the_control_planes_variables_are_gone") {
        return;
    }
    let script = "env | grep -cE '^(SESSION_TOKEN|SESSION_ID|CONTROL_PLANE_URL|EXTRA|AGENT_USER)='; echo $KEPT";
    for init in [in_namespace(), command(PROGRAM)] {
        assert_eq!(text(&output(init, &["--strip", "EXTRA"], script)), "0\nk\n");
    }
}

#[test]
fn the_agent_can_open_its_streams_anew() {
    if !as_root("entrypoint::the_agent_can_open_its_streams_anew") {
        return;
    }
    let script = "echo out >/dev/stdout && echo err >/dev/stderr";
    assert_eq!(text(&output(in_namespace(), &[], script)), "out\n");
}

#[test]
fn an_unknown_user_is_refused() {
    let refused = output(in_namespace(), &["--user", "no-such-user"], "echo ran");
    assert_eq!(
        (refused.status.code(), text(&refused).as_str()),
        (Some(125), "")
    );
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(message.contains("no user \"no-such-user\""), "{message}");
}

#[test]
fn a_capability_that_is_missing_is_named() {
    if !as_root("entrypoint::a_capability_that_is_missing_is_named") {
        return;
    }
    for missing in ["setuid", "setgid", "setpcap"] {
        let mut init = command("unshare");
        init.args([
            "--pid",
            "--fork",
            "--mount-proc",
            "setpriv",
            "--bounding-set",
        ]);
        init.args([&format!("-{missing}"), PROGRAM]);
        let refused = output(init, &[], "echo ran");
        assert_eq!(
            (refused.status.code(), text(&refused).as_str()),
            (Some(125), "")
        );
        let message = String::from_utf8_lossy(&refused.stderr).to_lowercase();
        assert!(
            message.contains(&format!("lacks cap_{missing}")),
            "{message}"
        );
    }
}

#[test]
fn elsewhere_the_command_takes_its_place() {
    if !as_root("entrypoint::elsewhere_the_command_takes_its_place") {
        return;
    }
    let mut init = command(PROGRAM);
    init.args(["sh", "-c", "echo $$; id -u"])
        .stdout(std::process::Stdio::piped());
    let child = init.spawn().unwrap();
    let pid = child.id();
    let printed = child.wait_with_output().unwrap();
    assert!(text(&printed).starts_with(&format!("{pid}\n")));
    // The user that `exec` chose stays, though PID 1.
    let mut chosen = command("unshare");
    chosen.args([
        "--pid",
        "--fork",
        "--mount-proc",
        "setpriv",
        "--reuid",
        "1234",
        "--clear-groups",
    ]);
    let folder = tempered();
    chosen.arg(&folder.1);
    assert_eq!(text(&output(chosen, &[], "echo $$; id -u")), "1\n1234\n");
}

/// A copy that any user can execute, in a folder that goes with the test.
fn tempered() -> (crate::sandbox::Folder, std::path::PathBuf) {
    let folder = crate::sandbox::Folder::new();
    let path = folder.join("fullsend-init");
    std::fs::copy(PROGRAM, &path).unwrap();
    (folder, path)
}

#[test]
fn arguments_are_a_list() {
    if !as_root("entrypoint::arguments_are_a_list") {
        return;
    }
    let mut init = in_namespace();
    init.env("AGENT_USER", "nobody")
        .env("AGENT_COMMAND", "printf");
    init.env("AGENT_ARGS", "[%s]\\n\na b\n\"c\"");
    assert_eq!(text(&init.output().unwrap()), "[a b]\n[\"c\"]\n");
    let mut nothing = in_namespace();
    assert_eq!(
        nothing
            .env("AGENT_USER", "nobody")
            .output()
            .unwrap()
            .status
            .code(),
        Some(125)
    );
}

#[test]
fn the_working_directory_is_entered_or_refused() {
    if !as_root("entrypoint::the_working_directory_is_entered_or_refused") {
        return;
    }
    assert_eq!(
        text(&output(in_namespace(), &["--workdir", "/usr"], "pwd")),
        "/usr\n"
    );
    let refused = output(in_namespace(), &["--workdir", "/no/such"], "pwd");
    assert_eq!(
        (refused.status.code(), text(&refused).as_str()),
        (Some(125), "")
    );
}

#[test]
fn the_agents_code_and_its_orphans_are_looked_after() {
    if !as_root("entrypoint::the_agents_code_and_its_orphans_are_looked_after") {
        return;
    }
    let word = crate::sandbox::mark("entry");
    let daemon = format!("while :; do sleep 0.05; done # {word}");
    let script = format!("setsid sh -c '{daemon}' & sleep 0.1; exit 6");
    let mut init = in_namespace();
    init.stdout(std::process::Stdio::null());
    assert_eq!(output(init, &[], &script).status.code(), Some(6));
    assert_eq!(crate::sandbox::count(&word), 0);
}
