//! What a CI job is told besides stdout: files of its platform, and files that the job names.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::{
    checkout::Platform,
    cli::{Context, failure::CliFailure},
    report::json,
    seam::{
        environment::Environment,
        files::{self, AtomicFile, FileError},
    },
};

/// Tells the GitHub job that this runs in its `outputs`, as lines of `name=value`, and adds
/// `summary` to the step's. Anywhere else it does nothing.
pub(super) fn tell_github(context: &Context, outputs: &str, summary: &str) {
    for (name, text) in [("GITHUB_OUTPUT", outputs), ("GITHUB_STEP_SUMMARY", summary)] {
        if let Err(error) = append(&context.environment, name, text) {
            let warning = format!("{name} was not written: {error}");
            context.terminal.warn(&warning);
        }
    }
}

/// Tells the GitHub job the exit code of a command that came to no result.
pub(in crate::cli) fn tell_failure(environment: &Environment, exit_code: u8) {
    // What went wrong is being said; that the job is told less of it is no news.
    let _ = append(
        environment,
        "GITHUB_OUTPUT",
        &format!("exit-code={exit_code}\n"),
    );
}

fn append(environment: &Environment, name: &str, text: &str) -> Result<(), FileError> {
    let path = environment.get(name).filter(|_| !text.is_empty());
    match path {
        Some(path) if Platform::detect(environment) == Some(Platform::GitHub) => {
            files::append(Path::new(path), text)
        }
        _ => Ok(()),
    }
}

/// A JSON document that goes to a file, besides what stdout gets; none where none is named.
///
/// Opened before anything is done: a report that has nowhere to go is said at once.
pub(super) struct ReportFile(Option<AtomicFile>);

impl ReportFile {
    pub(super) fn open(path: Option<&PathBuf>) -> Result<Self, CliFailure> {
        let file = path.map(|path| AtomicFile::open(path)).transpose()?;
        Ok(Self(file))
    }

    pub(super) fn write(self, document: &impl Serialize) -> Result<(), CliFailure> {
        if let Some(file) = self.0 {
            file.commit(json::text(document)?.as_bytes())?;
        }
        Ok(())
    }
}
