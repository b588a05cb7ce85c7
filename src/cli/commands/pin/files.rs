//! The files that references are found in, and what is written into them.

use std::path::PathBuf;

use crate::{
    cli::{commands::selection::Selected, patch::patch},
    document::{DocumentError, edit},
    model::{chain::chain, pinning::Status},
    pin::{self, Decision, Locked, Pin, Site},
    reference::{self, Reference},
    report::{finding::Severity, references::ReferenceRow},
    seam::files::FileError,
};

/// A file and what it refers to.
pub(super) struct Read<'a> {
    pub(super) file: &'a Selected,
    pub(super) bytes: Vec<u8>,
    pub(super) references: Vec<Reference>,
    /// How each of them stands in the lock of actions that governs it.
    pub(super) locked: Vec<Option<Locked>>,
}

/// What came of a file.
pub(super) struct Settled {
    pub(super) rows: Vec<ReferenceRow>,
    /// The file with every edit made; nothing where there is none.
    pub(super) text: Option<String>,
    /// The rows of references that move only together with a lock of actions, by number.
    pub(super) governed: Vec<usize>,
}

/// Reads `file`; nothing where it refers to nothing.
pub(super) fn read(file: &Selected) -> Option<Result<Read<'_>, ReferenceRow>> {
    let bytes = match file.read() {
        Ok(bytes) => bytes,
        Err(error) => {
            return Some(Err(unread(
                file.shown.clone(),
                Status::Error,
                chain(&error),
            )));
        }
    };
    match reference::references(&file.name, &bytes) {
        Ok(references) if references.is_empty() => None,
        Ok(references) => Some(Ok(Read {
            file,
            bytes,
            locked: vec![None; references.len()],
            references,
        })),
        Err(error) => Some(Err(unreadable(file, &error))),
    }
}

/// The row of a file that cannot be read: left alone where nothing says that a platform reads it.
fn unreadable(file: &Selected, error: &DocumentError) -> ReferenceRow {
    let status = match reference::unreadable(error).severity {
        Severity::Error => Status::Error,
        Severity::Warning | Severity::Note => Status::Ignored,
    };
    let row = unread(file.shown.clone(), status, error.problem.to_string());
    ReferenceRow {
        line: error.position.map(|position| position.line),
        column: error.position.map(|position| position.column),
        ..row
    }
}

/// The row of a file of which nothing else is known.
pub(super) fn unread(file: PathBuf, status: Status, reason: String) -> ReferenceRow {
    ReferenceRow {
        file,
        line: None,
        column: None,
        kind: None,
        before: None,
        after: None,
        status,
        reason: Some(reason),
        is_unanswered: false,
        span: None,
    }
}

