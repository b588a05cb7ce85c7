//! `gitlab-ci`: one agent in GitLab's pipelines.

use std::path::Path;

use super::{Draft, GenerateError, Kind, Request, Setting, Values, gitlab, setting::refused};
use crate::{
    config::{Agent, AgentName, EnvName},
    template::gitlab_ci::{GitlabCi, IdToken},
};

pub(super) static KIND: Kind = Kind {
    name: "gitlab-ci",
    about: "GitLab jobs that run one agent, to be included by .gitlab-ci.yml",
    settings: SETTINGS,
    path: None,
    draft,
};

const EVENTS: &[&str] = &[
    "merge_request_event",
    "push",
    "schedule",
    "trigger",
    "web",
    "api",
    "pipeline",
];

const SETTINGS: &[Setting] = &[
    Setting {
        key: "agent",
        help: "Which agent of fullsend.yaml",
        default: "triage",
        values: Values::Text("NAME"),
    },
    gitlab::EXECUTOR,
    Setting {
        key: "events",
        help: "What starts it, by the names of CI_PIPELINE_SOURCE; by default what suits the \
               agent's name. Issues and comments come as `trigger`, from a webhook",
        default: "",
        values: Values::SomeOf(EVENTS),
    },
    gitlab::FORKS,
    Setting {
        key: "login",
        help: "The account that the agent writes as, if its name is none that GitLab gives to \
               bots: it starts nothing",
        default: "",
        values: Values::Text("LOGIN"),
    },
    Setting {
        key: "stage",
        help: "The stage of its jobs",
        default: "test",
        values: Values::Text("NAME"),
    },
    Setting {
        key: "tags",
        help: "The tags of the agent's runner; by default `fullsend-` and the agent's name, as \
               `runner-config` has it",
        default: "",
        values: Values::List("TAG"),
    },
    Setting {
        key: "verify-tags",
        help: "With the executors `docker` and `kubernetes`, the tags of the runner that verifies \
               the image first: another than the agent's, and allowed `tools-image`",
        default: "fullsend-verify",
        values: Values::List("TAG"),
    },
    Setting {
        key: "environment",
        help: "The environment that guards the secrets; protect it on GitLab",
        default: "",
        values: Values::Text("NAME"),
    },
    Setting {
        key: "id-tokens",
        help: "Variables that hold ID tokens, each with whom it is for",
        default: "",
        values: Values::List("NAME:AUDIENCE"),
    },
    Setting {
        key: "launch-minutes",
        help: "Time for the image to be verified and pulled, beside the agent's own limit",
        default: "10",
        values: Values::Number(1, 120),
    },
    Setting {
        key: "cancel",
        help: "Whether a newer pipeline of the same branch ends the agent",
        default: "false",
        values: Values::Flag,
    },
    Setting {
        key: "config",
        help: "Where fullsend.yaml is, if not at the root",
        default: "",
        values: Values::Text("PATH"),
    },
    Setting {
        key: "file",
        help: "Where the file lies in the repository, by default \
               `.gitlab/ci/fullsend-AGENT.gitlab-ci.yml`: the job that verifies reads the image \
               there. Use it rather than `--output`",
        default: "",
        values: Values::Text("PATH"),
    },
    gitlab::TOOLS_IMAGE,
    gitlab::CLI,
    gitlab::CLI_AMD64,
    gitlab::CLI_ARM64,
    gitlab::CLI_URL,
];

fn draft(request: &Request<'_>) -> Result<Vec<Draft>, GenerateError> {
    let settings = request.settings;
    let name: AgentName = settings
        .get("agent")
        .parse()
        .map_err(|_| refused("agent", "is no agent's name", "write for example `triage`"))?;
    let agent = request.config.agent(name.as_str())?;
    let sandbox = gitlab::runs_in_image(settings)
        .then(|| gitlab::sandbox(request, &agent))
        .transpose()?;
    let cli = gitlab::cli(settings)?;
    if sandbox.is_some() && cli.is_none() {
        return Err(gitlab::no_cli());
    }
    let path = file(request, &name)?;
    let mut tags = gitlab::owned(&settings.list("tags"));
    if tags.is_empty() {
        tags.push(format!("fullsend-{name}"));
    }
    let context = GitlabCi {
        events: events(request, name.as_str()),
        forks: settings.flag("forks"),
        stage: settings.get("stage").to_owned(),
        login: login(request)?,
        tags,
        verify_tags: gitlab::owned(&settings.list("verify-tags")),
        sandbox,
        tools_image: gitlab::whole_image(settings, "tools-image")?,
        command: command(&agent, name.as_str()),
        cli,
        environment: settings.given("environment").map(str::to_owned),
        id_tokens: id_tokens(request)?,
        timeout_minutes: gitlab::timeout_minutes(&agent, settings.number("launch-minutes")),
        cancel: settings.flag("cancel"),
        config: settings.given("config").map(str::to_owned),
        agent: name.to_string(),
        path: path.clone(),
    };
    Ok(vec![Draft::new(path, &context)?])
}

/// Where the file lies, below the root of the repository.
fn file(request: &Request<'_>, agent: &AgentName) -> Result<String, GenerateError> {
    let Some(path) = request.settings.given("file") else {
        return Ok(format!(".gitlab/ci/fullsend-{agent}.gitlab-ci.yml"));
    };
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    let is_yml = Path::new(path).extension().is_some_and(|it| it == "yml");
    if !path.split('/').all(is_part) || !is_yml {
        let hint = "write for example `ci/triage.gitlab-ci.yml`";
        return Err(refused("file", "is no .yml file of the repository", hint));
    }
    Ok(path.to_owned())
}

fn login(request: &Request<'_>) -> Result<Option<String>, GenerateError> {
    let Some(login) = request.settings.given("login") else {
        return Ok(None);
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !login.chars().all(is_plain) {
        let hint = "write the name behind the `@`, for example `triage-agent`";
        return Err(refused("login", "is no account's name", hint));
    }
    Ok(Some(login.to_owned()))
}

fn events(request: &Request<'_>, agent: &str) -> Vec<String> {
    let chosen = request.settings.list("events");
    if !chosen.is_empty() {
        return gitlab::owned(&chosen);
    }
    gitlab::owned(match agent {
        "triage" => &["trigger", "schedule", "web"],
        "review" => &["merge_request_event", "trigger", "web"],
        _ => &["trigger", "web"],
    })
}

/// The agent's own command, else what the image's harness offers.
fn command(agent: &Agent, name: &str) -> Vec<String> {
    match &agent.command {
        Some(words) => words.clone(),
        None => gitlab::owned(&["fullsend", "run", name]),
    }
}

fn id_tokens(request: &Request<'_>) -> Result<Vec<IdToken>, GenerateError> {
    let read = |text: &&str| {
        let (name, audience) = text.split_once(':')?;
        let known: EnvName = name.trim().parse().ok()?;
        (!known.is_optional() && !audience.is_empty()).then(|| IdToken {
            name: known.name().to_owned(),
            audience: audience.trim().to_owned(),
        })
    };
    let list = request.settings.list("id-tokens");
    let tokens: Option<Vec<IdToken>> = list.iter().map(read).collect();
    tokens.ok_or_else(|| {
        let hint = "write for example `SIGSTORE_ID_TOKEN:sigstore`";
        refused(
            "id-tokens",
            "is a list of variables with whom they are for",
            hint,
        )
    })
}
