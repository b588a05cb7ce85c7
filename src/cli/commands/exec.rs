//! `fullsend exec`: arguments, the plan on `--dry-run`, and where the report goes.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::Args;
use jiff::Timestamp;

use super::{
    configuration::{self, working_directory},
    image_request::{self, ImageOptions},
};
use crate::{
    cli::{
        Context, Outcome,
        console::Terminal,
        failure::CliFailure,
        global::Format,
        policy_args::PolicyArgs,
        value::{parse, with_mend},
    },
    config::{
        Agent, Config, ContainerPath, DenySource, EnvName, Mount, Network, RuntimeChoice,
        RuntimeProfile, User, rule_for,
    },
    launch::{self, CiPlatform, Console as _, ExecRequest, ImageRequest, WORKSPACE},
    model::{
        exit_code,
        image::ImageReference,
        limits::{ByteSize, Cpus, Span, parse_pids},
        outcome::{self, LaunchFailure},
    },
    report::{closing, dry_run::DryRun, github, run::RunReport},
    runtime,
    seam::files::{self, AtomicFile},
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
        return reap(&args, context).await;
    }
    // Opened before anything is done: a report that has nowhere to go is said at once.
    let report_file = args.report.as_deref().map(AtomicFile::open).transpose()?;
    let request = match request(&args, context) {
        Ok(request) => request,
        Err(failure) => {
            let agent = args.agent.as_deref().unwrap_or_default();
            if let Some(file) = report_file {
                file.commit(
                    usage_report(agent, &failure.to_string())
                        .to_json()
                        .as_bytes(),
                )?;
            }
            return Err(failure);
        }
    };
    if args.dry_run {
        return dry_run(&request, context);
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

/// Puts configuration and flags together.
fn request(args: &ExecArgs, context: &Context) -> Result<ExecRequest, CliFailure> {
    if context.global.format == Format::Json && !args.dry_run {
        return Err(CliFailure::usage_with(
            "while an agent runs, stdout is the agent's alone",
            "write the report to a file with --report FILE, or see the plan with --dry-run",
        ));
    }
    let loaded = configuration::load(context)?;
    let here = working_directory()?;
    let name = args.agent.clone().unwrap_or_default();
    let Config { image, runtime, .. } = &loaded.config;
    let agent = with_flags(loaded.config.agent(&name)?, args, &here)?;
    let image = args
        .image
        .as_ref()
        .or(agent.image.as_ref())
        .or(image.as_ref());
    let image = image.cloned().ok_or_else(|| {
        CliFailure::usage_with(
            "no image is named",
            "add `image: REGISTRY/NAME:TAG@sha256:…` to fullsend.yaml, or --image",
        )
    })?;
    let options = ImageOptions {
        image,
        is_named: args.image.is_some(),
        policy: &args.policy,
        deny: args.deny.as_ref(),
    };
    let runtime = runtime_choice(args.runtime.unwrap_or(*runtime))?;
    let tty = match (args.tty, args.no_tty) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        (false, false) => None,
    };
    Ok(ExecRequest {
        name,
        agent,
        image: image_request::build(options, &loaded, &here, context)?,
        config: loaded.file,
        hold: loaded.config.hold,
        runtime,
        workspace: args.workspace.as_ref().map(|folder| here.join(folder)),
        tty,
        strict_limits: args.strict_limits,
        allow_workflow_commands: args.allow_workflow_commands,
    })
}

fn with_flags(mut agent: Agent, args: &ExecArgs, here: &Path) -> Result<Agent, CliFailure> {
    let limits = &mut agent.limits;
    limits.cpus = args.cpus.unwrap_or(limits.cpus);
    limits.memory = args.memory.unwrap_or(limits.memory);
    limits.pids = args.pids.unwrap_or(limits.pids);
    limits.timeout = args.timeout.unwrap_or(limits.timeout);
    agent.grace = args.grace.or(agent.grace);
    agent.network = args.network.clone().or(agent.network);
    agent.user = args.user.or(agent.user);
    agent.workdir = args.workdir.clone().or(agent.workdir);
    if args.workspace.is_some() {
        // The flag stands for mount and working directory both.
        agent
            .mounts
            .retain(|known| known.target().as_str() != WORKSPACE);
        agent.workdir.clone_from(&args.workdir);
    }
    agent.read_only |= args.read_only;
    agent.runtime_profile = args.runtime_profile.unwrap_or(agent.runtime_profile);
    if !args.command.is_empty() {
        agent.command = Some(args.command.clone());
    }
    for text in &args.env {
        let name: EnvName = text
            .parse()
            .map_err(|error| CliFailure::usage(format!("--env: {}", with_mend(&error))))?;
        agent.env.retain(|known| known.name() != name.name());
        agent.env.push(name);
    }
    for mount in &args.mount {
        let source = here.join(mount.source());
        let mount = Mount::new(source, mount.target().clone(), mount.is_read_only())
            .map_err(|error| CliFailure::usage(format!("--mount: {}", with_mend(&error))))?;
        agent
            .mounts
            .retain(|known| known.target() != mount.target());
        agent.mounts.push(mount);
    }
    Ok(agent)
}

