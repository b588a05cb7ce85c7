//! Why a run ended before there was an agent.

use std::{error::Error, fmt::Write as _};

use crate::{
    model::outcome::{LaunchFailure, Outcome},
    runtime::RuntimeError,
};

/// An outcome that was reached early, and the sentence that explains it.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) outcome: Outcome,
    pub(super) reason: Option<String>,
}

impl Failure {
    pub(super) fn launch(reason: LaunchFailure, text: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::LaunchFailed { reason },
            reason: Some(text.into()),
        }
    }

    pub(super) fn usage(text: impl Into<String>) -> Self {
        Self::launch(LaunchFailure::UsageError, text)
    }

    /// `otherwise` stands for what the runtime was asked to do when it failed.
    pub(super) fn runtime(error: &RuntimeError, otherwise: LaunchFailure) -> Self {
        let reason = match error {
            RuntimeError::TooOld { .. } | RuntimeError::WrongRuntime { .. } => {
                LaunchFailure::RuntimeUnsuitable
            }
            RuntimeError::Refused { .. } => LaunchFailure::UsageError,
            error if error.is_unreachable() => LaunchFailure::RuntimeUnreachable,
            _ => otherwise,
        };
        Self::launch(reason, with_hint(chain(error), error.hint()))
    }
}

/// The sentence with the mend behind it.
pub(super) fn with_hint(text: String, hint: Option<String>) -> String {
    match hint {
        Some(hint) => format!("{text}; {hint}"),
        None => text,
    }
}

/// An error with all its causes, outermost first.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Some libraries repeat the cause in their own text.
        let message = error.to_string();
        if !text.contains(&message) {
            let _ = write!(text, ": {message}");
        }
        cause = error.source();
    }
    text
}
