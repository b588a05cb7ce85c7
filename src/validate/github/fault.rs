//! What is wrong with a file, before a rule puts its name to it.

use std::ops::Range;

use crate::{
    report::finding::Severity,
    validate::{Report, Rule},
};

/// What one walk finds for many rules.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

/// Something wrong, of one kind.
#[derive(Debug)]
pub(super) struct Fault {
    kind: FaultKind,
    at: Range<usize>,
    message: String,
    help: Option<String>,
    severity: Option<Severity>,
}

/// The rule that a fault belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    UnknownKey,
    MissingKey,
    WrongType,
    BadValue,
    IgnoredKey,
    DuplicateKey,
    MergeKey,
    ExpressionNotAllowed,
    ExpressionSyntax,
    ExpressionTooLong,
    UnknownContext,
    UnavailableContext,
    UnknownFunction,
    UnavailableFunction,
    FunctionArguments,
    UndefinedStep,
    UndefinedNeed,
    UndefinedInput,
    UndefinedMatrix,
    UndefinedProperty,
    ConditionAlwaysTrue,
}

impl Faults {
    /// Notes `message` at the bytes `at` of the file.
    pub(super) fn add(
        &mut self,
        kind: FaultKind,
        at: Range<usize>,
        message: impl Into<String>,
    ) -> &mut Fault {
        self.0.push(Fault {
            kind,
            at,
            message: message.into(),
            help: None,
            severity: None,
        });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    /// Leaves one of those that an alias shows many times.
    pub(super) fn sort(&mut self) {
        let place = |fault: &Fault| (fault.at.start, fault.at.end);
        self.0.sort_by(|a, b| {
            place(a)
                .cmp(&place(b))
                .then_with(|| a.message.cmp(&b.message))
        });
        self.0
            .dedup_by(|a, b| a.kind == b.kind && a.at == b.at && a.message == b.message);
    }

    /// Reports those of `kind` under the name of `rule`.
    pub(super) fn report(&self, kind: FaultKind, rule: &'static Rule, report: &mut Report<'_>) {
        for fault in self.0.iter().filter(|fault| fault.kind == kind) {
            let problem = report.at(rule, fault.at.clone(), fault.message.as_str());
            if let Some(help) = &fault.help {
                problem.help(help.as_str());
            }
            if let Some(severity) = fault.severity {
                problem.severity(severity);
            }
        }
    }
}

impl Fault {
    /// The same with advice for this case.
    pub(super) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// The same as what may be newer than this program: no more than a note.
    pub(super) fn note(&mut self) -> &mut Self {
        self.severity = Some(Severity::Note);
        self
    }
}
