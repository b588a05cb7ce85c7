//! Finds and reads fullsend.yaml.

use std::path::{Path, PathBuf};

use crate::{
    cli::{Context, failure::CliFailure},
    config::{self, Config, MAX_FILE_BYTES},
    launch::Console as _,
    model::digest::Digest,
    report::run::ConfigFile,
    seam::{files, tree::Tree},
};

const NAME: &str = "fullsend.yaml";

/// A configuration, and where it comes from.
#[derive(Debug)]
pub(in crate::cli) struct Loaded {
    pub(in crate::cli) config: Config,
    pub(in crate::cli) file: ConfigFile,
    /// Where its relative paths start; ours where there is no file.
    pub(in crate::cli) files: Tree,
}

/// Reads the configuration that the options name, or the nearest above the working directory.
///
/// Without a file the configuration is empty.
pub(in crate::cli) fn load(context: &Context) -> Result<Loaded, CliFailure> {
    let here = working_directory()?;
    let found = match &context.global.config {
        Some(path) => Some(here.join(path)),
        None => search(&here),
    };
    let Some(path) = found else {
        return Ok(Loaded {
            config: Config::default(),
            file: ConfigFile::default(),
            files: Tree::Folder(here),
        });
    };
    let text = files::read(&path, MAX_FILE_BYTES as u64)?;
    let name = path
        .strip_prefix(&here)
        .unwrap_or(&path)
        .display()
        .to_string();
    let config = config::parse(&text, &name)?;
    for warning in config.warnings() {
        context.terminal.warn(&warning);
    }
    let file = ConfigFile {
        path: Some(path.display().to_string()),
        sha256: Some(Digest::of(&text).hex().to_owned()),
    };
    let folder = path.parent().map_or_else(|| here.clone(), Path::to_owned);
    Ok(Loaded {
        config,
        file,
        files: Tree::Folder(folder),
    })
}

/// The folder that relative paths of the command line start at.
pub(in crate::cli) fn working_directory() -> Result<PathBuf, CliFailure> {
    std::env::current_dir().map_err(|error| CliFailure::System("find the working directory", error))
}

/// Looks upward, and no further than the repository's root.
fn search(start: &Path) -> Option<PathBuf> {
    for folder in start.ancestors() {
        let candidate = folder.join(NAME);
        if candidate.exists() {
            return Some(candidate);
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}
