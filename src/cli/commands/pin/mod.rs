//! `fullsend pin`: every image, action and component at a version and a digest.

mod bounds;
mod files;
mod policy;
mod recorded;
mod renovate;
mod roots;
mod write;

use std::path::PathBuf;

use clap::{Args, ValueEnum, builder::PossibleValue};
use globset::{Glob, GlobSet, GlobSetBuilder};
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use rayon::prelude::*;
use url::Url;

use super::{
    configuration::{self, Loaded},
    findings,
    job::{self, ReportFile},
    selection::{Exclude, Selection, Wanted},
};
use crate::{
    cli::{
        Context, Outcome, failure::CliFailure, global::Format, policy_args::PolicyArgs,
        value::parse,
    },
    config::DenySource,
    forge::{GitHosts, GitOptions, RemoteRepository},
    model::{pinning::Status, version::Step},
    pin::{self, Decision, Facts, Only, Options, Settlement, Use, World},
    reference,
    registry::Registry,
    report::{
        Style,
        references::{self, Detail, ReferenceRow, References},
        sarif, step_summary,
    },
    seam::http::authority,
};
use files::{Read, read, unread};
use policy::Policy;
use recorded::{Recorded, Renewed};
use roots::Root;

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
    /// Moves to the newest version within such a step [default: none; as the last word: minor]
    #[arg(long, value_enum, num_args = 0..=1, default_missing_value = "minor")]
    update: Option<Step>,
    /// Only such references
    #[arg(long, value_enum)]
    only: Option<Only>,
    /// Leaves alone the files whose paths, and the references whose names, match
    #[arg(long, value_name = "GLOB", value_parser = ExcludeArg::parse)]
    exclude: Vec<ExcludeArg>,
    /// With --update: to no version that is younger, as `7d`
    #[arg(long, value_name = "DURATION", value_parser = age, requires = "update")]
    min_age: Option<SignedDuration>,
    /// Where actions come from [default: `GITHUB_SERVER_URL`, else <https://github.com>]
    #[arg(long, value_name = "URL", value_parser = github_url)]
    github_url: Option<Url>,
    /// Pins an image only to a digest whose signature the policy accepts
    #[arg(long)]
    verify: bool,
    /// The deny list: a file, an https URL, or oci:REF
    #[arg(long, value_name = "LIST", value_parser = parse::<DenySource>)]
    deny: Option<DenySource>,
    /// With --update: moves our action and image only to versions that this fleet.yaml allows
    #[arg(long, value_name = "FILE", requires = "update")]
    fleet: Option<PathBuf>,
    /// The ring of the fleet that this repository is in [default: the last]
    #[arg(long, value_name = "NAME", requires = "fleet")]
    ring: Option<String>,
    /// Where what was resolved is recorded; with --check it is what is known, and nobody is asked
    #[arg(long, value_name = "FILE", conflicts_with_all = ["diff", "to"])]
    lock: Option<PathBuf>,
    /// Goes back to what such a file has recorded; nobody is asked
    #[arg(long, value_name = "FILE", conflicts_with_all = ["update", "verify"])]
    to: Option<PathBuf>,
    /// Where the JSON document goes as well, whatever the format on stdout
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Where what is to be mended goes as SARIF as well
    #[arg(long, value_name = "FILE")]
    sarif_file: Option<PathBuf>,
    #[command(flatten)]
    policy: PolicyArgs,
}

impl ValueEnum for Only {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Actions, Self::Images]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Actions => "actions",
            Self::Images => "images",
        }))
    }
}

impl ValueEnum for Step {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::None, Self::Patch, Self::Minor, Self::Major]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }))
    }
}

/// A pattern of files, and of names of references.
#[derive(Clone, Debug)]
struct ExcludeArg {
    files: Exclude,
    names: Glob,
}

impl ExcludeArg {
    fn parse(written: &str) -> Result<Self, String> {
        Ok(Self {
            files: Exclude::parse(written)?,
            names: Glob::new(written).map_err(|error| error.kind().to_string())?,
        })
    }
}

