//! `fullsend init`: a first fullsend.yaml or fleet.yaml from what the repository holds.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::configuration::{shown, working_directory};
use crate::{
    cli::{Context, Outcome, console::Terminal, failure::CliFailure, global::Format},
    config::{self, AgentName},
    generate::{self, FirstConfig, FleetSetup, Missing, Setup},
    model::{exit_code, image::ImageReference, remote::Remote},
    seam::{
        files::{self, AtomicFile, OnDisk},
        git::Repository,
    },
};

/// The options of `fullsend init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Writes a first fleet.yaml instead, for the repositories beside this one
    #[arg(long)]
    fleet: bool,
    /// The image that agents run in, with tag and digest
    #[arg(long, value_name = "REF")]
    image: Option<ImageReference>,
    /// An agent's name, once for each [default: those that the repository describes, else triage,
    /// review, code and fix]
    // Parsed later, for its own words on what a name is.
    #[arg(long, value_name = "NAME", conflicts_with = "fleet")]
    agent: Vec<String>,
    /// The action of a fleet's release, `OWNER/NAME@COMMIT # v1.4.0` [default: as the repository's
    /// workflows have it]
    #[arg(long, value_name = "PIN", requires = "fleet")]
    action: Option<String>,
    /// Where it goes, `-` for stdout [default: fullsend.yaml or fleet.yaml in the repository's root]
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
        None if args.fleet => root.join(config::FLEET_FILE),
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
    let first = if args.fleet {
        fleet(args, &files, remote)?
    } else {
        let key = folder.and_then(|folder| generate::key(&on_disk(&folder)));
        one(args, &files, remote, key)?
    };
    if !is_stdout {
        files::make_parents(&path)?;
        AtomicFile::open(&path)?.commit(first.text.as_bytes())?;
    }
    let path = (!is_stdout).then(|| shown(&path, &here));
    print(&first, path, context)?;
    Ok(exit_code::OK)
}

/// For the repository itself.
fn one(
    args: &InitArgs,
    files: &OnDisk<'_>,
    remote: Option<Remote>,
    key: Option<String>,
) -> Result<FirstConfig, CliFailure> {
    let mut setup = Setup {
        image: args.image.clone(),
        key,
        ..Setup::of(files, remote)
    };
    if !args.agent.is_empty() {
        setup.agents = named(&args.agent)?;
    }
    let first = generate::first_config(&setup)?;
    // Whatever the repository holds: what is written can be read.
    config::parse(first.text.as_bytes(), config::CONFIG_FILE)?;
    Ok(first)
}

/// For the repositories beside it.
fn fleet(
    args: &InitArgs,
    files: &OnDisk<'_>,
    remote: Option<Remote>,
) -> Result<FirstConfig, CliFailure> {
    let mut setup = FleetSetup::of(files, remote);
    if let Some(image) = &args.image {
        setup.image = Some(image.clone());
    }
    if let Some(action) = &args.action {
        setup.action = Some(action.parse().map_err(|error| refused(&error))?);
    }
    let first = generate::first_fleet(&setup)?;
    // Without what is missing, nobody can read it.
    if first.missing.is_empty() {
        let fleet = config::parse_fleet(first.text.as_bytes(), config::FLEET_FILE)?;
        if let Some((_, skew)) = fleet.skews().next() {
            return Err(CliFailure::usage_with(skew.to_string(), skew.hint()));
        }
    }
    Ok(first)
}

fn refused(error: &config::ValueError) -> CliFailure {
    let hint = error.hint().unwrap_or_default();
    CliFailure::usage_with(error.to_string(), hint)
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
        agents.push(name.parse().map_err(|error| refused(&error))?);
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
        Missing::Forge => "forge",
        Missing::Action => "action",
    }
}

fn sentence(missing: Missing) -> &'static str {
    match missing {
        Missing::Forge => "still missing: where the repositories are, under `forge`",
        Missing::Action => {
            "still missing: which action starts the image, at a commit and with its version, under \
             `action`"
        }
        Missing::Image => "still missing: which image the agents run in, under `image`",
        Missing::Digest => "still missing: the image's digest, which `fullsend verify` prints",
        Missing::Signer => "still missing: who signs the image, under `verify`",
    }
}
