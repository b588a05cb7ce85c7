//! Findings: what is wrong, where, and how to mend it; and the document that lists them.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::excerpt::Excerpt;
use crate::model::{
    span::{Position, Span},
    text::printable,
};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing fails.
    Note,
    /// To be mended.
    Warning,
    /// Broken or unsafe.
    Error,
}

impl Severity {
    /// The word for it, in JSON and SARIF alike.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a finding is an instance of.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The name that people silence it by: small letters and hyphens.
    pub id: &'static str,
    /// One sentence, without a full stop.
    pub summary: &'static str,
    /// How to mend it.
    pub help: &'static str,
    /// How much it matters unless the finding says otherwise.
    pub severity: Severity,
    /// The page that explains it, relative to the repository's root.
    pub page: &'static str,
}

/// One thing wrong at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// The rule's name.
    #[serde(serialize_with = "id_of")]
    #[schemars(with = "String")]
    pub rule: &'static Rule,
    /// How much it matters.
    pub severity: Severity,
    /// The file, relative to where the search began.
    #[serde(serialize_with = "lossy")]
    #[schemars(with = "String")]
    pub file: PathBuf,
    /// The line, from 1; null for the file as a whole.
    pub line: Option<usize>,
    /// The column, from 1, in characters.
    pub column: Option<usize>,
    /// The line of the last character.
    pub end_line: Option<usize>,
    /// The column after the last character.
    pub end_column: Option<usize>,
    /// What is wrong, on one line.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// The lines that it is about, for people; nothing where the text is not at hand.
    #[serde(skip)]
    pub excerpt: Option<Excerpt>,
}

/// The document that a verb with findings prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Findings {
    /// The version of this format.
    pub schema_version: u32,
    /// In the order of files and places.
    pub findings: Vec<Finding>,
}

impl Finding {
    /// A finding about the stretch `span` of `file`.
    pub fn at(rule: &'static Rule, file: &Path, span: Span, message: impl Into<String>) -> Self {
        Self {
            line: Some(span.start.line),
            column: Some(span.start.column),
            end_line: Some(span.end.line),
            end_column: Some(span.end.column),
            ..Self::whole_file(rule, file, message)
        }
    }

    /// A finding about `file` as a whole.
    pub fn whole_file(rule: &'static Rule, file: &Path, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity: rule.severity,
            file: file.to_owned(),
            line: None,
            column: None,
            end_line: None,
            end_column: None,
            message: printable(&message.into()),
            help: Some(rule.help.to_owned()),
            excerpt: None,
        }
    }

    /// The same, at `position`: it is known where it begins, and no more.
    #[must_use]
    pub fn starting_at(mut self, position: Position) -> Self {
        self.line = Some(position.line);
        self.column = Some(position.column);
        self.end_line = Some(position.line);
        self.end_column = Some(position.column);
        self
    }

    /// The same with another severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The same with another mend.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What findings are put into order by.
    fn order(&self) -> (&Path, Option<usize>, Option<usize>, &str, &str) {
        (
            &self.file,
            self.line,
            self.column,
            self.rule.id,
            &self.message,
        )
    }
}

impl Findings {
    /// Puts `findings` into the order of files, places and rules, which no run changes.
    pub fn new(mut findings: Vec<Finding>) -> Self {
        findings.sort_by(|a, b| a.order().cmp(&b.order()));
        findings.dedup();
        Self {
            schema_version: 1,
            findings,
        }
    }
}

/// One line for people, `file:line:column: severity[rule]: message`, and one for the mend.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.file.to_string_lossy();
        f.write_str(&printable(&name))?;
        for place in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{place}")?;
        }
        let severity = self.severity.as_str();
        write!(f, ": {severity}[{}]: {}", self.rule.id, self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  {help}"),
            None => Ok(()),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn id_of<S: Serializer>(rule: &&'static Rule, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(rule.id)
}

/// JSON knows no bytes that are not UTF-8; people recognise the name all the same.
pub(super) fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}