fn age(written: &str) -> Result<SignedDuration, String> {
    let span: Result<Span, _> = written.parse();
    span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
        .ok()
        .filter(|age| !age.is_negative())
        .ok_or_else(|| "write a duration such as `7d` or `12h`".to_owned())
}

fn github_url(written: &str) -> Result<Url, String> {
    let url = Url::parse(written).map_err(|error| error.to_string())?;
    let repository = RemoteRepository::new(&url, "owner/name");
    repository.map(|_| url).map_err(|error| error.to_string())
}

pub(super) async fn run(args: PinArgs, context: &Context) -> Outcome {
    let report = ReportFile::open(args.report.as_ref())?;
    let sarif = ReportFile::open(args.sarif_file.as_ref())?;
    let mut recorded = Recorded::of(&args)?;
    let loaded = configuration::load_checkout(context)?;
    let exclude: Vec<_> = args.exclude.iter().map(|it| it.files.clone()).collect();
    let wanted = Wanted {
        is_candidate: reference::is_candidate,
        exclude: &exclude,
    };
    let selection = Selection::of(&args.paths, wanted)?;
    if args.diff
        && selection
            .files
            .iter()
            .any(|it| it.root != selection.files[0].root)
    {
        return Err(CliFailure::usage_with(
            "--diff prints a patch of one repository, and these files are of several",
            "run it once for each repository",
        ));
    }
    let read: Vec<_> = selection.files.par_iter().filter_map(read).collect();
    let (reads, mut rows): (Vec<Read<'_>>, Vec<ReferenceRow>) = sorted(read);
    let not_seen = selection.unread(&references::ERROR).into_iter();
    rows.extend(not_seen.map(|it| unread(it.file, Status::Error, it.message)));
    let settled = settle(reads, &args, &loaded, &mut recorded, context).await?;
    rows.extend(settled.unjudged);
    if let Recorded::Renewed(renewed) = recorded {
        renewed.write(&selection, &rows, Timestamp::now())?;
    }
    rows.extend(settled.rows);
    let (patch, files) = (settled.patch, settled.files);
    let document = References::new(rows, args.diff.then_some(patch));
    let findings = document.findings();
    let detail = match (context.global.quiet, context.global.verbose) {
        (true, _) => Detail::Failures,
        (false, 0) => Detail::Usual,
        (false, _) => Detail::All,
    };
    let text = |style: Style| match &document.diff {
        Some(patch) => patch.clone(),
        None => document.text(style, detail),
    };
    findings::print(context, &findings, &references::RULES, text, &document)?;
    if args.diff && context.global.format == Format::Human {
        let beside = document.beside_diff();
        beside.lines().for_each(|line| context.terminal.say(line));
    }
    report.write(&document)?;
    sarif.write(&sarif::document(&findings, &references::RULES))?;
    let exit_code = document.exit_code(args.step() != Step::None);
    let summary = step_summary::markdown("pin", &findings, files);
    let changed = serde_json::to_string(&document.changed_files())?;
    let outputs = format!("exit-code={exit_code}\nchanged-files={changed}\n");
    job::tell_github(context, &outputs, &summary);
    Ok(exit_code)
}

fn sorted<A, B>(results: Vec<Result<A, B>>) -> (Vec<A>, Vec<B>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(it) => good.push(it),
            Err(it) => bad.push(it),
        }
    }
    (good, bad)
}

/// What came of the files that refer to something.
#[derive(Default)]
struct Settled {
    /// How many they are.
    files: usize,
    rows: Vec<ReferenceRow>,
    /// Of locks of actions that cannot be judged.
    unjudged: Vec<ReferenceRow>,
    patch: String,
}

