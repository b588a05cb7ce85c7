//! `fullsend init`: a first fullsend.yaml from what the repository holds.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::configuration::{self, shown, working_directory};
use crate::{
    cli::{Context, Outcome, console::Terminal, failure::CliFailure, global::Format},
    config::{self, AgentName},
    generate::{self, FirstConfig, Forge, ForgeKind, Missing, Setup},
    model::{exit_code, image::ImageReference},
    seam::{
        files::{self, AtomicFile},
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

/// The public key that `cosign generate-key-pair` leaves.
const KEY: &str = "cosign.pub";
/// A longer file is no public key.
const KEY_BYTES: u64 = 64 << 10;
/// A file with more is nobody's first.
const MAX_AGENTS: usize = 100;

pub(super) fn run(args: &InitArgs, context: &Context) -> Outcome {
    let here = working_directory()?;
    let repository = Repository::around(&here, true)?;
    let root = repository.as_ref().map_or(&*here, Repository::root);
    let path = match &args.output {
        Some(path) => here.join(path),
        None => root.join(configuration::NAME),
    };
    let is_stdout = args.output.as_deref() == Some(Path::new("-"));
    if !is_stdout && !args.force && files::lies_at(&path)? {
        return Err(CliFailure::usage_with(
            format!("{} is there already", shown(&path, &here)),
            "`--force` overwrites it, `--output` names another file",
        ));
    }
    let folder = if is_stdout { Some(root) } else { path.parent() };
    let setup = Setup {
        image: args.image.clone(),
        key: folder
            .filter(|folder| is_public_key(&folder.join(KEY)))
            .map(|_| KEY.to_owned()),
        forge: repository.as_ref().and_then(forge),
        agents: agents(&args.agent, root)?,
    };
    let first = generate::first_config(&setup)?;
    // Whatever the repository holds: what is written can be read.
    config::parse(first.text.as_bytes(), configuration::NAME)?;
    if !is_stdout {
        files::make_parents(&path)?;
        AtomicFile::open(&path)?.commit(first.text.as_bytes())?;
    }
    let path = (!is_stdout).then(|| shown(&path, &here));
    print(&first, path, context)?;
    Ok(exit_code::OK)
}

fn is_public_key(path: &Path) -> bool {
    let marker = b"-----BEGIN PUBLIC KEY-----";
    files::read(path, KEY_BYTES).is_ok_and(|bytes| bytes.trim_ascii_start().starts_with(marker))
}

/// Where the repository is pushed to; a git that cannot say so is no obstacle.
fn forge(repository: &Repository) -> Option<Forge> {
    let url = repository.origin().ok()??;
    let has = |name: &str| files::lies_at(&repository.root().join(name)).unwrap_or(false);
    let hint = match (has(".github/workflows"), has(".gitlab-ci.yml")) {
        (true, false) => Some(ForgeKind::GitHub),
        (false, true) => Some(ForgeKind::GitLab),
        _ => None,
    };
    generate::forge_of(&url, hint)
}

/// The agents that are named, else those that the repository has instructions for.
fn agents(named: &[String], root: &Path) -> Result<Vec<AgentName>, CliFailure> {
    let mut agents = Vec::new();
    for name in named {
        let agent = name.parse().map_err(|error: config::ValueError| {
            let hint = error.hint().unwrap_or_default();
            CliFailure::usage_with(error.to_string(), hint)
        })?;
        agents.push(agent);
    }
    if agents.is_empty() {
        agents = described(root);
    }
    agents.sort();
    agents.dedup();
    Ok(agents)
}

/// `agents/NAME/instructions.md` and `.claude/agents/NAME.md`, where NAME can be an agent's.
fn described(root: &Path) -> Vec<AgentName> {
    let folder = root.join("agents");
    let folders = files::folders(&folder).unwrap_or_default().into_iter();
    let described = folders.filter(|name| {
        let instructions = folder.join(name).join("instructions.md");
        files::is_regular(&instructions).unwrap_or(false)
    });
    let files = files::names(&root.join(".claude/agents")).unwrap_or_default();
    let files = files.into_iter();
    let files = files.filter(|name| name.extension().is_some_and(|it| it == "md"));
    let names = described.chain(files);
    let names = names.filter_map(|name| name.file_stem()?.to_str()?.parse().ok());
    names.take(MAX_AGENTS).collect()
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
