//! SARIF 2.1.0, as GitHub code scanning reads it.

use std::{collections::BTreeMap, fmt::Write as _, os::unix::ffi::OsStrExt as _, path::Path};

use serde_json::{Value, json};

use super::{
    finding::{Finding, Findings, Rule, Severity},
    fingerprint::Fingerprints,
};

/// GitHub refuses a run with more results.
pub const MAX_RESULTS: usize = 25_000;

/// Where the pages that explain the rules are read.
const PAGES: &str = "https://github.com/fullsend-ai/fullsend/blob/main/";

/// The SARIF document of `findings`, the same for the same findings.
///
/// Of more than [`MAX_RESULTS`] the gravest are kept, and a notification says how many are not
/// there. Every rule of `rules` is described, found or not.
pub fn document(findings: &Findings, rules: &[&'static Rule]) -> Value {
    let rules = described(findings, rules);
    let mut kept: Vec<&Finding> = findings.findings.iter().collect();
    if kept.len() > MAX_RESULTS {
        kept.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        kept.truncate(MAX_RESULTS);
    }
    let left_out = findings.findings.len() - kept.len();
    let mut fingerprints = Fingerprints::default();
    let results: Vec<Value> = kept
        .into_iter()
        .map(|finding| result(finding, &rules, &fingerprints.next(finding)))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "fullsend",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": "https://github.com/fullsend-ai/fullsend",
                "rules": rules.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications(left_out),
            }],
            "results": results,
        }],
    })
}

/// `rules` with those of the findings, by name.
fn described(findings: &Findings, rules: &[&'static Rule]) -> Vec<&'static Rule> {
    let found = findings.findings.iter().map(|finding| finding.rule);
    let by_id: BTreeMap<_, _> = rules
        .iter()
        .copied()
        .chain(found)
        .map(|rule| (rule.id, rule))
        .collect();
    by_id.into_values().collect()
}

fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": format!("{}.", rule.summary)},
        "help": {"text": rule.help},
        "helpUri": format!("{PAGES}{}", rule.page),
        "defaultConfiguration": {"level": rule.severity.as_str()},
        "properties": {"tags": ["security", "supply-chain"]},
    })
}

fn notifications(left_out: usize) -> Vec<Value> {
    if left_out == 0 {
        return Vec::new();
    }
    let text = format!("{left_out} more findings are not listed");
    vec![json!({"level": Severity::Warning.as_str(), "message": {"text": text}})]
}

fn result(finding: &Finding, rules: &[&'static Rule], fingerprint: &str) -> Value {
    let index = rules.iter().position(|rule| rule.id == finding.rule.id);
    json!({
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": finding.severity.as_str(),
        "message": {"text": message(finding)},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(&finding.file), "uriBaseId": "%SRCROOT%"},
            "region": region(finding),
        }}],
        // Not under GitHub's own name `primaryLocationLineHash`: its upload action computes that
        // one from the lines themselves and warns of any other.
        "partialFingerprints": {"fullsend/v1": fingerprint},
    })
}

/// What is wrong and, on a line of its own, the mend; brackets cannot become a link.
fn message(finding: &Finding) -> String {
    let mut text = finding.message.clone();
    if let Some(help) = &finding.help {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{help}");
    }
    text.replace('\\', "\\\\")
        .replace('[', "\\[")
        .replace(']', "\\]")
}

/// GitHub shows nothing that has no line: a file as a whole is its first one.
fn region(finding: &Finding) -> Value {
    let mut region = json!({"startLine": finding.line.unwrap_or(1)});
    for (key, value) in [
        ("startColumn", finding.column),
        ("endLine", finding.end_line),
        ("endColumn", finding.end_column),
    ] {
        if let Some(value) = value {
            region[key] = json!(value);
        }
    }
    region
}

/// A relative path as a relative URI reference, whatever bytes it has.
fn uri(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    let bytes = bytes.strip_prefix(b"./").unwrap_or(bytes);
    let mut uri = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                uri.push(char::from(byte));
            }
            // Also a colon, which would make what precedes it a scheme.
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;
    use crate::report::finding::Findings;

    static RULE: Rule = Rule {
        id: "some-rule",
        summary: "Something is wrong",
        help: "Mend it.",
        severity: Severity::Warning,
        page: "docs/verify.md#some-rule",
    };

    #[test]
    fn paths_become_relative_uris() {
        for (path, wanted) in [
            (
                &b".github/workflows/a b.yml"[..],
                ".github/workflows/a%20b.yml",
            ),
            (b"./a.yml", "a.yml"),
            (b"http:x.yml", "http%3Ax.yml"),
            (b"\xff%#?.yml", "%FF%25%23%3F.yml"),
            ("é.yml".as_bytes(), "%C3%A9.yml"),
        ] {
            assert_eq!(uri(Path::new(OsStr::from_bytes(path))), wanted);
        }
    }

    #[test]
    fn equal_findings_have_their_own_fingerprints_that_moving_lines_keep() {
        let at = |line: usize| Finding {
            line: Some(line),
            ..Finding::whole_file(&RULE, Path::new("a.yml"), "x")
        };
        let prints = |findings: Vec<Finding>| -> Vec<String> {
            let document = document(&Findings::new(findings), &[]);
            let results = document["runs"][0]["results"].as_array().unwrap().clone();
            let print = |r: &Value| r["partialFingerprints"]["fullsend/v1"].to_string();
            results.iter().map(print).collect()
        };
        let before = prints(vec![at(3), at(9)]);
        assert_ne!(before[0], before[1]);
        assert_eq!(before, prints(vec![at(10), at(4)]));
    }

    #[test]
    fn the_gravest_are_kept_and_text_from_outside_is_no_link() {
        let message = |n: usize| format!("[{n}](https://evil.example)\u{7}");
        let finding = |n: usize| Finding::whole_file(&RULE, Path::new("a"), message(n));
        let mut findings: Vec<_> = (0..=MAX_RESULTS).map(finding).collect();
        findings.push(finding(MAX_RESULTS + 1).severity(Severity::Error));
        let document = document(&Findings::new(findings), &[]);
        let run = &document["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), MAX_RESULTS);
        assert_eq!(results[0]["level"], "error");
        let text = results[0]["message"]["text"].as_str().unwrap();
        assert_eq!(text, "\\[25001\\](https://evil.example)\u{fffd}\nMend it.");
        let left_out = &run["invocations"][0]["toolExecutionNotifications"][0];
        assert_eq!(
            left_out["message"]["text"],
            "2 more findings are not listed"
        );
    }
}