/// Decides about every reference of `reads` and does what was decided.
async fn settle(
    reads: Vec<Read<'_>>,
    args: &PinArgs,
    loaded: &Loaded,
    recorded: &mut Recorded,
    context: &Context,
) -> Result<Settled, CliFailure> {
    let policy = Policy::new(args, loaded, context)?;
    let options = options(args, loaded, &policy, context).await?;
    let registries = context.global.registry_options(None, None);
    let git = GitOptions {
        insecure_hosts: registries.insecure_hosts.clone(),
        offline: context.global.offline.then(|| {
            let named = args.github_url.iter();
            named.map(authority).collect()
        }),
        ..GitOptions::new(options.github.clone())
    };
    let world = World {
        web: &registries.web(&context.environment),
        registry: &Registry::new(&context.environment, registries),
        hosts: &GitHosts::new(&context.environment, git),
        judge: args.verify.then_some(&policy),
    };
    let mut facts = Facts::default();
    let (roots, unjudged) = roots::of(reads, &options);
    let mut settled = Settled {
        files: roots.iter().map(Root::len).sum(),
        unjudged,
        ..Settled::default()
    };
    for root in &roots {
        let is_asked = matches!(recorded, Recorded::Unused | Recorded::Renewed(_));
        let decisions = decisions(root, recorded, &mut facts, &world).await;
        let settlement = root.repository.settle(decisions);
        let mut rows = files::rows(root, &settlement, is_asked);
        if args.diff {
            settled.patch.push_str(&write::patches(&settlement));
        } else if !args.check {
            write::write(root, &settlement, &mut rows);
        }
        if let Recorded::Renewed(renewed) = recorded {
            renew(renewed, root, &settlement, &rows, &facts);
        }
        settled.rows.extend(rows);
    }
    Ok(settled)
}

/// What is decided about the sites of `root`; what was learned for another is not asked again.
async fn decisions(
    root: &Root<'_>,
    recorded: &Recorded,
    facts: &mut Facts,
    world: &World<'_>,
) -> Vec<Decision> {
    let options = &root.options;
    match recorded {
        Recorded::Checked(lock) => {
            let sites = root.repository.sites().into_iter();
            sites.map(|site| lock.check(site, options)).collect()
        }
        Recorded::Restored(lock) => {
            root.by_file(|shown, sites| lock.restore(shown, sites, options))
        }
        Recorded::Unused | Recorded::Renewed(_) => {
            pin::plan(&root.repository.sites(), facts, world, options).await
        }
    }
}

/// Keeps what the files of `root` use now.
fn renew(
    renewed: &mut Renewed,
    root: &Root<'_>,
    settlement: &Settlement,
    rows: &[ReferenceRow],
    facts: &Facts,
) {
    let mut decided = settlement.decisions.iter().zip(rows);
    root.by_file(|shown, sites| {
        let own = sites.iter().zip(decided.by_ref());
        let uses = own.filter_map(|(site, (decision, row))| {
            Use::of(*site, decision, row.status, facts, &root.options)
        });
        renewed.add(shown.to_owned(), uses.collect());
        Vec::<()>::new()
    });
}

impl PinArgs {
    fn step(&self) -> Step {
        self.update.unwrap_or(Step::None)
    }
}

/// What goes for every repository; what depends on which one [`roots`] adds.
async fn options(
    args: &PinArgs,
    loaded: &Loaded,
    policy: &Policy,
    context: &Context,
) -> Result<Options, CliFailure> {
    let environment = &context.environment;
    let url = |name: &str| Url::parse(environment.get(name)?).ok();
    let github = args.github_url.clone().or_else(|| url("GITHUB_SERVER_URL"));
    Ok(Options {
        only: args.only,
        exclude: globs(&args.exclude)?,
        step: args.step(),
        min_age: args.min_age,
        now: Timestamp::now(),
        github: match github {
            Some(github) => github,
            None => public("github.com")?,
        },
        gitlab: url("CI_SERVER_URL"),
        components_by_commit: false,
        verify: args.verify,
        bounds: bounds::of(args, loaded, policy, context).await?,
    })
}

fn globs(patterns: &[ExcludeArg]) -> Result<GlobSet, CliFailure> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(pattern.names.clone());
    }
    let set = set.build();
    set.map_err(|error| CliFailure::usage(format!("--exclude: {error}")))
}

fn public(host: &str) -> Result<Url, CliFailure> {
    let url = Url::parse(&format!("https://{host}"));
    url.map_err(|_| CliFailure::usage(format!("{host} is no host")))
}
