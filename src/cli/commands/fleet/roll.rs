//! `fullsend upgrade` and `fullsend rollback`: a release moves through the fleet, or goes back.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use clap::Args;
use jiff::Timestamp;
use semver::Version;

use super::{
    FleetArgs, Opened,
    access::{Checked, check, told},
    enroll::Mover,
    hold::reason,
    open_to_write,
    releases::{Proof, release_of},
    watched,
    work::{self, Told, Work, diff, until_insisted},
};
use crate::{
    cli::{
        Context, Outcome, console::Terminal, failure::CliFailure, global::Format,
        policy_args::PolicyArgs, value::parse,
    },
    config::{DenySource, Release},
    fleet::{
        Verb,
        drive::{Crew, DenyList, DriveError, End, Preview, Progress, RollOptions, Rolled},
        preview_rollback, preview_upgrade, request_row, rollback as roll_back,
        rollout::{EntryState, Rollout, Via},
        upgrade as roll_forth,
    },
    forge::Watch,
    model::{exit_code, skew},
    registry::Registry,
    report::fleet::{FleetReport, RepositoryRow, RequestRow, State},
};

/// How long a watched rollout waits between two looks.
const LOOK: Duration = Duration::from_mins(1);

/// The options of `fullsend upgrade`.
#[derive(Debug, Args)]
pub struct UpgradeArgs {
    /// The version of the image to bring
    #[arg(value_name = "VERSION", value_parser = version)]
    version: Version,
    /// Follows the rollout until its end
    #[arg(long)]
    watch: bool,
    /// Takes the release back where it shows to be bad
    #[arg(long)]
    auto_rollback: bool,
    /// Starts a run, once a repository, where the gate lacks runs: it costs and may write what any run may
    #[arg(long)]
    smoke: bool,
    /// The parts of each ring that move one after the other, in a hundred, as `25,100`
    #[arg(long, value_name = "PERCENT", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=100))]
    shares: Vec<u32>,
    #[command(flatten)]
    common: RollArgs,
}

/// The options of `fullsend rollback`.
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// The version of the image to go back to [default: the last good one]
    #[arg(value_name = "VERSION", value_parser = version)]
    version: Option<Version>,
    /// Why, for the deny list
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: Option<String>,
    /// Goes to this version although something speaks against it
    #[arg(long, value_name = "VERSION", value_parser = version)]
    force: Option<Version>,
    /// Follows the rollback until its end
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    common: RollArgs,
}

/// What both have.
#[derive(Debug, Args)]
struct RollArgs {
    #[command(flatten)]
    fleet: FleetArgs,
    /// Who makes the requests [default: Renovate for an upgrade and we for a rollback, or whom one
    /// that is under way was begun with]
    #[arg(long, value_enum)]
    via: Option<Mover>,
    /// Prints what would be asked as patches, and asks nobody
    #[arg(long)]
    dry_run: bool,
    /// Says what the token and the repositories allow, and writes nothing
    #[arg(long, conflicts_with = "dry_run")]
    check_access: bool,
    /// How long a watched rollout waits between two looks, in seconds [default: 60]
    #[arg(long, value_name = "SECONDS", requires = "watch", value_parser = clap::value_parser!(u64).range(1..))]
    interval: Option<u64>,
    /// The deny list: a file, an https URL, or oci:REF
    #[arg(long, value_name = "LIST", value_parser = parse::<DenySource>)]
    deny: Option<DenySource>,
    #[command(flatten)]
    policy: PolicyArgs,
}

impl RollArgs {
    fn via(&self) -> Option<Via> {
        self.via.map(|via| match via {
            Mover::Renovate => Via::Renovate,
            Mover::Direct => Via::Direct,
        })
    }
}

fn version(text: &str) -> Result<Version, String> {
    skew::of_tag(text).ok_or_else(|| "write a whole version, for example 1.4.2".to_owned())
}

/// Forth to a version, or back to one.
enum Way {
    Forth(Version),
    Back(Option<Version>),
}

impl Way {
    fn verb(&self, options: &RollOptions) -> Verb {
        match self {
            Self::Forth(_) if options.smoke => Verb::UpgradeBySmoke,
            Self::Forth(_) => Verb::Upgrade,
            Self::Back(_) => Verb::Rollback,
        }
    }
}

pub(in crate::cli::commands) async fn upgrade(args: UpgradeArgs, context: &Context) -> Outcome {
    let options = RollOptions {
        via: args.common.via(),
        auto_rollback: args.auto_rollback,
        smoke: args.smoke,
        only: args.common.fleet.only.clone(),
        shares: args.shares,
        ..RollOptions::default()
    };
    let watch = args.watch.then(|| interval(&args.common));
    Box::pin(roll(
        Way::Forth(args.version),
        args.common,
        options,
        watch,
        context,
    ))
    .await
}

