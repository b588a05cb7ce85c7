//! What is wrong with a file, before a rule puts its name to it.

use std::{collections::HashMap, ops::Range};

use crate::{
    report::finding::Severity,
    validate::{Report, Rule},
};

/// More faults of one file are not looked for.
const MAX_FAULTS: usize = 2_000;

/// What one walk finds for many rules; what an alias repeats, once.
#[derive(Debug, Default)]
pub(super) struct Faults {
    faults: Vec<Fault>,
    /// Which of them is of a kind at a place.
    known: HashMap<(FaultKind, usize, usize), usize>,
}

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
        let next = self.faults.len();
        let place = (kind, at.start, at.end);
        let index = *self.known.entry(place).or_insert(next);
        if index == next {
            self.faults.push(Fault {
                kind,
                at,
                message: message.into(),
                help: None,
                severity: None,
            });
        }
        &mut self.faults[index]
    }

    /// Whether there are so many that nobody reads one more.
    pub(super) fn full(&self) -> bool {
        self.faults.len() >= MAX_FAULTS
    }

    /// Reports those of `kind` under the name of `rule`.
    pub(super) fn report(&self, kind: FaultKind, rule: &'static Rule, report: &mut Report<'_>) {
        for fault in self.faults.iter().filter(|fault| fault.kind == kind) {
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

    /// The same, less sure than its rule is.
    pub(super) fn warning(&mut self) -> &mut Self {
        self.severity = Some(Severity::Warning);
        self
    }

    /// The same as what may be newer than this program: no more than a note.
    pub(super) fn note(&mut self) -> &mut Self {
        self.severity = Some(Severity::Note);
        self
    }
}
