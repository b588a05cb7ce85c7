//! `fullsend schema`: the JSON schemas of what other programs read and write.

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::{
    cli::{Outcome, console::Terminal},
    config,
    model::exit_code,
    pin::LockFile,
    report::{
        bundle_verification::BundleVerification, dry_run::DryRun, finding::Findings,
        fleet::FleetReport, reap::Reaped, references::References, run::RunReport,
        trust::TrustReport, verification::Verification, verify_all::VerifyAll,
    },
};

/// The options of `fullsend schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Which document
    #[arg(value_enum)]
    name: SchemaName,
}

/// The documents that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaName {
    /// fullsend.yaml.
    Config,
    /// fleet.yaml.
    Fleet,
    /// What `exec --report` writes.
    Report,
    /// What `trust show --format json` prints.
    Trust,
    /// What `verify --format json` prints.
    Verify,
    /// What `verify-bundle --format json` prints.
    VerifyBundle,
    /// What `verify --all --format json` prints.
    VerifyAll,
    /// A list of findings.
    Findings,
    /// What `pin --format json` prints.
    References,
    /// What `exec --dry-run --format json` prints.
    DryRun,
    /// What `exec --reap --format json` prints.
    Reap,
    /// What the verbs of the fleet print with `--format json`.
    FleetReport,
    /// What `pin --lock` writes.
    PinLock,
}

/// The JSON schema of `name`.
pub fn schema(name: SchemaName) -> Value {
    match name {
        SchemaName::Config => config::schema(),
        SchemaName::Fleet => config::fleet_schema(),
        SchemaName::Report => schemars::schema_for!(RunReport).to_value(),
        SchemaName::VerifyBundle => schemars::schema_for!(BundleVerification).to_value(),
        SchemaName::Trust => schemars::schema_for!(TrustReport).to_value(),
        SchemaName::Verify => schemars::schema_for!(Verification).to_value(),
        SchemaName::Findings => schemars::schema_for!(Findings).to_value(),
        SchemaName::References => schemars::schema_for!(References).to_value(),
        SchemaName::DryRun => schemars::schema_for!(DryRun).to_value(),
        SchemaName::Reap => schemars::schema_for!(Reaped).to_value(),
        SchemaName::FleetReport => schemars::schema_for!(FleetReport).to_value(),
        SchemaName::PinLock => schemars::schema_for!(LockFile).to_value(),
        SchemaName::VerifyAll => schemars::schema_for!(VerifyAll).to_value(),
    }
}

pub(super) fn run(args: &SchemaArgs) -> Outcome {
    Terminal::print_json(&schema(args.name))?;
    Ok(exit_code::OK)
}
