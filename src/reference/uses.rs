//! The actions, reusable workflows and components that files use, each with its place.

use std::{collections::HashSet, ops::Range, path::PathBuf};

use crate::{
    document::{
        Source,
        yaml::{Node, Scalar, Style},
    },
    model::span::Span,
};

/// An action, a reusable workflow or a component that a file uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundUse {
    /// The file, as it was given.
    pub file: PathBuf,
    /// What stands before the `@`: `actions/checkout`, or `gitlab.com/acme/lint/check`.
    pub name: String,
    /// What stands after the `@`: a commit, a tag or a branch; nothing where there is no `@`.
    pub reference: Option<String>,
    /// Where name and reference are written, without quotes.
    pub span: Span,
    /// Whether the bytes at `span` are the value: no escapes, no folds.
    pub literal: bool,
    /// Where the value ends, its closing quote included.
    pub end: usize,
    /// The rest of the line's comment, `#` excluded.
    pub comment: Option<Comment>,
    /// Who uses it.
    pub place: UsePlace,
}

/// The comment behind a reference, which tells people the version of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its text, trimmed.
    pub text: String,
    /// The bytes of the text.
    pub span: Span,
}

/// Who uses an action, a reusable workflow or a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UsePlace {
    /// GitHub: a step of a job or of a composite action.
    Step,
    /// GitHub: a job that is a reusable workflow.
    Workflow,
    /// GitLab: an included component.
    Component,
}

impl FoundUse {
    /// Whether it lies in the same repository, at the same commit, and so has no version.
    pub fn is_local(&self) -> bool {
        self.name.starts_with("./") || self.name.starts_with("$/")
    }
}

/// Gathers what one file uses.
pub(super) struct Uses<'s> {
    source: &'s Source<'s>,
    found: Vec<FoundUse>,
    /// Aliases lead to the same place more than once.
    seen: HashSet<usize>,
}

impl<'s> Uses<'s> {
    pub(super) fn new(source: &'s Source<'s>) -> Self {
        Self {
            source,
            found: Vec::new(),
            seen: HashSet::new(),
        }
    }

    /// The steps and the reusable workflows of a workflow's jobs.
    pub(super) fn workflow(&mut self, root: &Node<'_>) {
        for jobs in root.all("jobs") {
            for (_, job) in jobs.entries() {
                for uses in job.all("uses") {
                    self.add(&uses, UsePlace::Workflow);
                }
                self.steps(&job);
            }
        }
    }

    /// The steps of a composite action.
    pub(super) fn action(&mut self, root: &Node<'_>) {
        for runs in root.all("runs") {
            self.steps(&runs);
        }
    }

    /// The components that a pipeline includes.
    pub(super) fn pipeline(&mut self, root: &Node<'_>) {
        for include in root.all("include") {
            for entry in include.items().chain([include]) {
                for component in entry.all("component") {
                    self.add(&component, UsePlace::Component);
                }
            }
        }
    }

    fn steps(&mut self, holder: &Node<'_>) {
        for steps in holder.all("steps") {
            for step in steps.items() {
                for uses in step.all("uses") {
                    self.add(&uses, UsePlace::Step);
                }
            }
        }
    }

    fn add(&mut self, node: &Node<'_>, place: UsePlace) {
        let Some(scalar) = node.scalar() else { return };
        let is_image = scalar.value.starts_with("docker://");
        if is_image || scalar.value.trim().is_empty() || !self.seen.insert(scalar.at.start) {
            return;
        }
        let (name, reference) = match scalar.value.split_once('@') {
            Some((name, reference)) => (name, Some(reference.to_owned())),
            None => (scalar.value, None),
        };
        let end = end_of(&scalar);
        self.found.push(FoundUse {
            file: self.source.file().to_owned(),
            name: name.to_owned(),
            reference,
            span: self.source.span(&scalar.at),
            literal: self.source.slice(scalar.at.clone()) == scalar.value,
            end,
            comment: self.comment(end),
            place,
        });
    }

    /// The comment between byte `end` and the end of its line.
    fn comment(&self, end: usize) -> Option<Comment> {
        let rest = self.source.text().get(end..)?;
        let line = rest.split(['\n', '\r']).next()?;
        let hash = line.find(|c: char| !c.is_ascii_whitespace())?;
        let text = line[hash..].strip_prefix('#').filter(|_| hash > 0)?;
        let start = end + hash + 1 + (text.len() - text.trim_start().len());
        let at: Range<usize> = start..start + text.trim().len();
        Some(Comment {
            text: text.trim().to_owned(),
            span: self.source.span(&at),
        })
    }

    pub(super) fn into_found(mut self) -> Vec<FoundUse> {
        self.found.sort_by_key(|found| found.span.start.offset);
        self.found
    }
}

fn end_of(scalar: &Scalar<'_>) -> usize {
    match scalar.style {
        Style::Quoted => scalar.at.end + 1,
        Style::Plain | Style::Block => scalar.at.end,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::reference::uses;

    fn found(path: &str, text: &str) -> Vec<(String, Option<String>, Option<String>, UsePlace)> {
        let found = uses(Path::new(path), text.as_bytes()).unwrap().into_iter();
        found
            .map(|found| {
                let at = found.span.bytes();
                let written = &text[at];
                assert_eq!(found.literal, written.starts_with(&found.name), "{written}");
                let comment = found.comment.map(|comment| {
                    assert_eq!(&text[comment.span.bytes()], comment.text);
                    comment.text
                });
                (found.name, found.reference, comment, found.place)
            })
            .collect()
    }

    fn one(
        name: &str,
        reference: &str,
        comment: Option<&str>,
        place: UsePlace,
    ) -> (String, Option<String>, Option<String>, UsePlace) {
        let reference = Some(reference.to_owned()).filter(|text| !text.is_empty());
        (
            name.to_owned(),
            reference,
            comment.map(str::to_owned),
            place,
        )
    }

    #[test]
    fn steps_jobs_and_components_are_found_with_their_comments() {
        let text = "on: push\njobs:\n  a: {uses: o/r/w.yml@v1}\n  b:\n    steps:\n    \
            - &step {uses: \"a/b@1\"} # é why\n    - *step\n    - uses: ./x\n    \
            - uses: docker://alpine:3\n    - run: 'uses: x/y@1'\n    \
            - with: {uses: x/y@1}\n    - uses: a/c@2#no\n    - uses: \"a\\/d@3\"\n";
        assert_eq!(
            found(".github/workflows/a.yml", text),
            [
                one("o/r/w.yml", "v1", None, UsePlace::Workflow),
                one("a/b", "1", None, UsePlace::Step),
                one("./x", "", None, UsePlace::Step),
                one("a/c", "2#no", None, UsePlace::Step),
                one("a/d", "3", None, UsePlace::Step),
            ]
        );
        let text = "runs:\n  using: composite\n  steps:\n  - uses: a/b@1   #  v1.2.3  \r\n";
        assert_eq!(
            found("action.yml", text),
            [one("a/b", "1", Some("v1.2.3"), UsePlace::Step)]
        );
        let text = "include:\n- component: g/a/b@1\n- project: x\n  file: y@1\n";
        assert_eq!(
            found(".gitlab-ci.yml", text),
            [one("g/a/b", "1", None, UsePlace::Component)]
        );
        assert_eq!(found("Dockerfile", "FROM uses:a@1\n"), []);
    }
}