impl Read<'_> {
    /// Its references, as they are to be decided about.
    pub(super) fn sites(&self) -> Vec<Site<'_>> {
        let sites = self.references.iter().zip(&self.locked);
        sites
            .map(|(reference, locked)| Site {
                reference,
                locked: locked.as_ref(),
            })
            .collect()
    }

    /// What the file is called in messages and records.
    pub(super) fn shown(&self) -> String {
        self.file.shown.to_string_lossy().into_owned()
    }

    /// What becomes of the file by `decisions`, one for each of its references, about which
    /// registries and forges were asked or not.
    pub(super) fn settle(&self, decisions: &[Decision], is_asked: bool) -> Settled {
        let mut edits = Vec::new();
        let mut rows = Vec::new();
        let mut governed = Vec::new();
        for (reference, decision) in self.references.iter().zip(decisions) {
            let mut row = self.row(reference, decision, is_asked);
            if matches!(decision.to, Some(Pin::Locked { .. })) {
                governed.push(rows.len());
            }
            match decision
                .to
                .as_ref()
                .map(|to| reference.edits(&to.as_pinned()))
            {
                Some(Ok(own)) if own.is_empty() => {
                    let reason = row.reason.unwrap_or_default();
                    row.reason = Some(format!("{reason}: a comment has no room here"));
                }
                Some(Ok(own)) => edits.extend(own),
                Some(Err(obstacle)) => {
                    row.after = None;
                    row.reason = Some(obstacle.to_string());
                }
                None => {}
            }
            rows.push(row);
        }
        let text = match self.edited(&edits) {
            Ok(text) => text,
            Err(reason) => {
                fail(&mut rows, &reason);
                None
            }
        };
        Settled {
            rows,
            text,
            governed,
        }
    }

    fn row(&self, reference: &Reference, decision: &Decision, is_asked: bool) -> ReferenceRow {
        let before = pin::shown(reference);
        let after = match (&decision.to, decision.status) {
            (Some(to), _) => Some(to.shown(reference)),
            (None, Status::Pinned) => Some(before.clone()),
            (None, _) => None,
        };
        ReferenceRow {
            file: self.file.shown.clone(),
            line: Some(reference.span.start.line),
            column: Some(reference.span.start.column),
            kind: Some(reference.kind()),
            before: Some(before),
            after,
            status: decision.status,
            reason: decision.reason.clone(),
            is_unanswered: is_asked && decision.status == Status::Error,
            span: Some(reference.span),
        }
    }

    /// The text with `edits` made, which must still name the same things in the same places.
    fn edited(&self, edits: &[edit::Edit]) -> Result<Option<String>, String> {
        if edits.is_empty() {
            return Ok(None);
        }
        let text = std::str::from_utf8(&self.bytes)
            .map_err(|_| "the file is not UTF-8: save it as UTF-8 to have it edited")?;
        let text = edit::apply(text, edits).map_err(|error| error.to_string())?;
        let found = reference::references(&self.file.name, text.as_bytes());
        let is_same = |(old, new): (&Reference, &Reference)| {
            old.place == new.place && old.name() == new.name()
        };
        if found.is_ok_and(|found| {
            found.len() == self.references.len() && self.references.iter().zip(&found).all(is_same)
        }) {
            Ok(Some(text))
        } else {
            Err("the file would not say the same any more: nothing in it was changed".to_owned())
        }
    }

    /// The edits as a patch.
    pub(super) fn patch(&self, settled: &Settled) -> String {
        let old = std::str::from_utf8(&self.bytes).ok();
        match (&settled.text, old) {
            (Some(new), Some(old)) => patch(&self.file.name, Some(old), new),
            _ => String::new(),
        }
    }

    /// Writes the edits, unless somebody else has changed the file meanwhile.
    pub(super) fn write(&self, settled: &mut Settled) {
        match self.put(settled) {
            Ok(()) => settled.is_written(),
            Err(error) => settled.fail(&chain(&error)),
        }
    }

    /// Writes the edits, and tells nobody.
    pub(super) fn put(&self, settled: &Settled) -> Result<(), FileError> {
        match &settled.text {
            Some(text) => self.replace(&self.bytes, text.as_bytes()),
            None => Ok(()),
        }
    }

    /// Takes back what [`Read::put`] wrote.
    pub(super) fn take_back(&self, settled: &Settled) -> Result<(), FileError> {
        match &settled.text {
            Some(text) => self.replace(text.as_bytes(), &self.bytes),
            None => Ok(()),
        }
    }

    fn replace(&self, old: &[u8], new: &[u8]) -> Result<(), FileError> {
        self.file.replace(old, new)
    }
}

impl Settled {
    /// What was to change has changed.
    pub(super) fn is_written(&mut self) {
        for (number, row) in self.rows.iter_mut().enumerate() {
            if row.is_to_change() || self.governed.contains(&number) {
                row.status = Status::Changed;
            }
        }
    }

    /// Nothing of what was to change has, for `reason`.
    pub(super) fn fail(&mut self, reason: &str) {
        fail(&mut self.rows, reason);
        for number in &self.governed {
            if let Some(row) = self.rows.get_mut(*number) {
                row.status = Status::Error;
                row.is_unanswered = false;
                row.reason = Some(reason.to_owned());
            }
        }
    }

    /// Whether something that was to change cannot.
    pub(super) fn is_failed(&self) -> bool {
        let mut governed = self
            .governed
            .iter()
            .filter_map(|number| self.rows.get(*number));
        governed.any(|row| row.status == Status::Error)
    }
}

/// What was to be edited could not be, for `reason`.
fn fail(rows: &mut [ReferenceRow], reason: &str) {
    for row in rows.iter_mut().filter(|row| row.is_to_change()) {
        row.status = Status::Error;
        row.is_unanswered = false;
        row.after = None;
        row.reason = Some(reason.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_would_name_something_else_is_not_written() {
        let name = Path::new("Dockerfile");
        let file = Selected {
            path: name.to_owned(),
            root: Path::new("").into(),
            within: Path::new("").into(),
            name: name.to_owned(),
            shown: name.to_owned(),
            is_named: true,
        };
        let read = |bytes: &str| Read {
            file: &file,
            bytes: bytes.as_bytes().to_vec(),
            references: reference::references(name, b"FROM ours:1\n").unwrap(),
            locked: vec![None],
        };
        let edits = [edit::Edit {
            at: 9..11,
            text: ":2".to_owned(),
        }];
        let edited = |bytes: &str| read(bytes).edited(&edits);
        assert_eq!(edited("FROM ours:1\n").unwrap().unwrap(), "FROM ours:2\n");
        assert!(edited("FROM evil:1\n").is_err());
    }
}
