//! `fullsend enroll` and `fullsend unenroll`: a request to each repository of the fleet.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Args, ValueEnum};

use super::{
    FleetArgs, Opened, open_to_write,
    place::site,
    watched,
    work::{Work, diff, report, today, told, until_insisted},
};
use crate::{
    cli::{Context, Outcome, console::Terminal, failure::CliFailure},
    config::FleetForge,
    fleet::{
        ENROLL_BRANCH, Ended, Enrolling, Member, Nothing, Outcome as Became, Records, Step,
        Unenrolling, Verb, Want, actions, apply,
        enrol::{Actions, Via},
        membership, plan, records,
    },
    forge::Seen,
    model::exit_code,
    report::fleet::{FleetReport, LeftOutRow},
    seam::stop::Stop,
};

/// The options of `fullsend enroll`.
#[derive(Debug, Args)]
pub struct EnrollArgs {
    #[command(flatten)]
    fleet: FleetArgs,
    /// Who moves versions afterwards
    #[arg(long, value_enum, default_value_t = Mover::Renovate)]
    via: Mover,
    #[command(flatten)]
    asking: AskingArgs,
}

/// The options of `fullsend unenroll`.
#[derive(Debug, Args)]
pub struct UnenrollArgs {
    #[command(flatten)]
    fleet: FleetArgs,
    #[command(flatten)]
    asking: AskingArgs,
}

/// How each repository is asked.
#[derive(Debug, Args)]
struct AskingArgs {
    /// Prints what would be asked as patches, and asks nobody
    #[arg(long)]
    dry_run: bool,
    /// Says what the token and the repositories allow, and writes nothing
    #[arg(long, conflicts_with = "dry_run")]
    check_access: bool,
    /// Opens requests again that somebody closed
    #[arg(long)]
    repair: bool,
}

/// Who moves versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Mover {
    /// Renovate, by the presets of the rings.
    Renovate,
    /// Requests of ours.
    Direct,
}

/// How a verb goes about its repositories.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    /// What the token has to allow.
    pub(super) verb: Verb,
    pub(super) dry_run: bool,
    pub(super) repair: bool,
}

impl AskingArgs {
    fn manner(&self) -> Manner {
        Manner {
            verb: Verb::Enroll,
            dry_run: self.dry_run,
            repair: self.repair,
        }
    }
}

pub(in crate::cli::commands) async fn enroll(args: EnrollArgs, context: &Context) -> Outcome {
    let (opened, stop) = open_to_write(&args.fleet, context).await?;
    let configuration = configuration(&opened)?;
    let via = match args.via {
        Mover::Renovate => Via::Renovate,
        Mover::Direct => Via::Direct,
    };
    let manner = args.asking.manner();
    let enrolling = Enrolling::new(&opened.fleet, configuration, via, today());
    let work = Work::begin(&opened, context, "enroll").await?;
    let seen = survey(&work, &enrolling).await?;
    let Selected { members, report } = select(&opened, &seen, &args.fleet.only)?;
    if args.asking.check_access {
        return say_access(&work, &members);
    }
    check_component(&opened).await?;
    let records = recorded(&work, &members).await?;
    let mut enrolling = enrolling.of(&members, records);
    enrolling.actions = locked(&work, &enrolling, &members, &args.fleet, context).await?;
    let wants: [&dyn Want; 1] = [&enrolling];
    go(
        &work,
        &wants,
        &members,
        manner,
        Some(report),
        &stop,
        context,
    )
    .await
}

pub(in crate::cli::commands) async fn unenroll(args: UnenrollArgs, context: &Context) -> Outcome {
    let (opened, stop) = open_to_write(&args.fleet, context).await?;
    let configuration = configuration(&opened)?;
    let manner = args.asking.manner();
    let work = Work::begin(&opened, context, "enroll").await?;
    let nothing = Nothing::on(ENROLL_BRANCH);
    let seen = survey(&work, &nothing).await?;
    let Selected { members, report } = select(&opened, &seen, &args.fleet.only)?;
    if args.asking.check_access {
        return say_access(&work, &members);
    }
    let records = recorded(&work, &members).await?;
    let leaving = Unenrolling::new(&opened.fleet, configuration, today(), records);
    let wants: [&dyn Want; 2] = [&nothing, &leaving];
    go(
        &work,
        &wants,
        &members,
        manner,
        Some(report),
        &stop,
        context,
    )
    .await
}

/// What was written to `members` before.
async fn recorded(work: &Work<'_>, members: &[Member<'_>]) -> Result<Records, CliFailure> {
    match work.state() {
        Some(state) => Ok(records(state, members).await?),
        None => Ok(Records::new()),
    }
}

