//! What GitHub Actions reads: workflow commands, outputs and the step summary.

use std::fmt::Write as _;

use super::{run::RunReport, verification::Verification};
use crate::model::outcome::Outcome;

/// The command that opens a log group; belongs on a line of its own.
pub fn group(title: &str) -> String {
    format!("::group::{}\n", escape_data(title))
}

/// The command that closes the log group.
pub const END_GROUP: &str = "::endgroup::\n";

/// The command after which GitHub obeys no workflow command until [`resume_commands`].
///
/// `token` must be unguessable, as whoever prints it lifts the ban.
pub fn stop_commands(token: &str) -> String {
    format!("::stop-commands::{token}\n")
}

/// The command that ends [`stop_commands`] of the same `token`.
///
/// Begins a line of its own, as an agent may leave one unfinished.
pub fn resume_commands(token: &str) -> String {
    format!("\n::{token}::\n")
}

/// The lines for `$GITHUB_OUTPUT`: `outcome`, `digest` and `exit-code`.
///
/// None of the values can hold a newline: a word, a digest and a number.
pub fn outputs(report: &RunReport) -> String {
    format!(
        "outcome={}\ndigest={}\nexit-code={}\n",
        report.outcome.kind(),
        report.image.digest.as_deref().unwrap_or_default(),
        report.exit_code
    )
}

/// The lines for `$GITHUB_OUTPUT` of a verdict: `outcome`, `digest` and `exit-code`.
pub fn verdict_outputs(verification: &Verification) -> String {
    format!(
        "outcome={}\ndigest={}\nexit-code={}\n",
        verification.verdict.as_str(),
        verification.digest.as_deref().unwrap_or_default(),
        verification.verdict.exit_code()
    )
}

/// The title of the annotation of an agent that ended by itself with a code of its own.
///
/// Who reads a fleet's runs tells by it and by [`SANDBOX`] whose fault a failed run is.
pub const EXITED: &str = "fullsend: exited";

/// The title of the annotation of a sandbox that did not start, died or was refused.
pub const SANDBOX: &str = "fullsend: sandbox";

/// The annotation of a run that did not end well, as a line; none where somebody interrupted it.
pub fn annotation(report: &RunReport, closing: &str) -> Option<String> {
    let title = match &report.outcome {
        Outcome::Exited { code: 0 } | Outcome::Interrupted { .. } => return None,
        Outcome::Exited { .. } | Outcome::OomDescendant { code: Some(_), .. } => EXITED,
        Outcome::OomDescendant { .. }
        | Outcome::Signaled { .. }
        | Outcome::Timeout { .. }
        | Outcome::OomAgent
        | Outcome::Refused { .. }
        | Outcome::LaunchFailed { .. }
        | Outcome::Unknown { .. } => SANDBOX,
    };
    let (title, closing) = (property(title), escape_data(closing));
    Some(format!("::error title={title}::{closing}\n"))
}

/// The Markdown for `$GITHUB_STEP_SUMMARY`.
pub fn summary(report: &RunReport, closing: &str) -> String {
    let text = |value: Option<&str>| value.map_or_else(|| "–".to_owned(), escape_markdown);
    let mut rows = String::new();
    for (name, value) in [
        ("Outcome", text(Some(report.outcome.kind()))),
        ("Exit code", report.exit_code.to_string()),
        ("Image", text(report.image.requested.as_deref())),
        ("Digest", text(report.image.digest.as_deref())),
        (
            "Verdict",
            text(
                report
                    .verification
                    .verdict
                    .map(crate::model::verdict::Verdict::as_str),
            ),
        ),
        ("Signed by", text(report.verification.identity.as_deref())),
    ] {
        // Writing to a String cannot fail.
        let _ = writeln!(rows, "| {name} | {value} |");
    }
    format!(
        "### fullsend: {}\n\n| | |\n|---|---|\n{rows}\n",
        escape_markdown(closing)
    )
}

pub(super) fn property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

pub(super) fn escape_data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Keeps text from outside on one line of a table, and from becoming markup.
pub(super) fn escape_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars().take(1000) {
        match c {
            '\n' | '\r' => escaped.push(' '),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' | '!' | '~' | '@' => {
                escaped.push('\\');
                escaped.push(c);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_says_whose_fault_it_is() {
        let annotated = |outcome: Outcome| {
            let mut report = RunReport::new("id".into(), "triage", jiff::Timestamp::UNIX_EPOCH);
            report.finish(outcome, jiff::Timestamp::UNIX_EPOCH);
            annotation(&report, "a\nb")
        };
        let exited = "::error title=fullsend%3A exited::a%0Ab\n".to_owned();
        let sandbox = "::error title=fullsend%3A sandbox::a%0Ab\n".to_owned();
        let oom = |code, signal| Outcome::OomDescendant { code, signal };
        for (outcome, expected) in [
            (Outcome::Exited { code: 0 }, None),
            (Outcome::Interrupted { signal: 15 }, None),
            (Outcome::Exited { code: 137 }, Some(&exited)),
            (oom(Some(1), None), Some(&exited)),
            (oom(None, Some(9)), Some(&sandbox)),
            (Outcome::Signaled { signal: 9 }, Some(&sandbox)),
            (Outcome::OomAgent, Some(&sandbox)),
        ] {
            assert_eq!(annotated(outcome.clone()).as_ref(), expected, "{outcome:?}");
        }
    }

    #[test]
    fn text_from_outside_stays_text() {
        assert_eq!(group("a\n::error::b%"), "::group::a%0A::error::b%25\n");
        assert_eq!(escape_markdown("<b>|\n@x"), "&lt;b&gt;\\| \\@x");
    }
}
