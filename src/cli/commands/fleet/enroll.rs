//! `fullsend enroll` and `fullsend unenroll`: a request to each repository of the fleet.

use clap::{Args, ValueEnum};

use super::{
    FleetArgs, Opened,
    access::Checked,
    chosen::Chosen,
    go::{Manner, go},
    open_to_write,
    place::site,
    watched,
    work::{Work, today},
};
use crate::{
    cli::{Context, Outcome, failure::CliFailure},
    config::FleetForge,
    fleet::{
        ENROLL_BRANCH, Enrolling, Member, Nothing, Records, Unenrolling, Verb, Want, actions,
        enrol::{Actions, Via},
        records,
    },
    forge::Seen,
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
    /// Accepted for the sake of those who give all verbs the same: what was written goes either way
    #[arg(long, value_enum, hide = true)]
    via: Option<Mover>,
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

impl AskingArgs {
    fn manner(&self, verb: Verb) -> Manner {
        Manner {
            verb,
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
    if args.asking.check_access {
        return say_access(Verb::Enroll, &opened, &args.fleet, context).await;
    }
    let manner = args.asking.manner(Verb::Enroll);
    let enrolling = Enrolling::new(&opened.fleet, configuration, via, today());
    let work = Work::begin(&opened, context, manner.verb, manner.dry_run).await?;
    let seen = survey(&work, &enrolling).await?;
    let chosen = Chosen::of(&opened, &seen, &args.fleet.only)?;
    check_component(&opened).await?;
    let records = recorded(&work, &chosen.members).await?;
    let mut enrolling = enrolling.of(&chosen.members, records);
    enrolling.actions = locked(&work, &enrolling, &chosen.members, &args.fleet, context).await?;
    let wants: [&dyn Want; 1] = [&enrolling];
    go(&work, &wants, chosen, manner, &stop, context).await
}

pub(in crate::cli::commands) async fn unenroll(args: UnenrollArgs, context: &Context) -> Outcome {
    let (opened, stop) = open_to_write(&args.fleet, context).await?;
    let configuration = configuration(&opened)?;
    if args.asking.check_access {
        return say_access(Verb::Unenroll, &opened, &args.fleet, context).await;
    }
    let manner = args.asking.manner(Verb::Unenroll);
    let work = Work::begin(&opened, context, manner.verb, manner.dry_run).await?;
    let nothing = Nothing::on(ENROLL_BRANCH);
    let seen = survey(&work, &nothing).await?;
    let chosen = Chosen::of(&opened, &seen, &args.fleet.only)?;
    let records = recorded(&work, &chosen.members).await?;
    let leaving = Unenrolling::new(&opened.fleet, configuration, today(), records);
    let wants: [&dyn Want; 2] = [&nothing, &leaving];
    go(&work, &wants, chosen, manner, &stop, context).await
}

async fn say_access(verb: Verb, opened: &Opened, args: &FleetArgs, context: &Context) -> Outcome {
    let checked = Checked::of(opened, verb, args, context).await?;
    checked.tell(opened, verb, args, context).await
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
