//! What is to be said of files that cannot be read, and of images that cannot be told.

use std::path::Path;

use super::{FileKind, Reference};
use crate::{
    document::{DocumentError, Problem},
    report::finding::{Finding, Rule, Severity},
};

/// A file that may name images, but cannot be read.
pub static UNREADABLE_FILE: Rule = Rule {
    id: "unreadable-file",
    summary: "A file that may name images cannot be read",
    help: "Mend the file, or leave it out: what it names was not looked at.",
    severity: Severity::Error,
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

/// The finding for a file that [`super::references`] could not read.
///
/// A limit of ours is none of the platform's, which may well run what the file names: an error. Text
/// that is not of its language is one only where the path tells that a platform reads the file; a
/// template is a note.
pub fn unreadable(error: &DocumentError) -> Finding {
    let severity = match error.problem {
        Problem::Template(_) => Severity::Note,
        Problem::Syntax { .. } if FileKind::of_path(&error.file).is_none() => Severity::Warning,
        _ => Severity::Error,
    };
    let finding = Finding::whole_file(&UNREADABLE_FILE, &error.file, error.problem.to_string());
    let finding = match error.position {
        Some(position) => finding.starting_at(position),
        None => finding,
    };
    finding.severity(severity)
}

/// The finding for an image that is no reference; nothing for one that is.
pub fn unresolved(found: &Reference) -> Option<Finding> {
    let reason = found.image().err()?;
    let message = format!("{} is `{}`: {reason}", found.place, found.written);
    let file: &Path = &found.file;
    Some(Finding::at(&UNRESOLVED_IMAGE, file, found.span, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_broken_text_of_an_unknown_kind_may_pass() {
        let severity = |path: &str, problem: Problem| {
            let error = DocumentError {
                file: path.into(),
                position: None,
                problem,
            };
            unreadable(&error).severity
        };
        let syntax = || Problem::Syntax {
            language: "YAML",
            reason: "x".to_owned(),
        };
        assert_eq!(severity("deploy/pod.yaml", syntax()), Severity::Warning);
        assert_eq!(severity(".gitlab-ci.yml", syntax()), Severity::Error);
        let template = Problem::Template("YAML");
        assert_eq!(severity("deploy/pod.yaml", template), Severity::Note);
        for problem in [
            Problem::TooLarge { bytes: 2, limit: 1 },
            Problem::TooManyNodes { limit: 1 },
            Problem::TooDeep { limit: 1 },
            Problem::Cycle,
            Problem::NotUtf8,
        ] {
            assert_eq!(severity("deploy/pod.yaml", problem), Severity::Error);
        }
    }
}
