//! What is to be said of files that cannot be read, and of images that cannot be told.

use std::path::Path;

use super::{FileKind, FoundImage};
use crate::{
    document::{DocumentError, Problem},
    report::finding::{Finding, Rule, Severity},
};

/// A file that may name images, but cannot be read.
pub static UNREADABLE_FILE: Rule = Rule {
    id: "unreadable-file",
    summary: "A file that may name images cannot be read",
    help: "Mend the file, or leave it out: what it names was not looked at.",
    severity: Severity::Warning,
    page: "docs/verify.md#unreadable-file",
};

/// An image of which the file does not tell which one it is.
pub static UNRESOLVED_IMAGE: Rule = Rule {
    id: "unresolved-image",
    summary: "The file does not tell which image is meant",
    help: "Write the image with its tag and digest: whatever stands behind a variable, or behind \
           no tag at all, was not looked at.",
    severity: Severity::Warning,
    page: "docs/verify.md#unresolved-image",
};

/// The finding for a file that [`super::images`] could not read.
///
/// An error where the platform would fail on it too, a note where it is a template.
pub fn unreadable(error: &DocumentError) -> Finding {
    let severity = match error.problem {
        Problem::Template(_) => Severity::Note,
        _ if FileKind::of_path(&error.file).is_some() => Severity::Error,
        _ => Severity::Warning,
    };
    let finding = Finding::whole_file(&UNREADABLE_FILE, &error.file, error.problem.to_string());
    let finding = match error.position {
        Some(position) => finding.starting_at(position),
        None => finding,
    };
    finding.severity(severity)
}

/// The finding for an image that is no reference; nothing for one that is.
pub fn unresolved(found: &FoundImage) -> Option<Finding> {
    let reason = found.image.as_ref().err()?;
    let message = format!("{} is `{}`: {reason}", found.place, found.written);
    let file: &Path = &found.file;
    Some(Finding::at(&UNRESOLVED_IMAGE, file, found.span, message))
}
