//! `github-workflow`: one agent on GitHub's events.

use std::collections::BTreeSet;

use super::{Draft, GenerateError, Kind, Request, Setting, Values, Wanted, setting::refused};
use crate::{
    config::{Agent, AgentName, EnvName},
    template::github_workflow::{Checkout, GithubWorkflow, Permission},
};

pub(super) static KIND: Kind = Kind {
    name: "github-workflow",
    about: "a GitHub workflow that runs one agent",
    settings: SETTINGS,
    path: None,
    draft,
};

const EVENTS: &[&str] = &[
    "issues",
    "issue_comment",
    "pull_request",
    "pull_request_target",
    "workflow_dispatch",
    "schedule",
    "workflow_call",
];

const ASSOCIATIONS: &[&str] = &[
    "OWNER",
    "MEMBER",
    "COLLABORATOR",
    "CONTRIBUTOR",
    "FIRST_TIME_CONTRIBUTOR",
    "FIRST_TIMER",
    "MANNEQUIN",
    "NONE",
];

const SETTINGS: &[Setting] = &[
    Setting {
        key: "agent",
        help: "Which agent of fullsend.yaml",
        default: "triage",
        values: Values::Text("NAME"),
    },
    Setting {
        key: "events",
        help: "What starts it; by default what suits the agent's name, and by hand",
        default: "",
        values: Values::SomeOf(EVENTS),
    },
    Setting {
        key: "trust",
        help: "Whose issues, comments and pull requests start it",
        default: "OWNER,MEMBER,COLLABORATOR",
        values: Values::SomeOf(ASSOCIATIONS),
    },
    Setting {
        key: "label",
        help: "A label that starts it on an issue or a pull request, whoever wrote that, once \
               somebody else sets it: an author's own label counts where `trust` names them",
        default: "",
        values: Values::Text("LABEL"),
    },
    Setting {
        key: "command",
        help: "What a comment has to begin with; by default `/` and the agent's name, `any` for \
               every comment",
        default: "",
        values: Values::Text("TEXT"),
    },
    Setting {
        key: "login",
        help: "The account that the agent writes as, if it is no bot: its comments start nothing",
        default: "",
        values: Values::Text("LOGIN"),
    },
    Setting {
        key: "cron",
        help: "When the event `schedule` comes, in UTC",
        default: "17 4 * * *",
        values: Values::Text("EXPRESSION"),
    },
    Setting {
        key: "permissions",
        help: "What the job's token may do; by default the least that suits the agent's name",
        default: "",
        values: Values::List("SCOPE:read|write"),
    },
    Setting {
        key: "secrets",
        help: "Variables of the agent that are secrets; by default those that fullsend.yaml \
               demands, but for the job's own token",
        default: "",
        values: Values::List("NAME"),
    },
    Setting {
        key: "vars",
        help: "Variables of the agent that are no secrets",
        default: "",
        values: Values::List("NAME"),
    },
    Setting {
        key: "environment",
        help: "The environment that guards the secrets; set its protection rules on GitHub",
        default: "fullsend",
        values: Values::Text("NAME"),
    },
    Setting {
        key: "runner",
        help: "The labels of the runner",
        default: "ubuntu-24.04",
        values: Values::List("LABEL"),
    },
    Setting {
        key: "launch-minutes",
        help: "Time for the image to be verified and pulled, beside the agent's own limit",
        default: "10",
        values: Values::Number(1, 120),
    },
    Setting {
        key: "checkout",
        help: "The files that the agent works on: the event's own commit, which is the base for \
               comments and pull_request_target; the pull request's head, as data beside the base; \
               or none",
        default: "base",
        values: Values::OneOf(&["base", "head", "none"]),
    },
    Setting {
        key: "cancel",
        help: "Whether a new run on the same issue or pull request ends the one before it",
        default: "false",
        values: Values::Flag,
    },
    Setting {
        key: "outcome-job",
        help: "Whether a second, short job tells by its name and result how the sandbox ended",
        default: "true",
        values: Values::Flag,
    },
    Setting {
        key: "config",
        help: "Where fullsend.yaml is, if not at the root",
        default: "",
        values: Values::Text("PATH"),
    },
    Setting {
        key: "action",
        help: "The release of the action that runs it",
        default: "",
        values: Values::Pin("fullsend-ai/sandbox@COMMIT # VERSION"),
    },
];