pub(in crate::cli::commands) async fn rollback(args: RollbackArgs, context: &Context) -> Outcome {
    if !args.common.fleet.only.is_empty() {
        return Err(CliFailure::usage_with(
            "a release is taken back everywhere, not in one repository",
            "leave out `--only`; `fullsend hold REPO` keeps one repository on an older version",
        ));
    }
    let options = RollOptions {
        via: args.common.via(),
        force: args.force,
        reason: args.reason,
        ..RollOptions::default()
    };
    let watch = args.watch.then(|| interval(&args.common));
    Box::pin(roll(
        Way::Back(args.version),
        args.common,
        options,
        watch,
        context,
    ))
    .await
}

fn interval(args: &RollArgs) -> Duration {
    args.interval.map_or(LOOK, Duration::from_secs)
}

async fn roll(
    way: Way,
    args: RollArgs,
    mut options: RollOptions,
    watch: Option<Duration>,
    context: &Context,
) -> Outcome {
    let (opened, stop) = open_to_write(&args.fleet, context).await?;
    for name in &mut options.only {
        *name = opened.below(name).to_owned();
    }
    let Some(configuration) = opened.configuration() else {
        return Err(CliFailure::usage_with(
            "nobody knows which repository holds fleet.yaml, and the rollout with it",
            opened.hint(),
        ));
    };
    let verb = way.verb(&options);
    if args.check_access {
        return say_access(&opened, verb, &args.fleet, context).await;
    }
    let work = Work::begin(&opened, context, verb, args.dry_run).await?;
    tell_access(&work, verb, &args.fleet, context).await?;
    let registry = registry(context);
    let proof = Proof::new(&args.policy, args.deny.as_ref(), context)?;
    let stopped = || stop.asked().is_some();
    let lines = Lines {
        terminal: work.terminal,
        moved: Mutex::default(),
    };
    let crew = Crew {
        means: work.means(&stopped),
        configuration,
        prover: &proof,
        registry: &registry,
        progress: &lines,
        clock: &Timestamp::now,
        watch,
    };
    let ended = || 128 + stop.asked().unwrap_or(2);
    let telling = Telling {
        context,
        interrupted: &ended,
    };
    let work_on = Box::pin(go(crew, way, &options, args.dry_run, &work, telling));
    let work_on = watched(&opened.governor, work.terminal, work_on);
    match until_insisted(&stop, work_on).await {
        Some(outcome) => outcome,
        None => Ok(ended()),
    }
}

async fn go(
    crew: Crew<'_>,
    way: Way,
    options: &RollOptions,
    dry_run: bool,
    work: &Work<'_>,
    telling: Telling<'_>,
) -> Outcome {
    let (opened, context) = (work.opened, telling.context);
    let rolled = match way {
        Way::Forth(version) => {
            let release = release_of(&version, opened, context).await?;
            if dry_run {
                let found = preview_upgrade(crew, &release, options).await?;
                return preview(&found, opened, context);
            }
            Box::pin(roll_forth(crew, &release, options)).await?
        }
        Way::Back(version) if dry_run => {
            let found = preview_rollback(crew, version.as_ref(), options).await?;
            return preview(&found, opened, context);
        }
        Way::Back(version) => roll_back(crew, version.as_ref(), options).await?,
    };
    if !matches!(rolled.end, End::Interrupted) {
        let members = rolled.rollout.entries().map(|it| it.name.as_str());
        work.looked_at(members.chain([crew.configuration]));
    }
    let requests = requests(&rolled, opened).await;
    telling.tell(&rolled, &requests)
}

/// The requests of a rollout as they are now, by the names of their repositories. What the forge
/// does not tell is left out: it is no more than news.
async fn requests(rolled: &Rolled, opened: &Opened) -> BTreeMap<String, RequestRow> {
    let rollout = shown(rolled);
    let entries = rollout
        .entries()
        .filter_map(|it| Some((&it.name, it.request?)));
    let numbers: BTreeMap<&String, u64> = entries.collect();
    if numbers.is_empty() {
        return BTreeMap::new();
    }
    let names: Vec<String> = numbers.keys().map(|name| (*name).clone()).collect();
    let watch = Watch {
        branch: Some(rollout.id.branch()),
        requests: vec!["renovate/".to_owned()],
        ..Watch::default()
    };
    let looked = opened.forge.look(&names, &watch).await.unwrap_or_default();
    let found = looked.into_iter().flatten().filter_map(|seen| {
        let number = *numbers.get(&seen.repository.name)?;
        let mut all = seen.request.iter().chain(&seen.open);
        let request = all.find(|it| it.number == number)?;
        Some((seen.repository.name.clone(), request_row(request)))
    });
    found.collect()
}

