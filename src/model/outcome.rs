//! How a run ended.

use serde::Serialize;

use super::{exit_code, verdict::Verdict};

/// How a run ended, as the report's `outcome` has it.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// The agent ended by itself.
    Exited {
        /// Its exit code.
        code: u8,
    },
    /// A signal ended the agent that neither we nor the memory limit sent.
    Signaled {
        /// The signal's number.
        signal: u8,
    },
    /// The time limit ended the agent.
    Timeout {
        /// The limit.
        after_seconds: f64,
    },
    /// The kernel killed the agent itself for memory.
    OomAgent,
    /// The kernel killed a process below the agent for memory; the agent ended by itself.
    OomDescendant {
        /// The agent's exit code, where it exited.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<u8>,
        /// The signal that ended the agent, where one did.
        #[serde(skip_serializing_if = "Option::is_none")]
        signal: Option<u8>,
    },
    /// A signal to the CLI ended the run.
    Interrupted {
        /// The signal's number.
        signal: u8,
    },
    /// Verification refused the image: nothing was pulled or created.
    Refused {
        /// Why.
        verdict: Verdict,
    },
    /// The agent never ran.
    LaunchFailed {
        /// Why.
        reason: LaunchFailure,
    },
    /// The runtime or init's record was lost: never guessed.
    Unknown {
        /// What was lost, for people.
        reason: String,
    },
}

/// Why an agent never ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LaunchFailure {
    /// The command is not in the image.
    CommandNotFound,
    /// The command is there, but cannot be executed.
    CommandNotExecutable,
    /// The runtime's socket is missing, closed to us, or silent.
    RuntimeUnreachable,
    /// The runtime is too old, or lacks what the run needs.
    RuntimeUnsuitable,
    /// The verified image could not be fetched.
    PullFailed,
    /// The runtime refused to create the container.
    CreateFailed,
    /// The runtime created the container and could not start it.
    StartFailed,
    /// The arguments or fullsend.yaml are wrong.
    UsageError,
}

impl LaunchFailure {
    fn exit_code(self) -> u8 {
        match self {
            Self::RuntimeUnreachable | Self::PullFailed => exit_code::UNAVAILABLE,
            Self::UsageError => exit_code::USAGE,
            Self::CommandNotFound
            | Self::CommandNotExecutable
            | Self::RuntimeUnsuitable
            | Self::CreateFailed
            | Self::StartFailed => exit_code::LAUNCH_FAILED,
        }
    }
}

impl Outcome {
    /// The code that `exec` exits with.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Exited { code }
            | Self::OomDescendant {
                code: Some(code), ..
            } => *code,
            Self::Signaled { signal }
            | Self::Interrupted { signal }
            | Self::OomDescendant {
                signal: Some(signal),
                ..
            } => 128 | *signal,
            Self::Timeout { .. } => exit_code::TIMEOUT,
            Self::OomAgent => exit_code::OOM,
            Self::Refused { verdict } => verdict.exit_code(),
            Self::LaunchFailed { reason } => reason.exit_code(),
            Self::OomDescendant {
                code: None,
                signal: None,
            }
            | Self::Unknown { .. } => exit_code::LAUNCH_FAILED,
        }
    }

    /// The word that JSON and CI outputs use for this kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Exited { .. } => "exited",
            Self::Signaled { .. } => "signaled",
            Self::Timeout { .. } => "timeout",
            Self::OomAgent => "oom_agent",
            Self::OomDescendant { .. } => "oom_descendant",
            Self::Interrupted { .. } => "interrupted",
            Self::Refused { .. } => "refused",
            Self::LaunchFailed { .. } => "launch_failed",
            Self::Unknown { .. } => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_follow_the_contract() {
        let refused = |verdict| Outcome::Refused { verdict };
        let failed = |reason| Outcome::LaunchFailed { reason };
        for (outcome, code) in [
            (Outcome::Exited { code: 7 }, 7),
            (Outcome::Signaled { signal: 11 }, 139),
            (Outcome::Timeout { after_seconds: 1.0 }, 124),
            (Outcome::OomAgent, 137),
            (
                Outcome::OomDescendant {
                    code: Some(3),
                    signal: None,
                },
                3,
            ),
            (
                Outcome::OomDescendant {
                    code: None,
                    signal: Some(9),
                },
                137,
            ),
            (Outcome::Interrupted { signal: 2 }, 130),
            (refused(Verdict::Unsigned), 10),
            (refused(Verdict::Unavailable), 3),
            (failed(LaunchFailure::CommandNotFound), 125),
            (failed(LaunchFailure::RuntimeUnreachable), 3),
            (failed(LaunchFailure::UsageError), 2),
            (
                Outcome::Unknown {
                    reason: String::new(),
                },
                125,
            ),
        ] {
            assert_eq!(outcome.exit_code(), code, "{outcome:?}");
        }
    }

    #[test]
    fn json_has_kind_and_fields_only() {
        let json = |outcome: Outcome| serde_json::to_string(&outcome).unwrap();
        assert_eq!(
            json(Outcome::Exited { code: 7 }),
            r#"{"kind":"exited","code":7}"#
        );
        assert_eq!(json(Outcome::OomAgent), r#"{"kind":"oom_agent"}"#);
        assert_eq!(
            json(Outcome::Refused {
                verdict: Verdict::Unsigned
            }),
            r#"{"kind":"refused","verdict":"unsigned"}"#
        );
    }
}
