//! `fullsend init`: a first fullsend.yaml from what the repository holds.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::configuration::{shown, working_directory};
use crate::{
    cli::{Context, Outcome, console::Terminal, failure::CliFailure, global::Format},
    config::{self, AgentName},
    generate::{self, FirstConfig, Missing, Setup},
    model::{exit_code, image::ImageReference, remote::Remote},
    seam::{
        files::{self, AtomicFile, OnDisk},
        git::Repository,
    },
};

/// The options of `fullsend init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The image that agents run in, with tag and digest
    #[arg(long, value_name = "REF")]
    image: Option<ImageReference>,
    /// An agent's name, once for each [default: those that the repository describes, else triage,
    /// review, code and fix]
    // Parsed later, for its own words on what a name is.
    #[arg(long, value_name = "NAME")]
    agent: Vec<String>,
    /// Where it goes, `-` for stdout [default: fullsend.yaml in the repository's root]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrites a file that is there
    #[arg(long)]
    force: bool,
}

/// A longer file tells nothing here but that it is there.
const MAX_BYTES: u64 = 64 << 10;

pub(super) fn run(args: &InitArgs, context: &Context) -> Outcome {
    let here = working_directory()?;
    let repository = Repository::around(&here, true)?;
    let root = repository.as_ref().map_or(&*here, Repository::root);
    let path = match &args.output {
        Some(path) => here.join(path),
        None => root.join(config::CONFIG_FILE),
    };
    let is_stdout = args.output.as_deref() == Some(Path::new("-"));
    if !is_stdout && !args.force && files::lies_at(&path)? {
        return Err(CliFailure::usage_with(
            format!("{} is there already", shown(&path, &here)),
            "`--force` overwrites it, `--output` names another file",
        ));
    }
    let folder = if is_stdout { Some(root) } else { path.parent() };
    let folder = folder.and_then(|folder| files::resolve(folder).ok());
    let files = on_disk(root);
    let remote = repository.as_ref().and_then(|it| remote(it, &files));
    let mut setup = Setup {
        image: args.image.clone(),
        key: folder.and_then(|folder| generate::key(&on_disk(&folder))),
        ..Setup::of(&files, remote)
    };
    if !args.agent.is_empty() {
        setup.agents = named(&args.agent)?;
    }
    let first = generate::first_config(&setup)?;
    // Whatever the repository holds: what is written can be read.
    config::parse(first.text.as_bytes(), config::CONFIG_FILE)?;
    if !is_stdout {
        files::make_parents(&path)?;
        AtomicFile::open(&path)?.commit(first.text.as_bytes())?;
    }
    let path = (!is_stdout).then(|| shown(&path, &here));
    print(&first, path, context)?;
    Ok(exit_code::OK)
}

fn on_disk(root: &Path) -> OnDisk<'_> {
    OnDisk {
        root,
        limit: MAX_BYTES,
    }
}

/// Where the repository is pushed to; a git that cannot say so is no obstacle.
fn remote(repository: &Repository, files: &OnDisk<'_>) -> Option<Remote> {
    let url = repository.origin().ok()??;
    Remote::of(&url, generate::forge_kind(files))
}

fn named(names: &[String]) -> Result<Vec<AgentName>, CliFailure> {
    let mut agents = Vec::new();
    for name in names {
        let agent = name.parse().map_err(|error: config::ValueError| {
            let hint = error.hint().unwrap_or_default();
            CliFailure::usage_with(error.to_string(), hint)
        })?;
        agents.push(agent);
    }
    agents.sort();
    agents.dedup();
    Ok(agents)
}

/// What was written, for programs.
#[derive(Serialize)]
struct InitReport<'a> {
    schema_version: u32,
    /// Null where the text went nowhere.
    path: Option<&'a str>,
    text: &'a str,
    missing: Vec<&'static str>,
}

fn print(first: &FirstConfig, path: Option<String>, context: &Context) -> Result<(), CliFailure> {
    if context.global.format == Format::Json {
        let missing = first.missing.iter().map(|missing| word(*missing));
        Terminal::print_json(&InitReport {
            schema_version: 1,
            path: path.as_deref(),
            text: &first.text,
            missing: missing.collect(),
        })?;
    } else if path.is_none() {
        Terminal::print(&first.text)?;
    }
    if let Some(path) = path {
        context.terminal.note(&format!("wrote {path}"));
    }
    for missing in &first.missing {
        context.terminal.note(sentence(*missing));
    }
    Ok(())
}

fn word(missing: Missing) -> &'static str {
    match missing {
        Missing::Image => "image",
        Missing::Digest => "digest",
        Missing::Signer => "signer",
    }
}

fn sentence(missing: Missing) -> &'static str {
    match missing {
        Missing::Image => "still missing: which image the agents run in, under `image`",
        Missing::Digest => "still missing: the image's digest, which `fullsend verify` prints",
        Missing::Signer => "still missing: who signs the image, under `verify`",
    }
}
