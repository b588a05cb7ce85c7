//! `fullsend exec --dry-run`: the plan, and nothing done.

use crate::{
    cli::{Context, Outcome, console::Terminal},
    config::rule_for,
    launch::{ExecRequest, ImageRequest},
    model::exit_code,
    report::dry_run::DryRun,
};

/// Prints what would be done.
pub(super) fn run(request: &ExecRequest, context: &Context) -> Outcome {
    let ImageRequest { image, policy, .. } = &request.image;
    let plan = DryRun::new(
        request.name.clone(),
        image.to_string(),
        request.agent.limits,
    );
    let plan = DryRun {
        rule: rule_for(&policy.rules, image.repository()).map(|(number, _)| number),
        config: request.config.path.clone(),
        command: request.agent.command.clone(),
        env: request.agent.env.iter().map(ToString::to_string).collect(),
        mounts: request
            .agent
            .mounts
            .iter()
            .map(ToString::to_string)
            .collect(),
        workspace: request
            .workspace
            .as_ref()
            .map(|folder| folder.display().to_string()),
        user: request.agent.user.map(|user| user.to_string()),
        network: request
            .agent
            .network
            .as_ref()
            .map_or("bridge".to_owned(), ToString::to_string),
        read_only: request.agent.read_only,
        ..plan
    };
    Terminal::print_document(context.global.format, &plan, || plan.to_text())?;
    Ok(exit_code::OK)
}
