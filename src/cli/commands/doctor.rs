//! `fullsend doctor`: what this machine lacks for `exec`.

use std::collections::BTreeSet;

use clap::Args;

use super::{configuration, exec::runtime_choice};
use crate::{
    cli::{Context, Outcome, console::Terminal, value::parse},
    config::RuntimeChoice,
    launch::{self, DoctorRequest},
    model::{exit_code, image::ImageReference},
    registry::Registry,
    signature::TrustStore,
};

/// The options of `fullsend doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The image whose registry is asked [default: fullsend.yaml's]
    #[arg(long, value_name = "REF")]
    image: Option<ImageReference>,
    /// What starts the container
    #[arg(long, value_name = "NAME", value_parser = parse::<RuntimeChoice>)]
    runtime: Option<RuntimeChoice>,
}

/// Looks at the machine and prints what is wrong with it; what blocks makes it fail.
pub(super) async fn run(args: DoctorArgs, context: &Context) -> Outcome {
    let config = configuration::load_checkout(context)?.config;
    let options = context.global.registry_options(args.image.as_ref(), None);
    let report = launch::doctor(
        &DoctorRequest {
            runtime: runtime_choice(args.runtime.unwrap_or(config.runtime))?,
            image: args.image.as_ref().or(config.image.as_ref()),
            registry: &Registry::new(&context.environment, options),
            trust: &TrustStore::new(&context.environment, Some(BTreeSet::new())),
        },
        &context.environment,
    )
    .await;
    Terminal::print_document(context.global.format, &report, || report.text())?;
    Ok(if report.ready {
        exit_code::OK
    } else {
        exit_code::FINDINGS
    })
}
