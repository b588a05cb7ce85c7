//! `fullsend verify`: the verdict on one image, in a registry or in a layout.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{
    configuration::{self, Loaded, working_directory},
    image_request,
    job::{self, ReportFile},
    verify_all,
};
use crate::{
    cli::{
        Context, Outcome, console::Terminal, failure::CliFailure, global::GlobalArgs,
        policy_args::PolicyArgs, value::parse,
    },
    config::DenySource,
    model::{
        image::{ImageReference, ImageReferenceError, Repository},
        image_location::{ImageLocation, LayoutImage},
        platform::Platform,
        verdict::Verdict,
    },
    registry::{Layout, RegistryOptions},
    report::{github, run::ConfigFile, verdict_table, verification::Verification},
    signature::{Verifier, Wanted},
};

/// The options of `fullsend verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The image, with tag, digest or both; `oci:DIR[:TAG][@DIGEST]` is one in an image layout
    #[arg(required_unless_present = "all")]
    image: Option<ImageLocation>,
    /// The repository for which an image in a layout stands: the rule for it decides
    #[arg(long = "as", value_name = "REPOSITORY", conflicts_with = "all")]
    stands_for: Option<Repository>,
    /// Instead of one image, all that the files at or below PATH name [default: .]
    ///
    /// Exits with 0 where all are verified and no file is broken, with 3 where the only trouble is
    /// what could not be fetched, else with 1.
    #[arg(long, value_name = "PATH", conflicts_with = "image",
          num_args = 0..=1, default_missing_value = ".")]
    pub(super) all: Option<PathBuf>,
    /// Which image of an index is meant, or all of them [default: this machine's]
    #[arg(long, value_name = "OS/ARCH|all")]
    platform: Option<PlatformArg>,
    /// The deny list: a file, an https URL, or oci:REF
    #[arg(long, value_name = "LIST", value_parser = parse::<DenySource>)]
    deny: Option<DenySource>,
    /// Where the JSON document goes as well, whatever the format on stdout
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
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

/// The repository of an image in a layout for which every rule is the same.
const NO_REPOSITORY: &str = "layout.invalid/image";

impl VerifyArgs {
    fn is_of_layout(&self) -> bool {
        matches!(self.image, Some(ImageLocation::Layout(_)))
    }

    /// How registries are spoken to: for a layout not at all, but for the deny list.
    fn registry_options(&self, global: &GlobalArgs, deny: Option<&DenySource>) -> RegistryOptions {
        match &self.image {
            Some(ImageLocation::Registry(image)) => {
                global.registry_options(Some(image), self.deny.as_ref())
            }
            Some(ImageLocation::Layout(_)) if !global.offline => {
                let offline = GlobalArgs {
                    offline: true,
                    ..global.clone()
                };
                offline.registry_options(None, deny)
            }
            _ => global.registry_options(None, self.deny.as_ref()),
        }
    }
}

/// Verifies what is asked for and prints the verdict.
pub(super) async fn run(args: VerifyArgs, context: &Context) -> Outcome {
    if args.stands_for.is_some() && !args.is_of_layout() {
        return Err(CliFailure::usage_with(
            "--as is for an image in a layout; one in a registry has its name",
            "leave --as out, or name the image as `oci:DIR`",
        ));
    }
    let loaded = configuration::load(context)?;
    let here = working_directory()?;
    let report = ReportFile::open(args.report.as_ref())?;
    let session = Session::new(&args, &loaded, &here, context)?;
    match (args.image, args.all) {
        (Some(ImageLocation::Registry(image)), _) => session.image(&image, report).await,
        (Some(ImageLocation::Layout(image)), _) => {
            let repository = session.repository(args.stands_for)?;
            session.layout(&image, &repository, report).await
        }
        (None, path) => {
            let path = here.join(path.unwrap_or_default());
            verify_all::run(&path, &session, report, context).await
        }
    }
}

/// What every way to verify has in common.
pub(super) struct Session<'a> {
    context: &'a Context,
    here: &'a Path,
    /// Whether the options make the one rule there is.
    is_one_rule: bool,
    pub(super) verifier: Verifier,
    pub(super) wanted: Wanted,
    /// Where the rules were read from.
    pub(super) policy_file: ConfigFile,
}

