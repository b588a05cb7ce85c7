//! What a CI job is told besides stdout: files of its platform, and files that the job names.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::{
    cli::{Context, failure::CliFailure},
    launch::{CiPlatform, Console as _},
    report::json,
    seam::files::{self, AtomicFile},
};

/// Tells the GitHub job that this runs in its `outputs`, as lines of `name=value`, and adds
/// `summary` to the step's. Anywhere else it does nothing.
pub(super) fn tell_github(context: &Context, outputs: &str, summary: &str) {
    if CiPlatform::detect(&context.environment) != Some(CiPlatform::GitHub) {
        return;
    }
    for (name, text) in [("GITHUB_OUTPUT", outputs), ("GITHUB_STEP_SUMMARY", summary)] {
        let path = context.environment.get(name).map(Path::new);
        let path = path.filter(|_| !text.is_empty());
        if let Some(Err(error)) = path.map(|path| files::append(path, text)) {
            let warning = format!("{name} was not written: {error}");
            context.terminal.warn(&warning);
        }
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