/// What a rollout's document is about: its rollback, where it was taken back.
fn shown(rolled: &Rolled) -> &Rollout {
    match &rolled.end {
        End::RolledBack { rollback, .. } => &rollback.rollout,
        _ => &rolled.rollout,
    }
}

/// The registries, of which one may hold the deny list.
fn registry(context: &Context) -> Registry {
    let options = context.global.registry_options(None, None);
    Registry::new(&context.environment, options)
}

/// Tells what stands in the way before anything is written.
///
/// A release that is bad is taken back wherever that is allowed: nothing of this keeps a rollback
/// from trying, and no repository is looked at before its first commit.
async fn tell_access(
    work: &Work<'_>,
    verb: Verb,
    args: &FleetArgs,
    context: &Context,
) -> Result<(), CliFailure> {
    let opened = work.opened;
    if verb == Verb::Rollback {
        if let Err(error) = check(opened, &work.identity, verb, &[], None) {
            context.terminal.warn(&error.to_string());
        }
        return Ok(());
    }
    let checked = Checked::of(opened, verb, args, context).await?;
    for line in told(&checked.access, &checked.identity.login) {
        context.terminal.note(&line);
    }
    Ok(())
}

async fn say_access(opened: &Opened, verb: Verb, args: &FleetArgs, context: &Context) -> Outcome {
    let checked = Checked::of(opened, verb, args, context).await?;
    let code = checked.tell(opened, verb, args, context).await?;
    let say = |line: &str| match context.global.format {
        Format::Json => {
            context.terminal.say(line);
            Ok(())
        }
        _ => Terminal::print(&format!("{line}\n")),
    };
    if !checked.access.must_ask {
        let login = &checked.identity.login;
        let configuration = opened.configuration().unwrap_or_default();
        say(&format!(
            "{login} may stop a release at once, by a commit to {configuration}"
        ))?;
    }
    let Some(place) = &opened.fleet.deny_list else {
        return Ok(code);
    };
    match registry(context).check_push(place.repository()).await {
        Ok(()) => {
            say(&format!("the deny list may be pushed to oci:{place}"))?;
            Ok(code)
        }
        Err(error) => {
            let why = error.with_hint();
            let line = format!("the deny list may not be published: {why}");
            context.terminal.say(&line);
            Ok(code.max(exit_code::FINDINGS))
        }
    }
}

fn preview(found: &Preview, opened: &Opened, context: &Context) -> Outcome {
    let writes = found.plan.writes();
    let line = format!("{writes} repositories would be asked, wave by wave");
    if context.global.format == Format::Json {
        Terminal::print_json(&planned(found, opened))?;
        context.terminal.note(&line);
        return Ok(exit_code::OK);
    }
    let paths = found.configuration.iter().map(|it| it.path.as_str());
    let paths: Vec<&str> = paths.collect();
    if !paths.is_empty() {
        let line = format!("# the configuration repository: {}\n", paths.join(", "));
        Terminal::print(&line)?;
    }
    if let Some(DenyList { sentence, .. }) = &found.deny_list {
        Terminal::print(&format!("# the deny list: {sentence}\n"))?;
    }
    Terminal::print_patch(&diff(&found.plan))?;
    context.terminal.note(&line);
    Ok(exit_code::OK)
}

/// The document of what a rollout would do.
fn planned(found: &Preview, opened: &Opened) -> FleetReport {
    let waves = found.rollout.waves.iter();
    let rings = waves.flat_map(|wave| {
        let entries = wave.repositories.iter();
        entries.map(|entry| (entry.name.as_str(), wave.ring.as_str()))
    });
    let rings: BTreeMap<&str, &str> = rings.collect();
    let told = found.plan.rows.iter().map(|row| {
        let ring = rings.get(&*row.seen.repository.name);
        Told::planned(row, ring.copied().unwrap_or_default())
    });
    let told: Vec<Told<'_>> = told.collect();
    FleetReport {
        rollout: Some(found.rollout.id.to_string()),
        ..work::report(opened, &told)
    }
}

/// Tells how a rollout came to rest.
#[derive(Clone, Copy)]
struct Telling<'a> {
    context: &'a Context,
    /// The code of a rollout that somebody stopped, by the signal.
    interrupted: &'a dyn Fn() -> u8,
}

