//! `fullsend validate --fix`: every byte but the mends stays, whatever happens while it writes.

use std::{fmt::Write as _, path::Path, process::Output};

use fullsend::seam::files;

use crate::exec::bench::{command, read};

/// A policy with one mend, of about `bytes` bytes.
fn policy(bytes: usize) -> String {
    let mut text = String::from(
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: a}\nspec:\n  \
         validationFailureAction: audit\n  rules: []\n",
    );
    while text.len() < bytes {
        let _ = writeln!(text, "# {}", text.len());
    }
    text
}

/// Mends what lies in `folder`, where no file may grow beyond 512 or 1,024 bytes: to the program that
/// is a full disk, except for the words.
fn fix(folder: &Path) -> Output {
    let script = r#"trap "" XFSZ; ulimit -f 1; exec "$0" validate --fix ."#;
    let mut fix = command("sh");
    fix.args(["-c", script, env!("CARGO_BIN_EXE_fullsend")])
        .current_dir(folder);
    fix.env_clear().env("PATH", "/usr/bin:/bin");
    fix.output().unwrap()
}

#[test]
fn a_disk_that_is_full_leaves_the_old_file_and_the_others_mended() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (large, small) = (policy(4_000), policy(0));
    for (name, text, mode) in [
        ("a-large.yaml", &large, 0o644),
        ("b-small.yaml", &small, 0o644),
        ("c-locked.yaml", &small, 0o444),
    ] {
        files::create(&path(name), text.as_bytes(), mode).unwrap();
    }
    let fixed = fix(folder.path());
    let said = String::from_utf8(fixed.stderr).unwrap();
    assert_eq!(fixed.status.code(), Some(2), "{said}");
    let [mended, warning, error] = said.lines().collect::<Vec<_>>()[..] else {
        panic!("{said}");
    };
    assert_eq!(mended, "mended b-small.yaml");
    assert!(warning.starts_with("warning: could not write "), "{said}");
    assert!(warning.contains("/a-large.yaml: File too large"), "{said}");
    assert!(error.ends_with("/c-locked.yaml is read-only"), "{said}");

    let text = |name: &str| read(&path(name)).unwrap();
    assert_eq!(text("a-large.yaml"), large);
    assert_eq!(text("b-small.yaml"), small.replace("audit", "Audit"));
    assert_eq!(text("c-locked.yaml"), small);
    let left = std::fs::read_dir(folder.path()).unwrap();
    assert_eq!(left.count(), 3, "something was left beside the files");

    // What is not mended is still found.
    let found = String::from_utf8(fixed.stdout).unwrap();
    let capitals = found.matches("the values begin with a capital");
    assert_eq!(capitals.count(), 2, "{found}");
}
