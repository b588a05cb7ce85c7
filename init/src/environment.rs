//! Looks variables up in an environment that is data.

use std::ffi::OsString;

/// The first value of `name`.
pub(crate) fn get(environment: &[(OsString, OsString)], name: &str) -> Option<OsString> {
    environment
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.clone())
}
