//! What the real tools say of the action's files.

use std::path::Path;

use crate::support::tools;

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

#[test]
fn our_own_rules_find_none_either() {
    let bench = crate::exec::bench::Bench::empty();
    let path = of_action("action.yml").display().to_string();
    let judged = bench.fullsend(["validate", &path]);
    let said = String::from_utf8_lossy(&judged.stdout);
    assert_eq!(judged.status.code(), Some(0), "{said}");
}
