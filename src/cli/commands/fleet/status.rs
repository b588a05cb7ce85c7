//! `fullsend status`: how each repository of the fleet stands to its release.

use clap::Args;

use super::{FleetArgs, Opened, open};
use crate::{
    cli::{Context, Outcome, console::Terminal},
    fleet::membership,
    forge::Watch,
    report::fleet::{FleetReport, LeftOutRow, RepositoryRow, State},
};

/// The options of `fullsend status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    fleet: FleetArgs,
}

pub(in crate::cli::commands) async fn run(args: StatusArgs, context: &Context) -> Outcome {
    let opened = open(&args.fleet, context).await?;
    if opened.config_repository.is_none() {
        context.terminal.note(&opened.hint());
    }
    let Opened {
        fleet,
        forge,
        config_repository,
        ..
    } = &opened;
    let seen = forge.survey(&Watch::default()).await?;
    let membership = membership(fleet, &seen, config_repository.as_deref());
    let rows = membership.members.iter().map(|member| {
        let name = &member.seen.repository.name;
        RepositoryRow::new(name, Some(&member.ring.name), State::Missing)
    });
    let mut report = FleetReport::new(rows.collect());
    let left_out = membership.left_out.iter().map(|it| LeftOutRow {
        name: it.seen.repository.name.clone(),
        reason: it.reason.to_owned(),
    });
    report.left_out = left_out.collect();
    report.unknown = membership.unknown.into_iter().map(str::to_owned).collect();
    let style = Terminal::stdout_style(&context.global, &context.environment);
    Terminal::print_document(context.global.format, &report, || report.text(style))?;
    Ok(report.exit_code())
}