/// The variables that stand for the job's own token.
const TOKENS: &[&str] = &["GH_TOKEN", "GITHUB_TOKEN"];

fn draft(request: &Request<'_>) -> Result<Vec<Draft>, GenerateError> {
    let settings = request.settings;
    let name: AgentName = settings
        .get("agent")
        .parse()
        .map_err(|_| refused("agent", "is no agent's name", "write for example `triage`"))?;
    let agent = request.config.agent(name.as_str())?;
    let events = events(request, name.as_str());
    let variables = Variables::of(request, &agent)?;
    let runner: Vec<String> = owned(&settings.list("runner"));
    let context = GithubWorkflow {
        cron: events
            .iter()
            .any(|event| event == "schedule")
            .then(|| cron(settings.get("cron")))
            .transpose()?,
        events,
        label: settings.given("label").map(str::to_owned),
        command: match settings.get("command") {
            "" => Some(format!("/{name}")),
            "any" => None,
            command => Some(command.to_owned()),
        },
        trust: json_list(&settings.list("trust")),
        login: settings.given("login").map(str::to_owned),
        permissions: permissions(request, name.as_str())?,
        environment: environment(request, &variables.secrets)?,
        secrets: variables.secrets,
        variables: variables.plain,
        tokens: variables.tokens,
        self_hosted: runner.iter().any(|label| label == "self-hosted"),
        runner,
        timeout_minutes: timeout_minutes(&agent, settings.number("launch-minutes")),
        checkout: match settings.get("checkout") {
            "head" => Checkout::Head,
            "none" => Checkout::None,
            _ => Checkout::Base,
        },
        cancel: settings.flag("cancel"),
        outcome_job: settings.flag("outcome-job"),
        config: settings.given("config").map(str::to_owned),
        agent: name.to_string(),
    };
    let path = format!(".github/workflows/fullsend-{name}.yml");
    let wanted = action(settings.given("action"))?;
    Ok(vec![Draft::new(path, &context)?.wanting(wanted)])
}

/// The action's release that was asked for.
pub(super) fn action(given: Option<&str>) -> Result<Option<Wanted>, GenerateError> {
    let Some(text) = given else { return Ok(None) };
    let hint = "write `fullsend-ai/sandbox@<40 hexadecimal digits> # v1.2.3`";
    let wanted = Wanted::action(text).map_err(|problem| refused("action", problem, hint))?;
    Ok(Some(wanted))
}

/// The environment that guards the `secrets`, where there are any.
fn environment(request: &Request<'_>, secrets: &[String]) -> Result<Option<String>, GenerateError> {
    if secrets.is_empty() {
        return Ok(None);
    }
    let name = request.settings.get("environment").trim();
    if name.is_empty() {
        let problem = format!("is empty, and would guard: {}", secrets.join(", "));
        let hint = "name an environment of the repository, for example `fullsend`";
        return Err(refused("environment", &problem, hint));
    }
    Ok(Some(name.to_owned()))
}

fn events(request: &Request<'_>, agent: &str) -> Vec<String> {
    let chosen = request.settings.list("events");
    if !chosen.is_empty() {
        return owned(&chosen);
    }
    owned(match agent {
        "triage" => &["issues", "issue_comment", "workflow_dispatch"],
        "review" => &["pull_request", "issue_comment", "workflow_dispatch"],
        "code" | "fix" => &["issue_comment", "workflow_dispatch"],
        _ => &["workflow_dispatch"],
    })
}

/// The agent's limit and the launch, in whole minutes.
fn timeout_minutes(agent: &Agent, launch: Option<u32>) -> u64 {
    let limit = agent.limits.timeout.duration().as_secs().div_ceil(60);
    limit + u64::from(launch.unwrap_or_default())
}

fn permissions(request: &Request<'_>, agent: &str) -> Result<Vec<Permission>, GenerateError> {
    let chosen = request.settings.list("permissions");
    if chosen.is_empty() {
        return Ok(least(agent));
    }
    let read = |text: &&str| {
        let (scope, access) = text.split_once(':')?;
        let is_scope = |b: u8| b.is_ascii_lowercase() || b == b'-';
        let good = !scope.is_empty() && scope.bytes().all(is_scope);
        (good && matches!(access, "read" | "write")).then(|| Permission {
            scope: scope.to_owned(),
            access: access.to_owned(),
            why: "asked for by the setting `permissions`",
        })
    };
    chosen
        .iter()
        .map(|text| {
            read(text).ok_or_else(|| {
                refused(
                    "permissions",
                    "is a list of scopes",
                    "write for example `contents:read,issues:write`",
                )
            })
        })
        .collect()
}

