//! How a run ended, decided from all that is known and never from an exit code alone.

use fullsend_init::{Ending, ExecFailure, KilledBy, Record, Stage, WaitStatus};

use crate::model::outcome::{LaunchFailure, Outcome};

/// Why we ourselves ended a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OurKill {
    /// This signal came to the CLI.
    Interrupted(u8),
    /// Init did not enforce the time limit, so that the container was killed from outside.
    Overdue,
}

/// What the runtime says of the container after its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The kernel killed one of its processes for memory.
    pub(super) oom_killed: bool,
    /// Its first process ran.
    pub(super) started: bool,
}

/// Decides how a run ended.
///
/// `seen` is none where the runtime was lost; `record` is an error where init's was.
pub(super) fn outcome(
    record: Result<&Record, &str>,
    seen: Option<Seen>,
    our_kill: Option<OurKill>,
    limit_seconds: f64,
) -> Outcome {
    let timeout = Outcome::Timeout {
        after_seconds: limit_seconds,
    };
    match our_kill {
        Some(OurKill::Interrupted(signal)) => return Outcome::Interrupted { signal },
        // A record that came after all knows better.
        Some(OurKill::Overdue) if record.is_err() => return timeout,
        Some(OurKill::Overdue) | None => {}
    }
    let record = match record {
        Ok(record) => record,
        Err(reason) => return without_record(reason, seen),
    };
    match (record.killed_by, record.ending) {
        (_, Ending::NotStarted(failure)) => Outcome::LaunchFailed {
            reason: launch_failure(failure),
        },
        (KilledBy::Timeout, _) => timeout,
        (KilledBy::Nobody, Ending::Waited(status)) => by_itself(status, record, seen),
        (KilledBy::Nobody, Ending::Unreaped) => {
            unknown("the agent was still dying when its sandbox ended")
        }
        (KilledBy::CliGone | KilledBy::Terminate(_) | KilledBy::Kill, _) => {
            unknown("the sandbox ended the agent without being asked")
        }
    }
}

/// The agent's end was its own, or the kernel's for memory.
fn by_itself(status: WaitStatus, record: &Record, seen: Option<Seen>) -> Outcome {
    let signal = status.signal().and_then(|signal| u8::try_from(signal).ok());
    let runtime_saw_oom = seen.is_some_and(|seen| seen.oom_killed);
    // Where no counter can be read in the container, the runtime's word has to do.
    let agent_oom = record
        .agent_oom
        .unwrap_or(runtime_saw_oom && signal == Some(9));
    let any_oom = record.oom_kills.map_or(runtime_saw_oom, |kills| kills > 0);
    match (status.code(), signal) {
        (_, Some(_)) if agent_oom => Outcome::OomAgent,
        (code, signal) if any_oom && (code.is_some() || signal.is_some()) => {
            Outcome::OomDescendant {
                code,
                signal: if code.is_some() { None } else { signal },
            }
        }
        (Some(code), _) => Outcome::Exited { code },
        (None, Some(signal)) => Outcome::Signaled { signal },
        (None, None) => unknown("the kernel reported an end that is neither exit nor signal"),
    }
}

fn without_record(reason: &str, seen: Option<Seen>) -> Outcome {
    match seen {
        Some(Seen { started: false, .. }) => Outcome::LaunchFailed {
            reason: LaunchFailure::StartFailed,
        },
        Some(Seen {
            oom_killed: true, ..
        }) => unknown(&format!(
            "{reason}; a process of the container was killed for memory"
        )),
        _ => unknown(reason),
    }
}

fn launch_failure(failure: ExecFailure) -> LaunchFailure {
    match failure.stage {
        Stage::Lookup => LaunchFailure::CommandNotFound,
        Stage::Exec | Stage::Interpreter => LaunchFailure::CommandNotExecutable,
        Stage::Fork | Stage::Setsid | Stage::Terminal | Stage::NoNewPrivileges => {
            LaunchFailure::StartFailed
        }
    }
}