/// What GitHub's lock of actions would say of what is not in the locks of `members` yet.
async fn locked(
    work: &Work<'_>,
    enrolling: &Enrolling<'_>,
    members: &[Member<'_>],
    args: &FleetArgs,
    context: &Context,
) -> Result<Actions, CliFailure> {
    let opened = work.opened;
    let unlocked = enrolling.unlocked(opened.forge.as_ref(), members);
    let unlocked = watched(&opened.governor, work.terminal, unlocked).await?;
    if unlocked.is_empty() {
        return Ok(Actions::new());
    }
    let terminal = work.terminal;
    terminal.progress("asking for what the locks of actions need", 0, 0);
    let environment = &context.environment;
    let place = opened.fleet.forge.clone();
    let site = site(place, args.forge_url.as_ref(), environment, &context.global);
    Ok(actions(&site.actions(environment), unlocked).await)
}

/// The full name of the configuration repository, which the rings' presets are read from.
fn configuration(opened: &Opened) -> Result<&str, CliFailure> {
    let found = opened.config_repository.as_deref();
    found.ok_or_else(|| {
        CliFailure::usage_with(
            "nobody knows which repository holds fleet.yaml, and the rings with it",
            opened.hint(),
        )
    })
}

async fn survey(work: &Work<'_>, want: &dyn Want) -> Result<Vec<Seen>, CliFailure> {
    work.terminal.progress("looking at the repositories", 0, 0);
    let survey = work.opened.forge.survey(want.watch());
    Ok(watched(&work.opened.governor, work.terminal, survey).await?)
}

/// One repository, by its name below the owner or group.
pub(super) async fn look_at(
    work: &Work<'_>,
    name: &str,
    want: &dyn Want,
) -> Result<Vec<Seen>, CliFailure> {
    let owner = format!("{}/", work.opened.owner());
    let name = name.strip_prefix(&owner).unwrap_or(name);
    let names = [name.to_owned()];
    let looked = work.opened.forge.look(&names, want.watch());
    let looked = watched(&work.opened.governor, work.terminal, looked).await?;
    match looked.into_iter().flatten().next() {
        Some(seen) => Ok(vec![seen]),
        None => Err(CliFailure::usage_with(
            format!("{owner}{name} does not exist, or cannot be seen"),
            "check the name, and whether the token may read it",
        )),
    }
}

/// `seen` as they are in the fleet, else in its last ring.
pub(super) fn alone<'a>(opened: &'a Opened, seen: &'a [Seen]) -> Vec<Member<'a>> {
    let members = membership(&opened.fleet, seen, None).members;
    if !members.is_empty() {
        return members;
    }
    let ring = opened.fleet.rings.last();
    let seen = seen.iter().zip(ring);
    seen.map(|(seen, ring)| Member { seen, ring }).collect()
}

struct Selected<'a> {
    members: Vec<Member<'a>>,
    report: FleetReport,
}

/// The members that are meant, and what is to be told of the others.
fn select<'a>(
    opened: &'a Opened,
    seen: &'a [Seen],
    only: &[String],
) -> Result<Selected<'a>, CliFailure> {
    let membership = membership(&opened.fleet, seen, opened.config_repository.as_deref());
    let mut members = membership.members;
    let is_named =
        |member: &Member<'_>, name: &String| member.seen.repository.name.eq_ignore_ascii_case(name);
    for name in only {
        if !members.iter().any(|member| is_named(member, name)) {
            return Err(CliFailure::usage_with(
                format!("no repository of the fleet is called `{name}`"),
                "check the names after `--only`, and whether the token may see them",
            ));
        }
    }
    if !only.is_empty() {
        members.retain(|member| only.iter().any(|name| is_named(member, name)));
    }
    let mut report = FleetReport::new(Vec::new());
    if only.is_empty() {
        report.left_out = membership
            .left_out
            .iter()
            .map(|it| LeftOutRow {
                name: it.seen.repository.name.clone(),
                reason: it.reason.to_owned(),
            })
            .collect();
        report.unknown = membership
            .unknown
            .iter()
            .map(|it| (*it).to_owned())
            .collect();
    }
    Ok(Selected { members, report })
}

/// Refuses where the components that the pipelines would include are not there.
async fn check_component(opened: &Opened) -> Result<(), CliFailure> {
    let FleetForge::GitLab {
        component_source: Some(source),
        ..
    } = &opened.fleet.forge
    else {
        return Ok(());
    };
    let tag = opened.fleet.release.action.version.to_string();
    if opened.forge.offers(source, &tag).await? {
        return Ok(());
    }
    Err(CliFailure::usage_with(
        format!("{source} has no components of version {tag}, or cannot be seen"),
        "publish them there, or mend `component_source` and `action` in fleet.yaml",
    ))
}