/// The least that suits an agent of this name.
fn least(agent: &str) -> Vec<Permission> {
    let permission = |scope: &str, access: &str, why| Permission {
        scope: scope.to_owned(),
        access: access.to_owned(),
        why,
    };
    let read = permission("contents", "read", "to check out the repository");
    let push = permission("contents", "write", "to push its branch");
    match agent {
        "triage" => vec![
            read,
            permission("issues", "write", "to label and answer issues"),
        ],
        "review" => vec![
            read,
            permission("pull-requests", "write", "to write its review"),
        ],
        "code" => vec![
            push,
            permission("issues", "read", "to read what is asked for"),
            permission("pull-requests", "write", "to open its pull request"),
        ],
        "fix" => vec![
            push,
            permission("pull-requests", "write", "to answer on the pull request"),
        ],
        _ => vec![read],
    }
}

/// Where each variable of the agent comes from.
struct Variables {
    tokens: Vec<String>,
    secrets: Vec<String>,
    plain: Vec<String>,
}

impl Variables {
    fn of(request: &Request<'_>, agent: &Agent) -> Result<Self, GenerateError> {
        let plain = names(request, "vars")?;
        let mut secrets = names(request, "secrets")?;
        let demanded: BTreeSet<&str> = agent.env.iter().map(EnvName::name).collect();
        if let Some(name) = plain.iter().find(|name| secrets.contains(name)) {
            let problem = format!("names `{name}`, and so does `secrets`");
            return Err(refused("vars", &problem, "name it in one of the two"));
        }
        let is_token = |name: &str| TOKENS.contains(&name) && demanded.contains(name);
        if let Some(name) = plain.iter().find(|name| is_token(name)) {
            let problem = format!("names `{name}`, which holds the job's own token");
            let hint = "leave it out; a token of your own belongs in `secrets`";
            return Err(refused("vars", &problem, hint));
        }
        if secrets.is_empty() {
            let needed = agent.env.iter().filter(|name| !name.is_optional());
            let needed = needed.map(EnvName::name).filter(|name| {
                !is_token(name) && !is_runners(name) && !plain.iter().any(|plain| plain == name)
            });
            secrets = distinct(needed);
        }
        let tokens = demanded.iter().copied();
        let tokens = tokens.filter(|name| is_token(name) && !secrets.iter().any(|it| it == name));
        Ok(Self {
            tokens: distinct(tokens),
            secrets,
            plain,
        })
    }
}

/// The variables that the setting `key` names.
fn names(request: &Request<'_>, key: &str) -> Result<Vec<String>, GenerateError> {
    let list = request.settings.list(key);
    let is_name = |name: &&str| matches!(name.parse::<EnvName>(), Ok(it) if !it.is_optional());
    if list.iter().all(is_name) {
        return Ok(distinct(list));
    }
    let hint = "write their names with commas between";
    Err(refused(key, "is a list of variables", hint))
}

/// Whether the runner sets the variable for every process of a job: no secret can be called so.
fn is_runners(name: &str) -> bool {
    let begins = |prefix: &&str| name.starts_with(prefix);
    name == "CI" || ["GITHUB_", "RUNNER_", "ACTIONS_"].iter().any(begins)
}

/// Each of `names` once: a mapping has no key twice.
fn distinct<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let names = names.into_iter().filter(|name| seen.insert(*name));
    names.map(str::to_owned).collect()
}

fn cron(text: &str) -> Result<String, GenerateError> {
    let is_field = |field: &str| {
        let good = |b: u8| b.is_ascii_alphanumeric() || b"*/,-".contains(&b);
        field.bytes().all(good)
    };
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    if fields.len() == 5 && fields.iter().all(|field| is_field(field)) {
        return Ok(fields.join(" "));
    }
    let hint = "write minute, hour, day, month and weekday, for example `17 4 * * 1`";
    Err(refused("cron", "has five fields", hint))
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Words of which none needs an escape, as JSON.
fn json_list(words: &[&str]) -> String {
    serde_json::to_string(words).unwrap_or_default()
}
