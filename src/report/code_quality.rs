//! Findings as GitLab's Code Quality report, which merge requests show beside the lines.

use serde::Serialize;

use super::{
    finding::{Finding, Findings, Severity},
    fingerprint::Fingerprints,
};

/// One finding in the report; the report is a list of them.
#[derive(Debug, Serialize)]
pub struct Issue {
    description: String,
    check_name: &'static str,
    /// GitLab shows but one of those that share it.
    fingerprint: String,
    severity: &'static str,
    location: Place,
}

#[derive(Debug, Serialize)]
struct Place {
    path: String,
    lines: Lines,
}

#[derive(Debug, Serialize)]
struct Lines {
    begin: usize,
}

/// The report of `findings`, the same for the same findings.
pub fn issues(findings: &Findings) -> Vec<Issue> {
    let mut fingerprints = Fingerprints::default();
    let all = findings.findings.iter();
    all.map(|finding| issue(finding, fingerprints.next(finding)))
        .collect()
}

fn issue(finding: &Finding, fingerprint: String) -> Issue {
    let path = finding.file.to_string_lossy();
    Issue {
        description: description(finding),
        check_name: finding.rule.id,
        fingerprint,
        severity: match finding.severity {
            Severity::Note => "info",
            Severity::Warning => "minor",
            Severity::Error => "critical",
        },
        location: Place {
            path: path.strip_prefix("./").unwrap_or(&path).to_owned(),
            // A file as a whole is its first line.
            lines: Lines {
                begin: finding.line.unwrap_or(1),
            },
        },
    }
}

/// What is wrong and how to mend it, on the one line that GitLab shows.
fn description(finding: &Finding) -> String {
    match &finding.help {
        Some(help) => format!("{}. {help}", finding.message.trim_end_matches('.')),
        None => finding.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use super::*;
    use crate::report::finding::Rule;

    static RULE: Rule = Rule {
        id: "some-rule",
        summary: "Something is wrong",
        help: "Mend it.",
        severity: Severity::Error,
        page: "docs/verify.md",
    };

    fn report(findings: Vec<Finding>) -> Value {
        serde_json::to_value(issues(&Findings::new(findings))).unwrap()
    }

    #[test]
    fn an_issue_has_what_gitlab_reads() {
        let file = Path::new("./a b/ü.yml");
        let mut report = report(vec![Finding::whole_file(&RULE, file, "x\n\"y\"")]);
        let fingerprint = report[0]["fingerprint"].take();
        assert_eq!(fingerprint.as_str().unwrap().len(), 34);
        let wanted = json!([{
            "description": "x\u{fffd}\"y\". Mend it.",
            "check_name": "some-rule",
            "fingerprint": null,
            "severity": "critical",
            "location": {"path": "a b/ü.yml", "lines": {"begin": 1}},
        }]);
        assert_eq!(report, wanted);
        assert_eq!(self::report(Vec::new()), json!([]));
    }

    #[test]
    fn levels_have_their_words_and_equal_findings_their_own_fingerprints() {
        let at = |line: usize, severity: Severity| Finding {
            line: Some(line),
            ..Finding::whole_file(&RULE, Path::new("a.yml"), "x").severity(severity)
        };
        let all = |key: &str, lines: [usize; 3]| -> Vec<String> {
            let [first, second, third] = lines;
            let findings = report(vec![
                at(first, Severity::Note),
                at(second, Severity::Warning),
                at(third, Severity::Error),
            ]);
            let issues = findings.as_array().unwrap().iter();
            issues
                .map(|issue| issue[key].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(all("severity", [1, 2, 3]), ["info", "minor", "critical"]);
        let prints = all("fingerprint", [1, 2, 3]);
        assert!(prints[0] != prints[1] && prints[1] != prints[2] && prints[0] != prints[2]);
        assert_eq!(prints, all("fingerprint", [4, 50, 60]));
    }
}
