//! What a run is asked for: fullsend.yaml and the flags that override it.

use std::path::Path;

use super::ExecArgs;
use crate::{
    cli::{
        Context,
        commands::{
            configuration::{self, working_directory},
            image_request::{self, ImageOptions},
        },
        failure::CliFailure,
        global::Format,
        value::with_mend,
    },
    config::{Agent, Config, EnvName, Mount, RuntimeChoice},
    launch::{ExecRequest, WORKSPACE},
    runtime,
};

/// Puts configuration and flags together.
pub(super) fn build(args: &ExecArgs, context: &Context) -> Result<ExecRequest, CliFailure> {
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

/// The runtime to connect to; those that this version cannot launch with are refused.
pub(in crate::cli::commands) fn runtime_choice(
    choice: RuntimeChoice,
) -> Result<runtime::Choice, CliFailure> {
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