impl<'a> Session<'a> {
    fn new(
        args: &VerifyArgs,
        loaded: &Loaded,
        here: &'a Path,
        context: &'a Context,
    ) -> Result<Self, CliFailure> {
        let is_one_rule = args.policy.rule(here)?.is_some();
        let deny = args.deny.as_ref();
        let is_offline = context.global.offline || args.is_of_layout();
        let policy = image_request::policy(&args.policy, deny, is_offline, loaded, here, context)?;
        let options = args.registry_options(&context.global, policy.deny.as_ref());
        let wanted = args.platform.as_ref().map(|platform| platform.0.clone());
        Ok(Self {
            context,
            here,
            is_one_rule,
            verifier: Verifier::new(policy, options, context.environment.clone()),
            wanted: wanted.unwrap_or_else(|| Wanted::Platform(Platform::host())),
            // Where options make the rule, the file may still have brought the deny list.
            policy_file: if is_one_rule && loaded.config.deny.is_none() {
                ConfigFile::default()
            } else {
                loaded.file.clone()
            },
        })
    }

    /// Says so where the policy goes on without its deny list.
    pub(super) async fn warn(&self) -> Result<(), CliFailure> {
        let terminal = &self.context.terminal;
        // Where there has to be one, the verdict says so.
        let _ = self.verifier.deny_list(|why| terminal.warn(why)).await?;
        Ok(())
    }

    async fn image(&self, image: &ImageReference, report: ReportFile) -> Outcome {
        self.warn().await?;
        let judgement = self.verifier.verify(image, &self.wanted).await?;
        self.print(judgement.verification, report)
    }

    /// What cannot be read from the layout is as unavailable as what a registry does not have.
    async fn layout(
        &self,
        image: &LayoutImage,
        repository: &Repository,
        report: ReportFile,
    ) -> Outcome {
        self.warn().await?;
        let verification = match self.open(image, repository) {
            Ok((layout, reference)) => {
                let judging = self.verifier.verify_in(&layout, &reference, &self.wanted);
                Verification {
                    image: image.to_string(),
                    ..judging.await?.verification
                }
            }
            Err(reason) => Verification {
                reason: Some(reason),
                ..Verification::blank(image, Verdict::Unavailable)
            },
        };
        self.print(verification, report)
    }

    fn open(
        &self,
        image: &LayoutImage,
        repository: &Repository,
    ) -> Result<(Layout, ImageReference), String> {
        let layout = Layout::open(&self.here.join(&image.folder));
        let layout = layout.map_err(|error| error.with_hint())?;
        let fetched = layout.image(image.tag.as_deref(), image.digest.as_ref());
        let fetched = fetched.map_err(|error| error.with_hint())?;
        let reference = image.standing_for(repository, &fetched.digest);
        Ok((layout, reference))
    }

    /// The repository whose rule decides on an image in a layout: names in there are claims.
    fn repository(&self, named: Option<Repository>) -> Result<Repository, CliFailure> {
        match named {
            Some(repository) => Ok(repository),
            None if self.is_one_rule => NO_REPOSITORY
                .parse()
                .map_err(|error: ImageReferenceError| CliFailure::usage(error.to_string())),
            None => Err(CliFailure::usage_with(
                "nothing says which rule is for an image in a layout",
                "add `--as REPOSITORY`, the repository for which the image stands",
            )),
        }
    }

    fn print(&self, verification: Verification, report: ReportFile) -> Outcome {
        let Context {
            global,
            environment,
            ..
        } = self.context;
        let verification = Verification {
            policy: self.policy_file.clone(),
            ..verification
        };
        Terminal::print_document(global.format, &verification, || {
            verdict_table::text(&verification, Terminal::stdout_style(global, environment))
        })?;
        report.write(&verification)?;
        job::tell_github(self.context, &github::verdict_outputs(&verification), "");
        Ok(verification.verdict.exit_code())
    }
}
