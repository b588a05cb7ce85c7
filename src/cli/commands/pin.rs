//! `fullsend pin`: every image, action and component at a version and a digest.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use globset::{Glob, GlobSet, GlobSetBuilder};
use jiff::{SignedDuration, Timestamp};
use rayon::prelude::*;
use url::Url;

use super::{
    configuration,
    selection::{Selected, Selection},
};
use crate::{
    cli::{Context, Outcome, console::Terminal, failure::CliFailure, global::Format},
    config::Config,
    document::edit,
    forge::{GitHosts, GitOptions},
    model::{chain::chain, pinning::Status, version::Step},
    pin::{self, Bounds, Decision, Facts, Only, Options, World},
    reference::{self, Reference},
    registry::Registry,
    report::references::{ReferenceRow, References},
    seam::files,
};

/// Longer files are not read.
const MAX_FILE_BYTES: u64 = 2 * crate::document::MAX_BYTES as u64;

/// The options of `fullsend pin`.
#[derive(Debug, Args)]
pub struct PinArgs {
    /// Files and folders [default: the repository around the working directory]
    #[arg(value_name = "PATHS")]
    paths: Vec<PathBuf>,
    /// Changes nothing, and exits with 1 where something is not pinned, or to something else than
    /// its version
    #[arg(long)]
    check: bool,
    /// Changes nothing, and prints the changes as a patch that `git apply` takes
    #[arg(long)]
    diff: bool,
    /// Moves to the newest version within such a step [default without a value: minor]
    #[arg(long, value_name = "none|patch|minor|major", value_parser = step,
          num_args = 0..=1, default_missing_value = "minor")]
    update: Option<Step>,
    /// Only such references
    #[arg(long, value_enum, value_name = "actions|images")]
    only: Option<Only>,
    /// Leaves alone files whose path, and references whose name, match
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    exclude: Vec<Glob>,
    /// With --update, moves to no version younger than this, as `7d`
    #[arg(long, value_name = "DURATION", value_parser = age)]
    min_age: Option<SignedDuration>,
    /// Where actions come from [default: `GITHUB_SERVER_URL`, else <https://github.com>]
    #[arg(long, value_name = "URL")]
    github_url: Option<Url>,
}

impl ValueEnum for Only {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Actions, Self::Images]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(match self {
            Self::Actions => "actions",
            Self::Images => "images",
        }))
    }
}

fn step(written: &str) -> Result<Step, String> {
    Ok(match written {
        "none" => Step::None,
        "patch" => Step::Patch,
        "minor" => Step::Minor,
        "major" => Step::Major,
        _ => return Err("the steps are none, patch, minor and major".to_owned()),
    })
}

fn glob(written: &str) -> Result<Glob, String> {
    Glob::new(written).map_err(|error| error.kind().to_string())
}

/// A whole number of days, hours or weeks, as `7d`; more exact durations as the other options have.
fn age(written: &str) -> Result<SignedDuration, String> {
    written
        .parse::<jiff::Span>()
        .and_then(|span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()))
        .map_err(|_| "write a duration such as `7d` or `12h`".to_owned())
}

/// A file and what it refers to.
struct Read<'a> {
    file: &'a Selected,
    bytes: Vec<u8>,
    references: Vec<Reference>,
}

pub(super) async fn run(args: PinArgs, context: &Context) -> Outcome {
    let selection = Selection::of(&args.paths, reference::is_candidate)?;
    let loaded = configuration::load_checkout(context)?;
    let options = options(&args, &loaded.config, context)?;
    let mut rows = Vec::new();
    let read: Vec<Result<Read<'_>, ReferenceRow>> =
        selection.files.par_iter().filter_map(read).collect();
    let mut files = Vec::new();
    for read in read {
        match read {
            Ok(read) => files.push(read),
            Err(row) => rows.push(row),
        }
    }
    let references: Vec<&Reference> = files.iter().flat_map(|file| &file.references).collect();
    let registries = context.global.registry_options(None, None);
    let git = GitOptions {
        insecure_hosts: registries.insecure_hosts.clone(),
        ..GitOptions::new(options.github.clone())
    };
    let world = World {
        web: &registries.web(&context.environment),
        registry: &Registry::new(&context.environment, registries),
        hosts: &GitHosts::new(&context.environment, git),
        judge: None,
    };
    let mut facts = Facts::default();
    let decisions = pin::plan(&references, &mut facts, Some(&world), &options).await;
    let mut decisions = decisions.into_iter();
    for file in &files {
        let own: Vec<Decision> = decisions.by_ref().take(file.references.len()).collect();
        rows.extend(settle(file, own, &args));
    }
    let document = References::new(rows);
    print(&document, context)?;
    Ok(document.exit_code(options.step != Step::None))
}

