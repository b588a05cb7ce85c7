//! `fullsend verify`: the verdict on one image.

use clap::Args;

use super::{
    configuration::{self, working_directory},
    image_request::{self, ImageOptions},
};
use crate::{
    cli::{
        Context, Outcome, console::Terminal, global::Format, policy_args::PolicyArgs, value::parse,
    },
    config::DenySource,
    launch::{Console as _, ImageRequest},
    model::{image::ImageReference, platform::Platform},
    registry::Registry,
    report::{verdict_table, verification::Verification},
    signature::{Denials, Verifier, Wanted},
};

/// The options of `fullsend verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The image, with tag, digest or both
    image: ImageReference,
    /// Which image of an index is meant, or all of them [default: this machine's]
    #[arg(long, value_name = "OS/ARCH|all")]
    platform: Option<PlatformArg>,
    /// The deny list: a file, an https URL, or oci:REF
    #[arg(long, value_name = "LIST", value_parser = parse::<DenySource>)]
    deny: Option<DenySource>,
    #[command(flatten)]
    policy: PolicyArgs,
}

/// A platform, or all of an index's.
#[derive(Clone, Debug)]
struct PlatformArg(Wanted);

impl std::str::FromStr for PlatformArg {
    type Err = <Platform as std::str::FromStr>::Err;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        Ok(Self(match written {
            "all" => Wanted::All,
            platform => Wanted::Platform(platform.parse()?),
        }))
    }
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
    let ImageRequest {
        image,
        policy,
        registry,
    } = request;
    let environment = &context.environment;
    let registry = Registry::new(environment, registry);
    let verifier = Verifier::new(policy, registry, environment.clone());
    if let Denials::Without(reason) = verifier.denials().await? {
        let warning = format!("going on without the deny list: {reason}");
        context.terminal.warn(&warning);
    }
    let wanted = args.platform.map(|platform| platform.0);
    let wanted = wanted.unwrap_or_else(|| Wanted::Platform(Platform::host()));
    let judgement = verifier.verify(&image, &wanted).await?;
    let verification = Verification {
        policy: loaded.file,
        ..judgement.verification
    };
    Terminal::print(&match context.global.format {
        Format::Json => serde_json::to_string_pretty(&verification).unwrap_or_default() + "\n",
        Format::Human => verdict_table::text(&verification),
    })?;
    Ok(verification.verdict.exit_code())
}
