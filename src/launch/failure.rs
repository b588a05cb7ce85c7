//! Why a run ended before there was an agent.

use crate::{
    model::{
        chain::chain,
        outcome::{LaunchFailure, Outcome},
        text::with_hint,
    },
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
