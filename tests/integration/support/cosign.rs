//! The real cosign.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use fullsend::seam::environment::Environment;
use fullsend_testkit::signing::SigningKey;

/// Where `dev/setup.sh` and `go install` put it.
///
/// A machine without it fails these tests: skipping would look like passing.
pub(crate) fn cosign() -> PathBuf {
    let environment = Environment::of_process();
    let home = environment.home().unwrap_or_default();
    let path = environment.get("PATH").unwrap_or_default().to_owned();
    let folders = path.split(':').map(PathBuf::from);
    folders
        .chain([home.join(".cache/fullsend-dev/bin"), home.join("go/bin")])
        .map(|folder| folder.join("cosign"))
        .find(|program| program.is_file())
        .expect("these tests need `cosign` (dev/setup.sh interop builds it)")
}

/// Runs it in `folder`, which is its home too; it must succeed.
#[expect(clippy::disallowed_methods, reason = "cosign is run as a user runs it")]
pub(crate) fn run(program: &Path, folder: &Path, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .env("COSIGN_PASSWORD", "")
        .env("HOME", folder)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
}

/// A folder with `key`, which cosign has imported as `real.key`.
pub(crate) fn folder_of(cosign: &Path, key: &SigningKey) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    key.write(folder.path()).unwrap();
    let import = [
        "import-key-pair",
        "--key",
        "cosign.key",
        "--output-key-prefix",
        "real",
    ];
    run(cosign, folder.path(), &import);
    folder
}
