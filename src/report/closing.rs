//! The one line on stderr that tells a person how a run ended, and what to do about it.

use super::run::RunReport;
use crate::model::{
    limits::{ByteSize, Span},
    outcome::{LaunchFailure, Outcome},
    text::printable,
    verdict::Verdict,
};

/// The closing line of `report`, without the final newline.
pub fn line(report: &RunReport) -> String {
    printable(&sentence(report))
}

fn sentence(report: &RunReport) -> String {
    let agent = &report.agent;
    let after = report
        .usage
        .wall_seconds
        .map_or_else(String::new, |s| format!(" after {}", seconds(s)));
    match &report.outcome {
        Outcome::Exited { code: 0 } => format!("{agent}: done{after}"),
        Outcome::Exited { code } => format!("{agent}: exited with code {code}{after}"),
        Outcome::Signaled { signal } => {
            format!(
                "{agent}: killed by {}{after}; no limit and no signal to fullsend did it",
                signal_name(*signal)
            )
        }
        Outcome::Timeout { .. } => {
            let limit = report
                .limits
                .timeout_seconds
                .map_or_else(String::new, seconds);
            format!("{agent}: timed out after {limit}: raise agents.{agent}.timeout")
        }
        Outcome::OomAgent => {
            let limit = memory(report);
            format!(
                "{agent}: killed for memory{after} (limit {limit}): raise agents.{agent}.memory"
            )
        }
        Outcome::OomDescendant { code, signal } => {
            let end = match (code, signal) {
                (Some(code), _) => format!("exited with code {code}"),
                (None, Some(signal)) => format!("was killed by {}", signal_name(*signal)),
                (None, None) => "ended".to_owned(),
            };
            let limit = memory(report);
            format!(
                "{agent}: {end}{after}; a process of it was killed for memory (limit {limit}): \
                 raise agents.{agent}.memory"
            )
        }
        Outcome::Interrupted { signal } => {
            format!("{agent}: interrupted by {}{after}", signal_name(*signal))
        }
        Outcome::Refused { verdict } => format!("{agent}: refused, {}", refusal(*verdict, report)),
        Outcome::LaunchFailed { reason } => {
            format!(
                "{agent}: not launched: {}",
                detail(report, launch_failure(*reason))
            )
        }
        Outcome::Unknown { reason } => format!("{agent}: the outcome is unknown: {reason}"),
    }
}

fn refusal(verdict: Verdict, report: &RunReport) -> String {
    let image = report.image.requested.as_deref().unwrap_or("the image");
    let text = match verdict {
        Verdict::Denied => "is on the deny list",
        Verdict::Unsigned => "has no signature",
        Verdict::Invalid => "has a signature that does not hold",
        Verdict::Untrusted => "is signed by nobody whom the policy accepts",
        Verdict::Unavailable => "could not be verified",
        Verdict::Verified => "is verified",
    };
    match &report.reason {
        Some(reason) => format!("{image} {text}: {reason}"),
        None => format!("{image} {text}"),
    }
}

fn launch_failure(reason: LaunchFailure) -> &'static str {
    match reason {
        LaunchFailure::CommandNotFound => "the command is not in the image",
        LaunchFailure::CommandNotExecutable => "the command cannot be executed",
        LaunchFailure::RuntimeUnreachable => "the container runtime cannot be reached",
        LaunchFailure::RuntimeUnsuitable => "the container runtime does not suit",
        LaunchFailure::PullFailed => "the image could not be pulled",
        LaunchFailure::CreateFailed => "the container could not be created",
        LaunchFailure::StartFailed => "the container could not be started",
        LaunchFailure::UsageError => "the arguments or fullsend.yaml are wrong",
    }
}

fn detail(report: &RunReport, general: &str) -> String {
    report.reason.clone().unwrap_or_else(|| general.to_owned())
}

fn memory(report: &RunReport) -> String {
    let limit = report
        .limits
        .memory_bytes
        .map(|bytes| ByteSize::bytes(bytes).to_string());
    limit.unwrap_or_else(|| "unknown".to_owned())
}

fn seconds(seconds: f64) -> String {
    if seconds < 10.0 {
        return format!("{seconds:.1} s");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a wall time"
    )]
    Span::seconds(seconds as u64).to_string()
}

/// The usual name of a signal, or its number.
pub fn signal_name(signal: u8) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV",
        12 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::limits::Limits;

    fn ended(outcome: Outcome) -> String {
        let mut report = RunReport::new("id".into(), "triage", jiff::Timestamp::UNIX_EPOCH);
        let limits = Limits::of_agent("triage").unwrap();
        report.set_limits(limits, limits);
        report.usage.wall_seconds = Some(41.2);
        report.image.requested = Some("ghcr.io/a/b:1".to_owned());
        report.finish(outcome, jiff::Timestamp::UNIX_EPOCH);
        line(&report)
    }

    #[test]
    fn names_the_cause_and_the_mend() {
        assert_eq!(
            ended(Outcome::OomAgent),
            "triage: killed for memory after 41 s (limit 2 GiB): raise agents.triage.memory"
        );
        assert_eq!(
            ended(Outcome::Timeout {
                after_seconds: 300.0
            }),
            "triage: timed out after 5 min: raise agents.triage.timeout"
        );
        assert_eq!(
            ended(Outcome::Refused {
                verdict: Verdict::Unsigned
            }),
            "triage: refused, ghcr.io/a/b:1 has no signature"
        );
        assert_eq!(
            ended(Outcome::Signaled { signal: 11 }),
            "triage: killed by SIGSEGV after 41 s; no limit and no signal to fullsend did it"
        );
    }
}
