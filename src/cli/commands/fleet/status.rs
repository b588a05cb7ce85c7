//! `fullsend status`: how each repository of the fleet stands to its release.

use clap::Args;
use jiff::Timestamp;

use super::{FleetArgs, Opened, access::Checked, enroll::Mover, open, watched};
use crate::{
    cli::{Context, Outcome, console::Terminal, failure::CliFailure, global::Format},
    fleet::{Progress, Question, STATE_BRANCH, StatusError, Verb, rollout::CURRENT, status},
    generate::GenerateError,
    template::{self, fleet_status::FleetStatus},
};

/// The options of `fullsend status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    fleet: FleetArgs,
    /// Counts the runs of each repository, too, as far back as the gates of fleet.yaml look
    #[arg(long)]
    runs: bool,
    /// Says what the token allows
    #[arg(long)]
    check_access: bool,
    /// Accepted for the sake of those who give all verbs the same: nothing moves
    #[arg(long, value_enum, hide = true)]
    via: Option<Mover>,
    /// The same: nothing is written
    #[arg(long, hide = true)]
    dry_run: bool,
}

pub(in crate::cli::commands) async fn run(args: StatusArgs, context: &Context) -> Outcome {
    let Context {
        global,
        environment,
        terminal,
    } = context;
    let opened = open(&args.fleet, context).await?;
    if opened.config_repository.is_none() {
        terminal.note(&opened.hint());
    }
    if args.check_access {
        let verb = Verb::Status;
        let checked = Checked::of(&opened, verb, &args.fleet, context).await?;
        return checked.tell(&opened, verb, &args.fleet, context).await;
    }
    let Opened {
        fleet,
        forge,
        config_repository,
        ..
    } = &opened;
    let question = Question {
        fleet,
        configuration: config_repository.as_deref(),
        only: &args.fleet.only,
        runs: args.runs,
        now: Timestamp::now(),
    };
    let tell = |done| tell(done, terminal);
    let work = status(forge.as_ref(), &question, &tell);
    let report = watched(&opened.governor, terminal, work).await?;
    if global.format == Format::Html {
        let page = FleetStatus::new(&report, fleet, question.now);
        Terminal::print(&template::render(&page).map_err(GenerateError::from)?)?;
    } else {
        let style = Terminal::stdout_style(global, environment);
        Terminal::print_document(global.format, &report, || report.text(style))?;
    }
    Ok(report.exit_code())
}

fn tell(done: Progress, terminal: &Terminal) {
    match done {
        Progress::Looking => terminal.progress("looking at the repositories", 0, 0),
        Progress::Reading(done, all) => terminal.progress("reading files", done, all),
        Progress::Running(done, all) => terminal.progress("reading runs", done, all),
        Progress::NoRollout => terminal.warn(&format!(
            "{CURRENT} of the branch {STATE_BRANCH} cannot be read, so that nobody knows of a \
             rollout; `fullsend upgrade` says why"
        )),
    }
}

impl From<StatusError> for CliFailure {
    fn from(error: StatusError) -> Self {
        match error {
            StatusError::Forge(error) => Self::Forge(error),
            StatusError::Unknown(_) => Self::usage_with(
                error.to_string(),
                "check the names after `--only`, and whether the token may see them",
            ),
        }
    }
}
