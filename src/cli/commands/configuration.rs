//! Finds and reads fullsend.yaml: on CI, for a stranger's change, the one from before it.

use std::path::{Path, PathBuf};

use crate::{
    checkout::Tree,
    cli::{Context, failure::CliFailure},
    config::{self, CONFIG_FILE, Config, Fleet, MAX_FILE_BYTES},
    model::digest::Digest,
    report::run::ConfigFile,
    seam::files,
};

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
    let tree = tree(context, &here);
    load_from(tree, &here, context)
}

/// [`load`] for what runs nothing: the checkout's file counts, whoever wrote it.
pub(in crate::cli) fn load_checkout(context: &Context) -> Result<Loaded, CliFailure> {
    let here = working_directory()?;
    load_from(Tree::Folder(here.clone()), &here, context)
}

fn load_from(tree: Tree, here: &Path, context: &Context) -> Result<Loaded, CliFailure> {
    let found = match &context.global.config {
        Some(path) => Some(here.join(path)),
        None => tree.find(CONFIG_FILE)?,
    };
    let Some(path) = found else {
        warn_of_ignored(context, &tree)?;
        return Ok(Loaded {
            config: Config::default(),
            file: ConfigFile::default(),
            files: tree,
        });
    };
    let text = tree.read(&path, MAX_FILE_BYTES as u64)?;
    let r#ref = tree.revision(&path)?;
    let name = match &r#ref {
        Some(_) => tree.name(&path),
        None => shown(&path, here),
    };
    if let Some(revision) = &r#ref
        && files::read(&path, MAX_FILE_BYTES as u64).ok().as_deref() != Some(&text)
    {
        context.terminal.note(&format!(
            "{} is read from the base, {revision}: what the change makes of it counts once merged",
            shown(&path, here)
        ));
    }
    let config = config::parse(&text, &name)?;
    for warning in config.warnings() {
        context.terminal.warn(&warning);
    }
    let file = ConfigFile {
        path: Some(path.display().to_string()),
        sha256: Some(Digest::of(&text).hex().to_owned()),
        r#ref,
    };
    Ok(Loaded {
        config,
        file,
        files: tree.at(path.parent().unwrap_or(here)),
    })
}

/// Reads the fleet.yaml at `path`, which the command line names.
pub(super) fn fleet(path: &Path) -> Result<Fleet, CliFailure> {
    let text = files::read(&working_directory()?.join(path), MAX_FILE_BYTES as u64)?;
    Ok(config::parse_fleet(&text, &path.display().to_string())?)
}

/// The folder that relative paths of the command line start at.
pub(in crate::cli) fn working_directory() -> Result<PathBuf, CliFailure> {
    files::working_directory()
        .map_err(|error| CliFailure::System("find the working directory", error))
}

/// Whose files count in the folder `here`.
fn tree(context: &Context, here: &Path) -> Tree {
    if context.global.trust_checkout {
        Tree::Folder(here.to_owned())
    } else {
        Tree::trusted(&context.environment, here, context.global.offline)
    }
}

/// The base has no file: says so where the change brings one.
fn warn_of_ignored(context: &Context, tree: &Tree) -> Result<(), CliFailure> {
    let Tree::Base { folder, base } = tree else {
        return Ok(());
    };
    if Tree::Folder(folder.clone()).find(CONFIG_FILE)?.is_some() {
        context.terminal.warn(&format!(
            "the base {} has no {CONFIG_FILE}; the one in the checkout is not read, as the change could \
             have written it",
            base.name
        ));
    }
    Ok(())
}

/// `path` as somebody in the folder `here` would name it.
pub(super) fn shown(path: &Path, here: &Path) -> String {
    path.strip_prefix(here)
        .unwrap_or(path)
        .display()
        .to_string()
}