fn unknown(reason: &str) -> Outcome {
    Outcome::Unknown {
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const RAN: Option<Seen> = Some(Seen {
        oom_killed: false,
        started: true,
    });
    const OOM: Option<Seen> = Some(Seen {
        oom_killed: true,
        started: true,
    });

    fn record(ending: Ending, killed_by: KilledBy) -> Record {
        Record {
            nonce: None,
            ending,
            killed_by,
            agent_oom: Some(false),
            wall: Duration::from_secs(1),
            cpu_user: None,
            cpu_system: None,
            memory_peak_bytes: None,
            oom_kills: Some(0),
            pids_limit_hits: None,
        }
    }

    fn waited(raw: i32) -> Record {
        record(Ending::Waited(WaitStatus(raw)), KilledBy::Nobody)
    }

    fn decided(record: &Record, seen: Option<Seen>) -> Outcome {
        outcome(Ok(record), seen, None, 5.0)
    }

    #[test]
    fn exit_137_is_no_signal_and_no_signal_is_memory() {
        assert_eq!(
            decided(&waited(137 << 8), RAN),
            Outcome::Exited { code: 137 }
        );
        assert_eq!(decided(&waited(9), RAN), Outcome::Signaled { signal: 9 });
        assert_eq!(
            decided(&waited(0x8b), RAN),
            Outcome::Signaled { signal: 11 }
        );
    }

    #[test]
    fn memory_is_told_apart_by_who_died() {
        let agent = Record {
            agent_oom: Some(true),
            oom_kills: Some(1),
            ..waited(9)
        };
        assert_eq!(decided(&agent, OOM), Outcome::OomAgent);
        let child = Record {
            oom_kills: Some(1),
            ..waited(3 << 8)
        };
        assert_eq!(
            decided(&child, OOM),
            Outcome::OomDescendant {
                code: Some(3),
                signal: None
            }
        );
        let own_kill = Record {
            oom_kills: Some(1),
            ..waited(9)
        };
        assert_eq!(
            decided(&own_kill, OOM),
            Outcome::OomDescendant {
                code: None,
                signal: Some(9)
            }
        );
    }

    #[test]
    fn without_counters_the_runtime_is_asked() {
        let blind = |raw| Record {
            agent_oom: None,
            oom_kills: None,
            ..waited(raw)
        };
        assert_eq!(decided(&blind(9), OOM), Outcome::OomAgent);
        assert_eq!(
            decided(&blind(0), OOM),
            Outcome::OomDescendant {
                code: Some(0),
                signal: None
            }
        );
        assert_eq!(decided(&blind(9), RAN), Outcome::Signaled { signal: 9 });
        assert_eq!(decided(&blind(9), None), Outcome::Signaled { signal: 9 });
    }

    #[test]
    fn our_own_acts_come_first() {
        let late = record(Ending::Waited(WaitStatus(0)), KilledBy::Terminate(15));
        let interrupted = outcome(Ok(&late), RAN, Some(OurKill::Interrupted(15)), 5.0);
        assert_eq!(interrupted, Outcome::Interrupted { signal: 15 });
        let timed_out = record(Ending::Waited(WaitStatus(0)), KilledBy::Timeout);
        assert_eq!(
            decided(&timed_out, RAN),
            Outcome::Timeout { after_seconds: 5.0 }
        );
    }

    #[test]
    fn nothing_is_guessed() {
        let lost = outcome(Err("the record was cut off"), RAN, None, 5.0);
        assert_eq!(
            lost,
            Outcome::Unknown {
                reason: "the record was cut off".to_owned()
            }
        );
        let never = outcome(Err("no record"), Some(Seen::default()), None, 5.0);
        assert_eq!(
            never,
            Outcome::LaunchFailed {
                reason: LaunchFailure::StartFailed
            }
        );
        assert!(matches!(
            outcome(Err("gone"), None, None, 5.0),
            Outcome::Unknown { .. }
        ));
        let asked = record(Ending::Waited(WaitStatus(9)), KilledBy::Kill);
        assert!(matches!(decided(&asked, RAN), Outcome::Unknown { .. }));
    }

    #[test]
    fn exec_failures_have_names() {
        for (stage, reason) in [
            (Stage::Lookup, LaunchFailure::CommandNotFound),
            (Stage::Exec, LaunchFailure::CommandNotExecutable),
            (Stage::Interpreter, LaunchFailure::CommandNotExecutable),
            (Stage::Fork, LaunchFailure::StartFailed),
        ] {
            let failed = record(
                Ending::NotStarted(ExecFailure { stage, errno: 2 }),
                KilledBy::Nobody,
            );
            assert_eq!(decided(&failed, RAN), Outcome::LaunchFailed { reason });
        }
    }
}
