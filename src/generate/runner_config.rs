//! `runner-config`: config.toml for the runners of the agents.

use super::{Draft, GenerateError, Kind, Request, Setting, Values, setting::refused};
use crate::{
    config::{Agent, AgentName},
    model::{
        image::ImageReference,
        limits::{ByteSize, Limits},
    },
    template::runner::{RunnerClass, RunnerConfig},
};

pub(super) static KIND: Kind = Kind {
    name: "runner-config",
    about: "GitLab runner's config.toml, with a runner for each class of agents",
    settings: SETTINGS,
    path: Some(PATH),
    draft,
};

const PATH: &str = "gitlab-runner/config.toml";

const SETTINGS: &[Setting] = &[
    Setting {
        key: "executor",
        help: "What runs the jobs",
        default: "docker",
        values: Values::OneOf(&["docker", "shell", "kubernetes"]),
    },
    Setting {
        key: "daemon",
        help: "Which container runtime the executors docker and shell use",
        default: "userns-remap",
        values: Values::OneOf(&["rootful", "userns-remap", "rootless-podman"]),
    },
    Setting {
        key: "agents",
        help: "Which classes of agents; by default every agent of fullsend.yaml",
        default: "",
        values: Values::List("NAME"),
    },
    URL,
    Setting {
        key: "jobs",
        help: "How many jobs of each class run at once",
        default: "2",
        values: Values::Number(1, 1000),
    },
    POOL,
    UID,
    PULL_POLICY,
    NAMESPACE,
    PULL_SECRETS,
    SERVICE_ACCOUNT,
    RUNTIME_CLASS,
    USER_NAMESPACES,
];

pub(super) const URL: Setting = Setting {
    key: "url",
    help: "GitLab's address",
    default: "https://gitlab.com",
    values: Values::Text("URL"),
};

pub(super) const POOL: Setting = Setting {
    key: "pool",
    help: "What the runners' names and tags begin with",
    default: "fullsend",
    values: Values::Text("NAME"),
};

pub(super) const UID: Setting = Setting {
    key: "uid",
    help: "The user of rootless Podman, or of the jobs' pods on Kubernetes",
    default: "1000",
    values: Values::Number(1, 4_294_967_294),
};

pub(super) const PULL_POLICY: Setting = Setting {
    key: "pull-policy",
    help: "When images are pulled: `always` also asks whether the job may have the image",
    default: "always",
    values: Values::OneOf(&["always", "if-not-present"]),
};

pub(super) const NAMESPACE: Setting = Setting {
    key: "namespace",
    help: "The namespace of the jobs' pods on Kubernetes",
    default: "fullsend-agents",
    values: Values::Text("NAME"),
};

pub(super) const PULL_SECRETS: Setting = Setting {
    key: "pull-secrets",
    help: "Kubernetes secrets for pulling the agents' images",
    default: "",
    values: Values::List("NAME"),
};

pub(super) const SERVICE_ACCOUNT: Setting = Setting {
    key: "service-account",
    help: "The service account of the jobs' pods; its token is not mounted",
    default: "",
    values: Values::Text("NAME"),
};

pub(super) const RUNTIME_CLASS: Setting = Setting {
    key: "runtime-class",
    help: "The runtime class of the jobs' pods, for example kata or gvisor",
    default: "",
    values: Values::Text("NAME"),
};

pub(super) const USER_NAMESPACES: Setting = Setting {
    key: "user-namespaces",
    help: "Whether the jobs' pods get user namespaces; from Kubernetes 1.33 on",
    default: "false",
    values: Values::Flag,
};

fn draft(request: &Request<'_>) -> Result<Vec<Draft>, GenerateError> {
    let settings = request.settings;
    let executor = settings.get("executor");
    let names = agents(request)?;
    let classes: Result<Vec<_>, _> = names
        .iter()
        .map(|name| class(request, name, executor != "shell"))
        .collect();
    let mut context = config(request, executor, classes?, PATH);
    if executor != "kubernetes" {
        settings.get("daemon").clone_into(&mut context.daemon);
    }
    if context.daemon == "rootless-podman" {
        let socket = format!("unix:///run/user/{}/podman/podman.sock", context.uid);
        if executor == "shell" {
            context.environment.push(format!("DOCKER_HOST={socket}"));
        }
        context.socket = Some(socket);
    }
    Ok(vec![Draft::new(PATH, &context)?])
}