fn say_access(work: &Work<'_>, members: &[Member<'_>]) -> Outcome {
    let seen: Vec<&Seen> = members.iter().map(|it| it.seen).collect();
    let access = work.check_access(Verb::Enroll, &seen, None)?;
    for line in told(&access, &work.identity.login) {
        work.terminal.say(&line);
    }
    let count = seen.len() - access.closed.len();
    let login = &work.identity.login;
    Terminal::print(&format!("{login} may write to {count} repositories\n"))?;
    Ok(if access.is_open() {
        exit_code::OK
    } else {
        exit_code::FINDINGS
    })
}

/// Goes through `wants` one after the other; the last one's outcomes are what is told.
pub(super) async fn go(
    work: &Work<'_>,
    wants: &[&dyn Want],
    members: &[Member<'_>],
    manner: Manner,
    others: Option<FleetReport>,
    stop: &Stop,
    context: &Context,
) -> Outcome {
    let forge = work.opened.forge.as_ref();
    let seen: Vec<&Seen> = members.iter().map(|it| it.seen).collect();
    let access = work.check_access(manner.verb, &seen, None)?;
    for line in told(&access, &work.identity.login) {
        work.terminal.note(&line);
    }
    let stopped = || stop.asked().is_some();
    let mut ended: Vec<Ended> = Vec::new();
    let mut would_be_asked = BTreeSet::new();
    for (index, want) in wants.iter().enumerate() {
        let looked;
        let members = if index == 0 {
            members.to_vec()
        } else {
            // What the one before left behind is looked at with the next one's eyes.
            looked = look(work, *want, members).await?;
            with_rings(&looked, members)
        };
        let plan = plan(forge, *want, &members, manner.repair);
        let plan = watched(&work.opened.governor, work.terminal, plan).await?;
        if manner.dry_run {
            Terminal::print_patch(&diff(&plan))?;
            let writes = plan.rows.iter();
            let writes = writes.filter(|row| matches!(row.step, Step::Do(_)));
            would_be_asked.extend(writes.map(|row| row.seen.repository.name.clone()));
            continue;
        }
        work.count(plan.rows.len());
        let work_on = apply(work.means(&stopped), *want, plan, manner.repair);
        let work_on = watched(&work.opened.governor, work.terminal, work_on);
        ended = match until_insisted(stop, work_on).await {
            Some(ended) => ended,
            None => return Ok(128 + stop.asked().unwrap_or(2)),
        };
    }
    if manner.dry_run {
        let count = would_be_asked.len();
        work.terminal
            .note(&format!("{count} repositories would be asked"));
        return Ok(exit_code::OK);
    }
    let mut told_of = report(&ended);
    if let Some(others) = others {
        told_of.left_out = others.left_out;
        told_of.unknown = others.unknown;
    }
    let style = Terminal::stdout_style(&context.global, &context.environment);
    Terminal::print_document(context.global.format, &told_of, || told_of.text(style))?;
    if ended.iter().any(|it| it.outcome == Became::Unreached) {
        work.terminal
            .note("stopped at a safe point; the same command goes on");
        return Ok(128 + stop.asked().unwrap_or(2));
    }
    Ok(code(&told_of, &ended))
}

async fn look(
    work: &Work<'_>,
    want: &dyn Want,
    members: &[Member<'_>],
) -> Result<Vec<Seen>, CliFailure> {
    let names = members.iter().map(|it| it.seen.repository.name.clone());
    let names: Vec<String> = names.collect();
    let looked = work.opened.forge.look(&names, want.watch());
    let looked = watched(&work.opened.governor, work.terminal, looked).await?;
    Ok(looked.into_iter().flatten().collect())
}

fn with_rings<'a>(seen: &'a [Seen], members: &[Member<'a>]) -> Vec<Member<'a>> {
    let rings: BTreeMap<&str, _> = members
        .iter()
        .map(|it| (it.seen.repository.id.as_str(), it.ring))
        .collect();
    seen.iter()
        .filter_map(|seen| {
            let ring = rings.get(seen.repository.id.as_str())?;
            Some(Member { seen, ring })
        })
        .collect()
}

/// An open request is what these verbs are for: it is no drift here.
fn code(report: &FleetReport, ended: &[Ended]) -> u8 {
    let is_failed = |it: &Ended| matches!(it.outcome, Became::Failed(_));
    let is_refused = |it: &Ended| {
        use crate::fleet::RefusalKind::{Held, Skipped};
        matches!(&it.outcome, Became::Refused(it) if !matches!(it.kind, Held | Skipped))
    };
    if ended.iter().any(is_failed) {
        exit_code::UNAVAILABLE
    } else if ended.iter().any(is_refused) || !report.unknown.is_empty() {
        exit_code::FINDINGS
    } else {
        exit_code::OK
    }
}