fn runtime_choice(choice: RuntimeChoice) -> Result<runtime::Choice, CliFailure> {
    match choice {
        RuntimeChoice::Auto => Ok(runtime::Choice::Auto),
        RuntimeChoice::Docker => Ok(runtime::Choice::Docker),
        RuntimeChoice::Podman => Ok(runtime::Choice::Podman),
        RuntimeChoice::Native | RuntimeChoice::Kubernetes | RuntimeChoice::OpenShell => {
            Err(CliFailure::usage_with(
                "this version of fullsend launches with docker and podman only",
                "use `runtime: auto`, `docker` or `podman`",
            ))
        }
    }
}

fn dry_run(request: &ExecRequest, context: &Context) -> Outcome {
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
    Terminal::print(&match context.global.format {
        Format::Json => plan.to_json(),
        Format::Human | Format::Sarif | Format::Github | Format::Gitlab => plan.to_text(),
    })?;
    Ok(exit_code::OK)
}

/// The closing line, the report file and what the CI platform wants to know.
fn publish(report: &RunReport, file: Option<AtomicFile>, context: &Context) {
    let closing = closing::line(report);
    if !(context.terminal.is_quiet() && report.exit_code == exit_code::OK) {
        context.terminal.say(&closing);
    }
    if CiPlatform::detect(&context.environment) == Some(CiPlatform::GitHub) {
        let summary = github::summary(report, &closing);
        for (name, text) in [
            ("GITHUB_OUTPUT", github::outputs(report)),
            ("GITHUB_STEP_SUMMARY", summary),
        ] {
            let path = context.environment.get(name).map(Path::new);
            if let Some(Err(error)) = path.map(|path| files::append(path, &text)) {
                context
                    .terminal
                    .warn(&format!("{name} was not written: {error}"));
            }
        }
    }
    // The agent has run: a report that cannot be written any more must not hide its exit code.
    if let Some(Err(error)) = file.map(|file| file.commit(report.to_json().as_bytes())) {
        context
            .terminal
            .warn(&format!("the report was not written: {error}"));
    }
}

async fn reap(args: &ExecArgs, context: &Context) -> Outcome {
    let choice = runtime_choice(args.runtime.unwrap_or_default())?;
    let runtime = runtime::connect(choice, &context.environment).await?;
    let reaped = launch::reap(&*runtime).await?;
    Terminal::print(&match context.global.format {
        Format::Json => serde_json::to_string_pretty(&reaped).unwrap_or_default() + "\n",
        Format::Human | Format::Sarif | Format::Github | Format::Gitlab => {
            format!(
                "removed {}, kept {}\n",
                reaped.removed.len(),
                reaped.kept.len()
            )
        }
    })?;
    Ok(exit_code::OK)
}

fn usage_report(agent: &str, message: &str) -> RunReport {
    let now = Timestamp::now();
    let mut report = RunReport::new(uuid::Uuid::new_v4().to_string(), agent, now);
    report.reason = Some(message.trim_end().to_owned());
    report.finish(
        outcome::Outcome::LaunchFailed {
            reason: LaunchFailure::UsageError,
        },
        now,
    );
    report
}

/// Writes the report of an `exec` whose arguments could not even be parsed, if they name one.
pub(in crate::cli) fn report_usage_error(arguments: &[OsString], message: &str) {
    let words: Vec<&str> = arguments
        .iter()
        .filter_map(|argument| argument.to_str())
        .take_while(|&word| word != "--")
        .collect();
    if !words.contains(&"exec") {
        return;
    }
    let separate = || {
        words
            .windows(2)
            .find(|pair| pair[0] == "--report")
            .map(|pair| pair[1])
    };
    let joined = || words.iter().find_map(|word| word.strip_prefix("--report="));
    let Some(path) = joined().or_else(separate) else {
        return;
    };
    let first_line = message.lines().next().unwrap_or_default();
    let report = usage_report("", first_line.trim_start_matches("error: "));
    // The usage error itself is about to be shown; that there is no report either is no news.
    let _ =
        AtomicFile::open(Path::new(path)).and_then(|file| file.commit(report.to_json().as_bytes()));
}
