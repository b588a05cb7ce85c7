//! The verbs, one file each.

pub(super) mod configuration;
pub mod doctor;
pub mod exec;
mod findings;
pub mod fleet;
pub mod generate;
mod generate_renovate;
mod generate_report;
mod image_request;
pub mod init;
pub(super) mod job;
pub mod pin;
mod reap;
pub mod schema;
mod selection;
mod simulate;
mod trust;
pub mod validate;
pub mod verify;
mod verify_all;
pub mod verify_bundle;

use clap::Subcommand;

use super::{Context, Outcome, failure::CliFailure, global::Format};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs an agent in a container whose image was verified first
    Exec(Box<exec::ExecArgs>),
    /// Says what this machine lacks for `exec`, and how to mend it
    Doctor(doctor::DoctorArgs),
    /// Writes a first fullsend.yaml, or fleet.yaml, from what the repository holds
    Init(init::InitArgs),
    /// Writes workflows, pipelines and configurations, and says which have drifted
    Generate(generate::GenerateArgs),
    /// Says whether an image is signed by whom the policy accepts
    Verify(Box<verify::VerifyArgs>),
    /// Says whether a Sigstore bundle is a signer's and about a file, by the protocol of
    /// sigstore-conformance
    VerifyBundle(verify_bundle::VerifyBundleArgs),
    /// Puts every image, action and component at a version and a digest
    Pin(Box<pin::PinArgs>),
    /// Says what is wrong with workflows, pipelines, runners and policies
    Validate(validate::ValidateArgs),
    /// Asks the repositories of a fleet to run their agents in the sandbox
    Enroll(fleet::enroll::EnrollArgs),
    /// Asks them to go without what fullsend wrote
    Unenroll(fleet::enroll::UnenrollArgs),
    /// Brings a version to a fleet, wave by wave
    Upgrade(Box<fleet::roll::UpgradeArgs>),
    /// Takes a version of a fleet back, at once
    Rollback(Box<fleet::roll::RollbackArgs>),
    /// Keeps a repository on a version
    Hold(fleet::hold::HoldArgs),
    /// Lets a repository follow its ring again
    Release(fleet::hold::ReleaseArgs),
    /// Shows and updates whom signatures are believed by
    Trust(trust::TrustArgs),
    /// Says how each repository of the fleet stands to its release
    Status(fleet::status::StatusArgs),
    /// Prints the JSON schema of one of fullsend's documents
    Schema(schema::SchemaArgs),
}

impl Command {
    /// Refuses a format that has no meaning for this verb.
    pub(super) fn check(&self, format: Format) -> Result<(), CliFailure> {
        let has_findings = match self {
            Self::Verify(args) => args.all.is_some(),
            Self::Pin(_) => true,
            Self::Validate(args) => !args.list_rules && !args.simulate.is_given(),
            Self::Exec(_)
            | Self::Doctor(_)
            | Self::Init(_)
            | Self::Generate(_)
            | Self::VerifyBundle(_)
            | Self::Trust(_)
            | Self::Enroll(_)
            | Self::Unenroll(_)
            | Self::Upgrade(_)
            | Self::Rollback(_)
            | Self::Hold(_)
            | Self::Release(_)
            | Self::Status(_)
            | Self::Schema(_) => false,
        };
        if format == Format::Html && !matches!(self, Self::Status(_)) {
            return Err(CliFailure::usage_with(
                "this verb has no page for a browser",
                "`fullsend status` has one; elsewhere take `--format json`",
            ));
        }
        if has_findings || !format.is_of_findings() {
            return Ok(());
        }
        Err(CliFailure::usage_with(
            "this format is for findings, which this verb does not have",
            "`fullsend validate` and `fullsend verify --all` have them; elsewhere take `--format json`",
        ))
    }
}

/// Does what `command` says.
pub(super) fn run(command: Command, context: &Context) -> Outcome {
    match command {
        Command::Exec(args) => wait_for(exec::run(*args, context)),
        Command::Doctor(args) => wait_for(doctor::run(args, context)),
        Command::Init(args) => init::run(&args, context),
        Command::Generate(args) => generate::run(&args, context),
        Command::Verify(args) => wait_for(verify::run(*args, context)),
        Command::VerifyBundle(args) => verify_bundle::run(&args, context),
        Command::Pin(args) => wait_for(pin::run(*args, context)),
        Command::Validate(args) => validate::run(&args, context),
        Command::Enroll(args) => wait_for(fleet::enroll::enroll(args, context)),
        Command::Unenroll(args) => wait_for(fleet::enroll::unenroll(args, context)),
        Command::Upgrade(args) => wait_for(fleet::roll::upgrade(*args, context)),
        Command::Rollback(args) => wait_for(fleet::roll::rollback(*args, context)),
        Command::Hold(args) => wait_for(fleet::hold::hold(args, context)),
        Command::Release(args) => wait_for(fleet::hold::release(args, context)),
        Command::Trust(args) => wait_for(trust::run(args, context)),
        Command::Status(args) => wait_for(fleet::status::run(args, context)),
        Command::Schema(args) => schema::run(&args),
    }
}

/// One thread carries all waiting; what blocks has threads of its own.
fn wait_for(work: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliFailure::System("start", error))?;
    let outcome = runtime.block_on(work);
    // A thread that still waits for a read must not hold up the end.
    runtime.shutdown_background();
    outcome
}
