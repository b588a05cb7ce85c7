//! One finding with the mend that a program can make.

use crate::{document::edit::Edit, report::finding::Finding};

/// A finding, with the edits that mend it where that is safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, and where.
    pub finding: Finding,
    /// Edits that mend it and change nothing else that the file means; empty where none is safe.
    pub fix: Vec<Edit>,
    pub(super) offset: usize,
}

impl Problem {
    /// The byte of the file where it begins; 0 for the file as a whole.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The same with advice for this case.
    pub(super) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.finding.help = Some(help.into());
        self
    }

    /// The same with another severity than its rule's.
    pub(super) fn severity(&mut self, severity: crate::report::finding::Severity) -> &mut Self {
        self.finding.severity = severity;
        self
    }

    /// The same with edits that mend it: each must keep what the file means but for the mend.
    pub(super) fn fix(&mut self, edits: impl IntoIterator<Item = Edit>) -> &mut Self {
        self.fix.extend(edits);
        self
    }
}
