//! `fullsend doctor` on this machine.

use fullsend_testkit::registry::{Fault, Registry};
use serde_json::Value;

use crate::exec::bench::{Bench, command};

/// The exit code and the checks by name.
fn doctor<const N: usize>(bench: &Bench, docker: Option<&str>, words: [&str; N]) -> (i32, Value) {
    let mut doctor = command(env!("CARGO_BIN_EXE_fullsend"));
    doctor.args(["doctor", "--format", "json"]).args(words);
    doctor.current_dir(bench.folder.path());
    if let Some(host) = docker {
        doctor.env("DOCKER_HOST", host);
    }
    let output = doctor.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap().iter();
    let checks = checks.map(|check| (check["name"].as_str().unwrap().to_owned(), check.clone()));
    (
        output.status.code().unwrap(),
        Value::Object(checks.collect()),
    )
}

#[test]
fn a_machine_that_runs_these_tests_has_what_it_takes() {
    let bench = Bench::new();
    let (code, checks) = doctor(&bench, None, []);
    assert_eq!(code, 0, "{checks:#}");
    for name in ["runtime", "registry", "clock", "trust root"] {
        assert_eq!(checks[name]["state"], "good", "{checks:#}");
    }
    for name in ["cgroups", "user namespaces", "seccomp", "swap", "disk"] {
        assert!(checks[name].is_object(), "no {name}: {checks:#}");
    }
    let human = bench.fullsend(["doctor"]);
    let text = String::from_utf8(human.stdout).unwrap();
    assert!(text.ends_with("nothing blocks `fullsend exec`\n"), "{text}");
}

#[test]
fn what_blocks_fails() {
    let bench = Bench::empty();
    let (code, checks) = doctor(&bench, Some("unix:///no/such/socket"), []);
    assert_eq!((code, &checks["runtime"]["state"]), (1, &"blocked".into()));
    assert!(
        checks["runtime"]["mend"]
            .as_str()
            .unwrap()
            .contains("DOCKER_HOST")
    );
    assert_eq!(checks["registry"]["state"], "unknown");
    let absent = format!("{}:9", bench.repository("absent"));
    let (code, checks) = doctor(&bench, None, ["--image", &absent]);
    assert_eq!((code, &checks["registry"]["state"]), (1, &"blocked".into()));
}

#[test]
fn the_registrys_clock_is_compared_with_ours() {
    let bench = Bench::empty();
    let registry = Registry::start();
    let date = Fault::normal().header("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
    registry.fault("/v2/", date);
    let image = format!("{}/a/b:1", registry.host());
    let (_, checks) = doctor(&bench, None, ["--image", &image]);
    let clock = &checks["clock"];
    assert_eq!(clock["state"], "weak", "{clock}");
    assert!(
        clock["found"].as_str().unwrap().contains(" s ahead of "),
        "{clock}"
    );
}