impl Telling<'_> {
    /// Prints it; the code says whether all is well.
    fn tell(self, rolled: &Rolled, requests: &BTreeMap<String, RequestRow>) -> Outcome {
        let Context {
            terminal,
            global,
            environment,
        } = self.context;
        let report = report(shown(rolled), requests);
        let style = Terminal::stdout_style(global, environment);
        Terminal::print_document(global.format, &report, || report.text(style))?;
        let (line, code) = ending(rolled);
        line.lines().for_each(|line| terminal.say(line));
        let was_stopped = match &rolled.end {
            End::RolledBack { rollback, .. } => matches!(rollback.end, End::Interrupted),
            end => matches!(end, End::Interrupted),
        };
        Ok(if was_stopped {
            (self.interrupted)()
        } else {
            code
        })
    }
}

/// How it came to rest, and whether all is well, which it is not where the deny list is not out.
fn ending(rolled: &Rolled) -> (String, u8) {
    let (line, code) = rest(rolled);
    match &rolled.unpublished {
        Some(why) => {
            let code = code.max(exit_code::FINDINGS);
            (format!("{line}\n{why}; the same command tries again"), code)
        }
        None => (line, code),
    }
}

fn rest(rolled: &Rolled) -> (String, u8) {
    let id = &rolled.rollout.id;
    match &rolled.end {
        End::Finished => (format!("{id}: done"), exit_code::OK),
        End::Waiting { what, until } => {
            let until = until.map_or_else(String::new, |it| format!(" (look again at {it})"));
            let line = format!("{id}: waiting: {what}{until}; the same command goes on");
            (line, exit_code::FINDINGS)
        }
        End::Stopped { reason, is_bad } => {
            let hint = if *is_bad {
                "; `fullsend rollback` takes it back"
            } else {
                ""
            };
            (
                format!("{id}: stopped: {reason}{hint}"),
                exit_code::FINDINGS,
            )
        }
        End::RolledBack { reason, rollback } => {
            let (line, _) = ending(rollback);
            (
                format!("{id}: stopped: {reason}\n{line}"),
                exit_code::FINDINGS,
            )
        }
        End::Interrupted => (
            format!("{id}: stopped at a safe point; the same command goes on"),
            exit_code::FINDINGS,
        ),
    }
}

/// The repositories of a rollout, by their waves.
fn report(rollout: &Rollout, requests: &BTreeMap<String, RequestRow>) -> FleetReport {
    let waves = rollout.waves.iter();
    let rows = waves.flat_map(|wave| {
        wave.repositories.iter().map(|entry| {
            let state = match entry.state {
                EntryState::Planned | EntryState::Committed | EntryState::PrOpen => State::Outdated,
                EntryState::Merged => State::PinsMoved,
                EntryState::Verified | EntryState::RolledBack => State::Current,
                EntryState::Skipped => State::Skipped,
                EntryState::Blocked => State::Blocked,
            };
            let release = match entry.state {
                EntryState::Merged | EntryState::Verified => Some(&rollout.to),
                EntryState::Skipped | EntryState::Blocked => None,
                _ => Some(&rollout.from),
            };
            let image = release.map(Release::image);
            RepositoryRow {
                action: release.map(|it| it.action.to_string()),
                image: image.map(|it| {
                    let tag = it.tag().unwrap_or_default();
                    format!("{}:{tag}", it.repository())
                }),
                digest: image.and_then(|it| Some(it.digest()?.to_string())),
                reason: entry.reason.clone(),
                request: requests.get(&entry.name).cloned(),
                ..RepositoryRow::new(&entry.name, Some(&wave.ring), state)
            }
        })
    });
    FleetReport::new(rows.collect()).about(rollout.headline().row(&rollout.id))
}

/// Says what happens to a rollout, each thing once.
struct Lines<'a> {
    terminal: &'a Terminal,
    moved: Mutex<Option<(usize, usize)>>,
}

impl Progress for Lines<'_> {
    fn at(&self, rollout: &Rollout) {
        let entries = || rollout.waves.iter().flat_map(|wave| &wave.repositories);
        let done = entries().filter(|it| !matches!(it.state, EntryState::Planned));
        let moved = (done.count(), entries().count());
        let is_new = match self.moved.lock() {
            Ok(mut last) => last.replace(moved) != Some(moved),
            Err(_) => true,
        };
        if is_new && moved.1 > 0 {
            let what = "repositories moved";
            self.terminal.progress(what, moved.0, moved.1);
        }
    }

    fn note(&self, sentence: &str) {
        self.terminal.note(sentence);
    }

    fn waiting(&self, reason: &str) {
        self.terminal.note(&format!("waiting: {reason}"));
    }
}

impl From<DriveError> for CliFailure {
    fn from(error: DriveError) -> Self {
        Self::Rollout(Box::new(error))
    }
}
