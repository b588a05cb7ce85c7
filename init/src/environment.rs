//! Looks variables up in an environment that is data.

use std::ffi::OsString;

/// The variables of this process.
#[expect(clippy::disallowed_methods, reason = "PID 1 has no seam but this")]
pub(crate) fn of_process() -> Vec<(OsString, OsString)> {
    std::env::vars_os().collect()
}

/// The first value of `name`.
pub(crate) fn get(environment: &[(OsString, OsString)], name: &str) -> Option<OsString> {
    environment
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.clone())
}
