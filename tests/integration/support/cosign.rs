//! The real cosign.

use std::path::PathBuf;

use fullsend::seam::environment::Environment;

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
