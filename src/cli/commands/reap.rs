//! `fullsend exec --reap`: removes what CLIs that were killed have left behind.

use super::exec::runtime_choice;
use crate::{
    cli::{Context, Outcome, console::Terminal},
    config::RuntimeChoice,
    launch,
    model::exit_code,
    runtime,
};

/// Removes the containers and says which; one that could not be removed makes it fail.
pub(super) async fn run(choice: RuntimeChoice, context: &Context) -> Outcome {
    let runtime = runtime::connect(runtime_choice(choice)?, &context.environment).await?;
    let reaped = launch::reap(&*runtime).await?;
    Terminal::print_document(context.global.format, &reaped, || reaped.to_text())?;
    Ok(if reaped.failed.is_empty() {
        exit_code::OK
    } else {
        exit_code::UNAVAILABLE
    })
}