/// The file's context as far as every kind of file has it; `runners` are its classes.
pub(super) fn config(
    request: &Request<'_>,
    executor: &str,
    runners: Vec<RunnerClass>,
    path: &str,
) -> RunnerConfig {
    let settings = request.settings;
    let jobs = settings.number("jobs").unwrap_or(1);
    let classes = u32::try_from(runners.len()).unwrap_or(u32::MAX);
    RunnerConfig {
        path: path.to_owned(),
        url: settings.get("url").to_owned(),
        executor: executor.to_owned(),
        daemon: String::new(),
        environment: Vec::new(),
        socket: None,
        concurrent: jobs.saturating_mul(classes),
        jobs,
        pull_policy: settings.get("pull-policy").to_owned(),
        namespace: settings.get("namespace").to_owned(),
        pull_secrets: texts(request, "pull-secrets"),
        service_account: settings.given("service-account").map(str::to_owned),
        runtime_class: settings.given("runtime-class").map(str::to_owned),
        uid: settings.number("uid").unwrap_or_default(),
        user_namespaces: settings.flag("user-namespaces"),
        runners,
        helm: false,
    }
}

pub(super) fn texts(request: &Request<'_>, key: &str) -> Vec<String> {
    let list = request.settings.list(key).into_iter();
    list.map(str::to_owned).collect()
}

/// The runner of the agent `name`; its images must have digests where they are enforced.
pub(super) fn class(
    request: &Request<'_>,
    name: &AgentName,
    with_images: bool,
) -> Result<RunnerClass, GenerateError> {
    let agent = request.config.agent(name.as_str())?;
    let image = agent.image.as_ref().or(request.config.image.as_ref());
    let pinned = image.filter(|image| image.digest().is_some());
    if with_images && pinned.is_none() {
        return Err(GenerateError::Config {
            message: format!("the image of agent `{name}` has no digest to enforce"),
            hint: "write `image:` with tag and digest into fullsend.yaml; `fullsend pin` finds it"
                .to_owned(),
        });
    }
    let pool = request.settings.get("pool");
    let tag = format!("{pool}-{name}");
    Ok(RunnerClass {
        token: format!("{}_RUNNER_TOKEN", upper(&tag)),
        name: tag.clone(),
        tag,
        image: pinned.map(ToString::to_string),
        allowed_images: pinned.map(patterns).unwrap_or_default(),
        memory: size(agent.limits.memory, ["g", "m", "b"]),
        kubernetes_memory: size(agent.limits.memory, ["Gi", "Mi", ""]),
        cpus: agent.limits.cpus.to_string(),
        timeout_minutes: timeout_minutes(&agent),
    })
}

/// The image as pipelines may write it: with any tag or none, and this digest.
fn patterns(image: &ImageReference) -> Vec<String> {
    let repository = image.repository();
    let digest = image.digest().map(ToString::to_string).unwrap_or_default();
    vec![
        format!("{repository}:*@{digest}"),
        format!("{repository}@{digest}"),
    ]
}

/// The agent's own limit, and time for the image to be verified and pulled.
fn timeout_minutes(agent: &Agent) -> u64 {
    agent.limits.timeout.duration().as_secs().div_ceil(60) + 10
}

/// `memory` in the largest of the units, which are GiB, MiB and bytes, that it is a multiple of.
fn size(memory: ByteSize, units: [&str; 3]) -> String {
    let bytes = memory.as_bytes();
    let shifts = [30, 20, 0];
    let fits = |shift: &u32| bytes.trailing_zeros() >= *shift;
    let (shift, unit) = shifts
        .into_iter()
        .zip(units)
        .find(|(shift, _)| fits(shift))
        .unwrap_or((0, ""));
    format!("{}{unit}", bytes >> shift)
}

/// As a variable's name is written.
fn upper(name: &str) -> String {
    let letter = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    name.chars().map(letter).collect()
}

fn agents(request: &Request<'_>) -> Result<Vec<AgentName>, GenerateError> {
    let chosen = request.settings.list("agents");
    let own: Vec<&str> = request.config.agents.keys().map(String::as_str).collect();
    let names = match (chosen.is_empty(), own.is_empty()) {
        (false, _) => chosen,
        (true, false) => own,
        (true, true) => Limits::AGENTS.to_vec(),
    };
    let parsed = names.into_iter().map(agent_name);
    parsed.collect()
}

pub(super) fn agent_name(name: &str) -> Result<AgentName, GenerateError> {
    let hint = "write for example `triage`";
    let parsed = name.parse();
    parsed.map_err(|_| refused("agents", "holds what is no agent's name", hint))
}