fn options(args: &PinArgs, config: &Config, context: &Context) -> Result<Options, CliFailure> {
    let url = |name: &str| {
        let written = context.environment.get(name)?;
        Url::parse(written).ok()
    };
    let github = args.github_url.clone().or_else(|| url("GITHUB_SERVER_URL"));
    let default = || {
        Url::parse("https://github.com").map_err(|_| CliFailure::usage("--github-url is no URL"))
    };
    Ok(Options {
        only: args.only,
        exclude: globs(&args.exclude)?,
        step: args.update.unwrap_or(Step::None),
        min_age: args.min_age,
        now: Timestamp::now(),
        github: github.map_or_else(default, Ok)?,
        gitlab: url("CI_SERVER_URL"),
        components_by_commit: false,
        verify: false,
        bounds: Bounds {
            image: config.image.as_ref().map(|image| image.repository().clone()),
            hold: config.hold.clone(),
            ..Bounds::default()
        },
    })
}

fn globs(globs: &[Glob]) -> Result<GlobSet, CliFailure> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(glob.clone());
    }
    set.build()
        .map_err(|error| CliFailure::usage(format!("--exclude: {error}")))
}

fn read(file: &Selected) -> Option<Result<Read<'_>, ReferenceRow>> {
    let failed = |reason: String| ReferenceRow {
        file: file.name.clone(),
        line: None,
        column: None,
        kind: None,
        before: None,
        after: None,
        status: Status::Error,
        reason: Some(reason),
        span: None,
    };
    let bytes = match files::read(&file.path, MAX_FILE_BYTES) {
        Ok(bytes) => bytes,
        Err(error) => return Some(Err(failed(chain(&error)))),
    };
    match reference::references(&file.name, &bytes) {
        Ok(references) if references.is_empty() => None,
        Ok(references) => Some(Ok(Read {
            file,
            bytes,
            references,
        })),
        Err(error) => Some(Err(failed(chain(&error)))),
    }
}

/// Makes the edits that were decided on, and says what came of each reference.
fn settle(read: &Read<'_>, decisions: Vec<Decision>, args: &PinArgs) -> Vec<ReferenceRow> {
    let mut edits = Vec::new();
    let mut rows = Vec::new();
    for (reference, decision) in read.references.iter().zip(decisions) {
        let mut row = row(reference, &decision);
        if let Some(to) = &decision.to {
            match reference.edits(&to.as_pinned()) {
                Ok(own) if args.check || args.diff => edits.extend(own),
                Ok(own) => {
                    edits.extend(own);
                    row.status = Status::Changed;
                }
                Err(error) => {
                    row.after = None;
                    row.reason = Some(error.to_string());
                }
            }
        }
        rows.push(row);
    }
    if edits.is_empty() || args.check || args.diff {
        return rows;
    }
    if let Err(reason) = write(&read.file.root, read, &edits) {
        for row in rows.iter_mut().filter(|row| row.status == Status::Changed) {
            row.status = Status::Error;
            row.reason = Some(reason.clone());
        }
    }
    rows
}

fn write(root: &Path, read: &Read<'_>, edits: &[edit::Edit]) -> Result<(), String> {
    let text = std::str::from_utf8(&read.bytes)
        .map_err(|_| "the file is not UTF-8: save it as UTF-8 to have it edited".to_owned())?;
    let text = edit::apply(text, edits).map_err(|error| error.to_string())?;
    files::replace_if_unchanged(root, &read.file.path, &read.bytes, text.as_bytes())
        .map_err(|error| chain(&error))
}

fn row(reference: &Reference, decision: &Decision) -> ReferenceRow {
    let to = decision.to.as_ref();
    ReferenceRow {
        file: reference.file.clone(),
        line: Some(reference.span.start.line),
        column: Some(reference.span.start.column),
        kind: Some(reference.kind()),
        before: Some(pin::shown(reference)),
        after: to.map(|to| to.shown(reference)),
        status: decision.status,
        reason: decision.reason.clone(),
        span: Some(reference.span),
    }
}

fn print(document: &References, context: &Context) -> Result<(), CliFailure> {
    let style = Terminal::stdout_style(&context.global, &context.environment);
    match context.global.format {
        Format::Human => Terminal::print(&document.text(style, context.global.verbose > 0)),
        _ => Terminal::print_json(document),
    }
}
