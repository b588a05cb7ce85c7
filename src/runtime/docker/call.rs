//! Every call's time limit, and bollard's errors in this room's words.

use std::{future::Future, time::Duration};

use bollard::errors::Error;

use crate::runtime::error::{RuntimeError, excerpt};

/// For calls that only look something up.
pub(super) const ANSWER: Duration = Duration::from_secs(20);

/// For calls that set up or take down mounts, networks and processes, on a busy machine.
pub(super) const SLOW: Duration = Duration::from_secs(90);

/// Makes one call, within a time.
pub(super) async fn bounded<T>(
    doing: &'static str,
    after: Duration,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, RuntimeError> {
    match tokio::time::timeout(after, call).await {
        Ok(result) => result.map_err(|error| convert(doing, error)),
        Err(_) => Err(RuntimeError::Timeout { doing, after }),
    }
}

/// Whether the runtime answered with this status.
pub(super) fn is_status(error: &Error, status: u16) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code, .. } if *status_code == status)
}

/// Puts a failed call into this room's words.
pub(super) fn convert(doing: &'static str, error: Error) -> RuntimeError {
    match error {
        Error::DockerResponseServerError {
            status_code,
            message,
        } => RuntimeError::Answered {
            doing,
            status: status_code,
            message: excerpt(&message),
        },
        Error::JsonDataError { .. }
        | Error::JsonSerdeError { .. }
        | Error::StrParseError { .. } => RuntimeError::Garbled {
            doing,
            source: error.into(),
        },
        // Everything else that can come from a call is the connection's.
        other => RuntimeError::Lost {
            doing,
            source: Some(other.into()),
        },
    }
}
