//! `fullsend exec`: its arguments, and where the report goes.

mod dry_run;
mod request;
mod usage_error;

use std::path::PathBuf;

use clap::Args;

pub(super) use self::request::runtime_choice;
pub(in crate::cli) use self::usage_error::report_usage_error;
use super::{
    job::{self, ReportFile},
    reap,
};
use crate::{
    checkout::Platform,
    cli::{Context, Outcome, policy_args::PolicyArgs, value::parse},
    config::{ContainerPath, DenySource, Mount, Network, RuntimeChoice, RuntimeProfile, User},
    launch::{self, Console as _},
    model::{
        exit_code,
        image::ImageReference,
        limits::{ByteSize, Cpus, Span, parse_pids},
    },
    report::{closing, github, run::RunReport},
};

/// The options of `fullsend exec`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
pub struct ExecArgs {
    /// The agent, as fullsend.yaml names it; triage, review, code and fix have limits of their own
    #[arg(required_unless_present = "reap")]
    agent: Option<String>,
    /// The image, with tag, digest or both
    #[arg(long, value_name = "REF")]
    image: Option<ImageReference>,
    /// What starts the container
    #[arg(long, value_name = "NAME", value_parser = parse::<RuntimeChoice>)]
    runtime: Option<RuntimeChoice>,
    /// What the sandbox gets beyond the default: `default` or `openshell`
    #[arg(long, value_name = "NAME", value_parser = parse::<RuntimeProfile>)]
    runtime_profile: Option<RuntimeProfile>,
    /// CPUs, for example 1.5
    #[arg(long, value_name = "N")]
    cpus: Option<Cpus>,
    /// Memory, for example 2GiB; swap is off
    #[arg(long, value_name = "SIZE", value_parser = ByteSize::parse_memory)]
    memory: Option<ByteSize>,
    /// Processes and threads
    #[arg(long, value_name = "N", value_parser = parse_pids)]
    pids: Option<u32>,
    /// Time from the agent's start to its end, for example 5m
    #[arg(long, value_name = "DURATION")]
    timeout: Option<Span>,
    /// Time between the request to end and the kill
    #[arg(long, value_name = "DURATION")]
    grace: Option<Span>,
    /// The network: bridge, none, host, or the name of one
    #[arg(long, value_name = "MODE", value_parser = parse::<Network>)]
    network: Option<Network>,
    /// Who the agent runs as: image, host, or numbers
    #[arg(long, value_name = "image|host|UID[:GID]", value_parser = parse::<User>)]
    user: Option<User>,
    /// A variable to pass on; `NAME?` where it may be unset
    // Parsed later: clap repeats what it rejects, and that may be a secret's value.
    #[arg(long, value_name = "NAME")]
    env: Vec<String>,
    /// A file or folder for the agent
    #[arg(long, value_name = "SRC:DST[:ro]", value_parser = parse::<Mount>)]
    mount: Vec<Mount>,
    /// A folder to mount at /workspace and work in, as its owner
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// The working directory
    #[arg(long, value_name = "DIR", value_parser = parse::<ContainerPath>)]
    workdir: Option<ContainerPath>,
    /// Make the image's own files unchangeable
    #[arg(long)]
    read_only: bool,
    /// Give the agent a terminal [default: if stdin and stdout are one]
    #[arg(long, overrides_with = "no_tty")]
    tty: bool,
    /// Give the agent no terminal
    #[arg(long)]
    no_tty: bool,
    /// Where the report on the run is written, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// The deny list: a file, an https URL, or oci:REF
    #[arg(long, value_name = "LIST", value_parser = parse::<DenySource>)]
    deny: Option<DenySource>,
    /// Refuse a machine that has less than the limits ask for
    #[arg(long)]
    strict_limits: bool,
    /// Let the agent's output issue GitHub's workflow commands
    #[arg(long)]
    allow_workflow_commands: bool,
    /// Print what would be done, and launch nothing
    #[arg(long)]
    dry_run: bool,
    /// Remove the containers that killed runs have left behind
    #[arg(long, conflicts_with_all = ["agent", "dry_run", "report", "command"])]
    reap: bool,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Replaces the image's command
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Runs the agent.
pub(super) async fn run(args: ExecArgs, context: &Context) -> Outcome {
    if args.reap {
        return reap::run(args.runtime.unwrap_or_default(), context).await;
    }
    let report_file = ReportFile::open(args.report.as_ref())?;
    let request = match request::build(&args, context) {
        Ok(request) => request,
        Err(failure) => {
            let agent = args.agent.as_deref().unwrap_or_default();
            let report = usage_error::report(agent, &failure.to_string());
            job::tell_github(context, &github::outputs(&report), "");
            report_file.write(&report)?;
            return Err(failure);
        }
    };
    if args.dry_run {
        return dry_run::run(&request, context);
    }
    let report = Box::pin(launch::exec(
        &request,
        &context.environment,
        &context.terminal,
    ))
    .await;
    publish(&report, report_file, context);
    Ok(report.exit_code)
}

/// The closing line, the report file and what the CI platform wants to know.
fn publish(report: &RunReport, file: ReportFile, context: &Context) {
    let closing = closing::line(report);
    if Platform::detect(&context.environment) == Some(Platform::GitHub) {
        let annotation = github::annotation(report, &closing).unwrap_or_default();
        context.terminal.raw(&annotation);
    }
    if !(context.terminal.is_quiet() && report.exit_code == exit_code::OK) {
        context.terminal.say(&closing);
    }
    let summary = github::summary(report, &closing);
    job::tell_github(context, &github::outputs(report), &summary);
    // The agent has run: a report that cannot be written any more must not hide its exit code.
    if let Err(error) = file.write(report) {
        context
            .terminal
            .warn(&format!("the report was not written: {error}"));
    }
}
