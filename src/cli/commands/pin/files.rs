//! The files that references are found in, as the user would name them.

use std::path::PathBuf;

use super::roots::Root;
use crate::{
    cli::commands::selection::Selected,
    model::{chain::chain, pinning::Status},
    pin::{self, Decision, NamingFile, Settlement, Site, Unread},
    report::references::ReferenceRow,
};

/// A file that refers to something.
pub(super) struct Read<'a> {
    pub(super) file: &'a Selected,
    pub(super) naming: NamingFile,
}

/// Reads `file`; nothing where it refers to nothing.
pub(super) fn read(file: &Selected) -> Option<Result<Read<'_>, ReferenceRow>> {
    let bytes = file.read().map_err(|error| chain(&error));
    let naming = match bytes {
        Ok(bytes) => NamingFile::read(file.name.clone(), bytes),
        Err(reason) => Err(Unread::error(&file.name, reason)),
    };
    match naming {
        Ok(None) => None,
        Ok(Some(naming)) => Some(Ok(Read { file, naming })),
        Err(unread) => Some(Err(of_unread(file.shown.clone(), &unread))),
    }
}

/// The row of a file that could not be read, as it is shown.
pub(super) fn of_unread(shown: PathBuf, unread: &Unread) -> ReferenceRow {
    let row = self::unread(shown, unread.status, unread.reason.clone());
    ReferenceRow {
        line: unread.position.map(|position| position.line),
        column: unread.position.map(|position| position.column),
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

/// The rows of the sites of `root`, before anything is written; registries and forges were asked
/// about them or not.
pub(super) fn rows(root: &Root<'_>, settlement: &Settlement, is_asked: bool) -> Vec<ReferenceRow> {
    let sites = root.repository.sites();
    let decided = sites.iter().zip(&settlement.decisions).enumerate();
    let row = |(number, (site, decision)): (usize, (&Site<'_>, &Decision))| {
        let is_failed = settlement.failed.binary_search(&number).is_ok();
        ReferenceRow {
            is_unanswered: is_asked && !is_failed && decision.status == Status::Error,
            ..row(root, *site, decision)
        }
    };
    decided.map(row).collect()
}

fn row(root: &Root<'_>, site: Site<'_>, decision: &Decision) -> ReferenceRow {
    let reference = site.reference;
    let before = pin::shown(reference);
    let after = match (&decision.to, decision.status) {
        (Some(to), _) => Some(to.shown(reference)),
        (None, Status::Pinned) => Some(before.clone()),
        (None, _) => None,
    };
    ReferenceRow {
        file: root.shown(&reference.file),
        line: Some(reference.span.start.line),
        column: Some(reference.span.start.column),
        kind: Some(reference.kind()),
        before: Some(before),
        after,
        status: decision.status,
        reason: decision.reason.clone(),
        is_unanswered: false,
        span: Some(reference.span),
    }
}
