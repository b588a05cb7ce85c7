//! The report of an `exec` that was not understood.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

use clap::CommandFactory as _;
use jiff::Timestamp;

use crate::{
    cli::Cli,
    model::outcome::{LaunchFailure, Outcome},
    report::{json, run::RunReport},
    seam::files::AtomicFile,
};

/// The report that says `message` of a run that never began.
pub(super) fn report(agent: &str, message: &str) -> RunReport {
    let now = Timestamp::now();
    let mut report = RunReport::new(uuid::Uuid::new_v4().to_string(), agent, now);
    report.reason = Some(message.trim_end().to_owned());
    let reason = LaunchFailure::UsageError;
    report.finish(Outcome::LaunchFailed { reason }, now);
    report
}

/// Writes the report of an `exec` whose arguments could not even be parsed, if they name one.
///
/// `arguments` begin with the program's name. Those of another verb are left alone: to it,
/// `--report` may be anything.
pub(in crate::cli) fn report_usage_error(arguments: &[OsString], message: &str) {
    let Some(path) = behind_exec(arguments).and_then(report_path) else {
        return;
    };
    let first_line = message.lines().next().unwrap_or_default();
    let report = report("", first_line.trim_start_matches("error: "));
    // The usage error itself is about to be shown; that there is no report either is no news.
    let Ok(text) = json::text(&report) else {
        return;
    };
    let _ = AtomicFile::open(path).and_then(|file| file.commit(text.as_bytes()));
}

/// What stands behind the verb, where that is `exec`; the options before it may be wrong.
fn behind_exec(arguments: &[OsString]) -> Option<&[OsString]> {
    let program = Cli::command();
    let takes_value = |word: &OsStr| {
        let long = word.to_str().and_then(|word| word.strip_prefix("--"));
        let mut known = program.get_arguments();
        let option = known.find(|option| long.is_some() && option.get_long() == long);
        option.is_some_and(|option| option.get_action().takes_values())
    };
    let mut words = arguments.iter().enumerate().skip(1);
    while let Some((at, word)) = words.next() {
        if word == "--" {
            return None;
        }
        if takes_value(word) {
            words.next();
        } else if !word.as_encoded_bytes().starts_with(b"-") {
            return (word == "exec").then(|| &arguments[at + 1..]);
        }
    }
    None
}

/// The value of the last `--report` before the agent's own command line.
fn report_path(words: &[OsString]) -> Option<&Path> {
    let own = words.split(|word| word == "--").next()?;
    own.iter().enumerate().rev().find_map(|(at, word)| {
        if word == "--report" {
            let value = own.get(at + 1)?;
            let is_option = value.as_encoded_bytes().starts_with(b"-");
            return (!is_option).then(|| Path::new(value));
        }
        word.to_str()?.strip_prefix("--report=").map(Path::new)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_report(line: &str, expected: Option<&str>) {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let found = behind_exec(&words).and_then(report_path);
        assert_eq!(found, expected.map(Path::new), "{line}");
    }

    #[test]
    fn exec_names_its_report() {
        assert_report("fullsend exec t --bogus --report r.json", Some("r.json"));
        assert_report("fullsend --bogus -q exec --report=r.json", Some("r.json"));
        assert_report("fullsend --format human exec t --report r", Some("r"));
        assert_report(
            "fullsend --config=a exec t --report r --memory x",
            Some("r"),
        );
        assert_report("fullsend exec t --report a --report b", Some("b"));
    }

    #[test]
    fn what_is_not_execs_report_is_left_alone() {
        for line in [
            "fullsend",
            "fullsend exec t",
            "fullsend exec t --report",
            "fullsend exec t --report --memory 1",
            "fullsend exec t --report -- r.json",
            "fullsend exec t -- tool --report r.json",
            "fullsend verify exec --report r.json",
            "fullsend verify --bogus exec --report r.json",
            "fullsend --config exec verify x --report r.json",
            "fullsend -- exec --report r.json",
        ] {
            assert_report(line, None);
        }
    }
}
