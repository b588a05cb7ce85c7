//! Reads option values by the same grammar as fullsend.yaml.

use std::str::FromStr;

use crate::config::ValueError;

/// A value parser for clap that keeps the mend in the message.
pub(super) fn parse<T: FromStr<Err = ValueError>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: ValueError| with_mend(&error))
}

/// The message with its mend.
pub(super) fn with_mend(error: &ValueError) -> String {
    match error.hint() {
        Some(mend) => format!("{error}: {mend}"),
        None => error.to_string(),
    }
}
