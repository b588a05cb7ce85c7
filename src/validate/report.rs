//! Where a rule puts what it finds.

use std::ops::Range;

use super::{Problem, Rule, secret};
use crate::{
    document::Source,
    report::{excerpt::Excerpt, finding::Finding},
};

/// More findings of one file tell nobody more.
const MAX_PROBLEMS: usize = 1_000;

/// Collects what rules find in one file.
pub(super) struct Report<'a> {
    source: &'a Source<'a>,
    problems: &'a mut Vec<Problem>,
    /// The last of those that are too many.
    surplus: Option<Problem>,
}

impl<'a> Report<'a> {
    pub(super) fn new(source: &'a Source<'a>, problems: &'a mut Vec<Problem>) -> Self {
        Self {
            source,
            problems,
            surplus: None,
        }
    }

    pub(super) fn source(&self) -> &'a Source<'a> {
        self.source
    }

    /// Says that `rule` found `message` at the bytes `at` of the file.
    pub(super) fn at(
        &mut self,
        rule: &'static Rule,
        at: Range<usize>,
        message: impl Into<String>,
    ) -> &mut Problem {
        if self.problems.len() >= MAX_PROBLEMS {
            return self.whole(rule, message);
        }
        let span = self.source.span(&at);
        let mut finding = Finding::at(&rule.about, self.source.file(), span, message);
        let excerpt = Excerpt::of(self.source.text(), span);
        finding.excerpt = excerpt.filter(|excerpt| !secret::is_in(excerpt.text()));
        self.add(finding, at.start)
    }

    /// Says that `rule` found `message` about the file as a whole.
    pub(super) fn whole(
        &mut self,
        rule: &'static Rule,
        message: impl Into<String>,
    ) -> &mut Problem {
        let finding = Finding::whole_file(&rule.about, self.source.file(), message);
        self.add(finding, 0)
    }

    fn add(&mut self, finding: Finding, offset: usize) -> &mut Problem {
        let problem = Problem {
            finding,
            fix: Vec::new(),
            offset,
        };
        if self.problems.len() >= MAX_PROBLEMS {
            return self.surplus.insert(problem);
        }
        self.problems.push(problem);
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }
}
