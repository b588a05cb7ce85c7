//! Findings as the Markdown of a GitHub step summary.

use std::fmt::Write as _;

use super::{
    excerpt,
    finding::{Finding, Findings},
    github::escape_markdown,
};

/// GitHub refuses a summary of more than a mebibyte; a step may have written some of it already.
const MAX_BYTES: usize = 512 << 10;

/// The `findings` of `verb` as a table, the gravest first; what is too much is counted.
pub fn markdown(verb: &str, findings: &Findings, files: usize) -> String {
    let mut text = format!(
        "### fullsend {verb}: {}\n\n",
        excerpt::summary(findings, files)
    );
    if findings.findings.is_empty() {
        return text;
    }
    text.push_str("| | place | finding | rule |\n|---|---|---|---|\n");
    let mut gravest: Vec<&Finding> = findings.findings.iter().collect();
    gravest.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for (shown, finding) in gravest.iter().enumerate() {
        let row = row(finding);
        if text.len() + row.len() > MAX_BYTES {
            let left = gravest.len() - shown;
            // Writing to a String cannot fail.
            let _ = writeln!(text, "\n{left} more are not shown.");
            break;
        }
        text.push_str(&row);
    }
    text + "\n"
}

fn row(finding: &Finding) -> String {
    let place = finding
        .line
        .map_or_else(String::new, |line| format!(":{line}"));
    let help = finding
        .help
        .as_deref()
        .map_or_else(String::new, |help| format!("<br>{}", escape_markdown(help)));
    format!(
        "| {} | {}{place} | {}{help} | {} |\n",
        finding.severity.as_str(),
        escape_markdown(&finding.file.to_string_lossy()),
        escape_markdown(&finding.message),
        finding.rule.id,
    )
}
