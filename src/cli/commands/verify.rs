//! `fullsend verify`: the verdict on one image.

use clap::Args;

use super::{
    configuration::{self, working_directory},
    image_request::{self, ImageOptions},
};
use crate::{
    cli::{
        Context, Outcome, console::Terminal, failure::CliFailure, global::Format,
        policy_args::PolicyArgs, value::parse,
    },
    config::DenySource,
    launch,
    model::{image::ImageReference, platform::Platform},
    report::verdict_table,
};

/// The options of `fullsend verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The image, with tag, digest or both
    image: ImageReference,
    /// Which image of an index is meant [default: this machine's]
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<Platform>,
    /// The deny list: a file, an https URL, or oci:REF
    #[arg(long, value_name = "LIST", value_parser = parse::<DenySource>)]
    deny: Option<DenySource>,
    #[command(flatten)]
    policy: PolicyArgs,
}

/// Verifies the image and prints the verdict.
pub(super) async fn run(args: VerifyArgs, context: &Context) -> Outcome {
    let loaded = configuration::load(context)?;
    let here = working_directory()?;
    let options = ImageOptions {
        image: args.image,
        is_named: true,
        policy: &args.policy,
        deny: args.deny.as_ref(),
    };
    let request = image_request::build(options, &loaded, &here, context)?;
    let platform = args.platform.unwrap_or_else(Platform::host);
    let verified =
        launch::verify(&request, &platform, &context.environment, &context.terminal).await;
    let verification = verified.map_err(CliFailure::usage)?;
    Terminal::print(&match context.global.format {
        Format::Json => serde_json::to_string_pretty(&verification).unwrap_or_default() + "\n",
        Format::Human => verdict_table::text(&verification),
    })?;
    Ok(verification.verdict.exit_code())
}
