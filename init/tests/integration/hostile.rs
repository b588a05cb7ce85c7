//! What an agent may try, as the same user, to forge or lose the record.

use std::process::Stdio;

use fullsend_init::{Ending, KilledBy, Record};

use crate::sandbox::{Folder, Sandbox, as_root, in_namespace, read};

fn survives(script: &str) {
    let finished = Sandbox::shell(&[], &format!("{script}\nexit 7")).finish();
    assert!(
        matches!(finished.record.ending, Ending::Waited(status) if status.code() == Some(7)),
        "{script}: {:?}",
        finished.record
    );
    assert_eq!(finished.record.killed_by, KilledBy::Nobody);
}

#[test]
fn pid_1_cannot_be_killed_or_stopped_from_inside() {
    for signal in ["KILL", "STOP", "SEGV", "TSTP", "ABRT", "SYS", "PIPE", "40"] {
        survives(&format!("trap '' TSTP; kill -{signal} 1; sleep 0.1"));
    }
}

#[test]
fn closed_descriptors_change_nothing() {
    survives("exec 0<&- 1>&- 2>&-");
    survives("for fd in 3 4 5 6 7 8 9; do eval \"exec $fd>&-\"; done");
}

#[test]
fn a_flood_of_signals_and_children_changes_nothing() {
    survives("trap '' USR2; for n in $(seq 300); do kill -USR2 1; (true &); done");
}

#[test]
fn a_reader_that_is_gone_does_not_end_pid_1() {
    let mut sandbox = Sandbox::shell(
        &[],
        "until test -e $FOLDER/go; do sleep 0.01; done; trap '' PIPE; echo x; exit 7",
    );
    drop(sandbox.child.stdout.take());
    std::fs::File::create(sandbox.folder.join("go")).unwrap();
    assert_eq!(sandbox.finish().code, Some(7));
}

#[test]
fn sigpipe_is_the_agents_to_die_of() {
    let finished = Sandbox::shell(&[], "kill -PIPE $$; exit 7").finish();
    assert_eq!(finished.code, Some(141));
}

#[test]
fn pid_1_keeps_its_limits_and_its_share_of_time() {
    for attempt in [
        "prlimit --pid 1 --as=4096:4096",
        "prlimit --pid 1 --cpu=1:1",
        "prlimit --pid 1 --fsize=0:0",
        "chrt --idle --pid 0 1",
        "taskset -p 1 1",
        "renice -n 19 -p 1",
        "renice -n 19 -u $(id -u)",
        "renice -n 19 -g 1",
    ] {
        survives(&format!("{attempt} >/dev/null 2>&1 && exit 99"));
    }
    // What concerns the agent itself stays allowed.
    survives("prlimit --pid $$ --core=0:0 || exit 98; renice -n 5 -p $$ >/dev/null || exit 97");
}

/// Runs an agent that has the record file in its reach, and reads what the CLI would.
fn record_after(script: &str) -> Record {
    let folder = Folder::new();
    let path = folder.script("record", 0o666, "s3cretNonce");
    let status = in_namespace()
        .args(["run", "--record", &path, "--", "sh", "-c", script])
        .env("RECORD", &path)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(7));
    let record = Record::parse(read(path.as_ref()).as_bytes()).unwrap();
    assert_eq!(record.nonce.as_deref(), Some("s3cretNonce"));
    record
}

#[test]
fn the_record_file_is_written_last_and_proves_its_writer() {
    let forged = r"record 1\nending waited 0\nkilled_by none\nwall_ms 1\nend 4\n";
    for script in [
        "exit 7".to_owned(),
        "test ! -s $RECORD && exit 7".to_owned(),
        format!("printf '{forged}' > $RECORD; exit 7"),
        format!("rm $RECORD; printf '{forged}' > $RECORD; exit 7"),
        format!("printf '{forged}' > $RECORD.x; mv $RECORD.x $RECORD; exit 7"),
        format!("printf '{forged}' > $RECORD.x; ln -sf $RECORD.x $RECORD; exit 7"),
        "rm $RECORD; mkdir $RECORD; touch $RECORD/x; exit 7".to_owned(),
        format!(
            "setsid sh -c 'while :; do printf \"{forged}\" > $RECORD; done' & sleep 0.1; exit 7"
        ),
        "exec 3>>$RECORD; for n in $(seq 1000); do echo ending >&3; done; exit 7".to_owned(),
    ] {
        let record = record_after(&script);
        assert!(matches!(record.ending, Ending::Waited(status) if status.code() == Some(7)));
    }
}

#[test]
fn nobody_of_the_same_user_looks_into_pid_1() {
    if !as_root("hostile::nobody_of_the_same_user_looks_into_pid_1") {
        return;
    }
    // setpriv drops to a user without capabilities, as every sandbox's agent is.
    let folder = Folder::new();
    let report = folder.script("record", 0o666, "");
    let script = "cat /proc/1/environ >/dev/null 2>&1 && exit 1; ls /proc/1/fd >/dev/null 2>&1 && exit 2; \
        cat /proc/1/maps 2>/dev/null | grep -q . && exit 3; exit 7";
    let status = crate::sandbox::command("unshare")
        .args([
            "--pid",
            "--fork",
            "--mount-proc",
            "setpriv",
            "--reuid",
            "65534",
            "--regid",
            "65534",
        ])
        .args([
            "--clear-groups",
            "--bounding-set",
            "-all",
            "--inh-caps",
            "-all",
        ])
        .args([
            &installed(&folder),
            "run",
            "--record",
            &report,
            "--",
            "sh",
            "-c",
            script,
        ])
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(7));
}

/// The program where any user can execute it.
fn installed(folder: &Folder) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join("fullsend-init");
    std::fs::copy(env!("CARGO_BIN_EXE_fullsend-init"), &path).unwrap();
    std::fs::set_permissions(&folder.0, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}
