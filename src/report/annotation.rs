//! Findings as GitHub's annotations: workflow commands in a step's log.

use std::{fmt::Write as _, path::Path};

use super::{
    finding::{Finding, Findings, Severity},
    github::{escape_data, property},
};

/// GitHub shows this many of each level for a step, and drops the others without a word.
const MAX_OF_A_LEVEL: usize = 10;

/// One command a finding, as many as are shown, then how many are not.
pub fn github(findings: &Findings) -> String {
    let mut text = String::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let all = findings.findings.iter();
        let level: Vec<_> = all.filter(|f| f.severity == severity).collect();
        for finding in level.iter().take(MAX_OF_A_LEVEL) {
            text.push_str(&command(finding));
        }
        if level.len() > MAX_OF_A_LEVEL {
            let more = level.len() - MAX_OF_A_LEVEL;
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{more} more of level {} are not shown",
                severity.as_str()
            );
        }
    }
    text
}

fn command(finding: &Finding) -> String {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = format!("file={}", property(&name(&finding.file)));
    let one_line = finding.line == finding.end_line;
    for (key, value) in [
        ("line", finding.line),
        ("endLine", finding.end_line),
        // GitHub ignores columns where there is more than one line.
        ("col", finding.column.filter(|_| one_line)),
        ("endColumn", finding.end_column.filter(|_| one_line)),
    ] {
        if let Some(value) = value {
            let _ = write!(properties, ",{key}={value}");
        }
    }
    let _ = write!(properties, ",title={}", property(finding.rule.id));
    let help = finding.help.as_deref();
    let help = help.map_or_else(String::new, |help| format!("\n{help}"));
    let message = escape_data(&format!("{}{help}", finding.message));
    format!("::{level} {properties}::{message}\n")
}

fn name(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::span::{Lines, Span},
        report::finding::Rule,
    };

    static RULE: Rule = Rule {
        id: "some-rule",
        summary: "Something is wrong",
        help: "Mend it: 100%.",
        severity: Severity::Warning,
        page: "docs/verify.md",
    };

    fn span(text: &str, at: std::ops::Range<usize>) -> Span {
        Lines::of(text).span(text, &at)
    }

    #[test]
    fn text_from_outside_stays_text() {
        let file = Path::new("a,b:\n::error::x");
        let finding = Finding::at(&RULE, file, span("ab\ncd", 3..5), "x\r\n::error::y");
        assert_eq!(
            github(&Findings::new(vec![finding])),
            "::warning file=a%2Cb%3A%0A%3A%3Aerror%3A%3Ax,line=2,endLine=2,col=1,endColumn=3,\
             title=some-rule::x\u{fffd}\u{fffd}::error::y%0AMend it: 100%25.\n"
        );
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let finding = |n: usize| Finding::whole_file(&RULE, Path::new("a"), n.to_string());
        let text = github(&Findings::new((0..13).map(finding).collect()));
        assert_eq!(text.lines().count(), 11);
        assert!(text.ends_with("3 more of level warning are not shown\n"));
        assert!(text.starts_with("::warning file=a,title=some-rule::0%0A"));
    }
}
