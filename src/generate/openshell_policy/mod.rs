//! `openshell-policy`: what one agent's sandbox may read, write and reach.

mod intents;
#[cfg(test)]
mod tests;

use super::{Draft, GenerateError, Kind, Request, Setting, Values, setting::refused};
use crate::{
    config::{AgentName, parse_github_repository},
    template::openshell_policy::OpenshellPolicy,
};

pub(super) static KIND: Kind = Kind {
    name: "openshell-policy",
    about: "the policy of one agent's OpenShell sandbox",
    settings: SETTINGS,
    path: None,
    draft,
};

const SETTINGS: &[Setting] = &[
    Setting {
        key: "agent",
        help: "Which agent of fullsend.yaml",
        default: "triage",
        values: Values::Text("NAME"),
    },
    Setting {
        key: "openshell",
        help: "The gateway's generation: releases 0.0.x, or 0.1 and later",
        default: "0.1",
        values: Values::OneOf(&["0.0", "0.1"]),
    },
    Setting {
        key: "intents",
        help: "What the agent does on the network; by default what suits its name, without a \
               model's provider",
        default: "",
        values: Values::SomeOf(intents::NAMES),
    },
    Setting {
        key: "repositories",
        help: "The repositories on GitHub that it may reach; by default all that its token can",
        default: "",
        values: Values::List("OWNER/NAME"),
    },
    Setting {
        key: "programs",
        help: "The agent's own programs by their real paths; what they start counts as theirs",
        default: "/usr/local/bin/claude,/usr/local/bin/node,/usr/bin/node",
        values: Values::List("PATH"),
    },
    Setting {
        key: "host-api-port",
        help: "The port of the API server on the gateway's machine",
        default: "8080",
        values: Values::Number(1, 65_535),
    },
    Setting {
        key: "read-only",
        help: "More paths that it may read",
        default: "",
        values: Values::List("PATH"),
    },
    Setting {
        key: "read-write",
        help: "More paths that it may write",
        default: "",
        values: Values::List("PATH"),
    },
    Setting {
        key: "landlock",
        help: "Whether a kernel that cannot confine files is refused, or does what it can",
        default: "hard_requirement",
        values: Values::OneOf(&["hard_requirement", "best_effort"]),
    },
];

/// What programs of a common distribution need.
const READ_ONLY: &[&str] = &[
    "/bin",
    "/usr",
    "/lib",
    "/etc",
    "/proc",
    "/dev/urandom",
    "/var/log",
];
const READ_WRITE: &[&str] = &["/tmp", "/dev/null"];

/// The gateway takes no more, in both lists together.
const MAX_PATHS: usize = 256;

fn draft(request: &Request<'_>) -> Result<Vec<Draft>, GenerateError> {
    let settings = request.settings;
    let name: AgentName = settings
        .get("agent")
        .parse()
        .map_err(|_| refused("agent", "is no agent's name", "write for example `triage`"))?;
    request.config.agent(name.as_str())?;
    let chosen = settings.list("intents");
    let wanted = intents::Wanted {
        intents: if chosen.is_empty() {
            intents::usual(name.as_str()).to_vec()
        } else {
            chosen
        },
        repositories: repositories(request)?,
        programs: programs(request)?,
        host_api_port: settings.number("host-api-port").unwrap_or(8080),
    };
    let context = OpenshellPolicy {
        generation: match settings.get("openshell") {
            "0.0" => "0.0",
            _ => "0.1",
        },
        landlock: settings.get("landlock").to_owned(),
        read_only: paths(request, "read-only", READ_ONLY)?,
        read_write: paths(request, "read-write", READ_WRITE)?,
        networks: wanted.networks(),
    };
    if context.read_only.len() + context.read_write.len() > MAX_PATHS {
        let hint = "name folders rather than files";
        return Err(refused(
            "read-only",
            "lists more than the gateway takes",
            hint,
        ));
    }
    Ok(vec![Draft::new(
        format!("openshell/{name}.yaml"),
        &context,
    )?])
}

/// `OWNER/NAME` of each repository, or the pattern for all.
fn repositories(request: &Request<'_>) -> Result<Vec<String>, GenerateError> {
    let named = request.settings.list("repositories");
    if named.is_empty() {
        return Ok(vec!["*/*".to_owned()]);
    }
    let hint = "write OWNER/NAME, with commas between";
    let parsed = named.iter().map(|name| parse_github_repository(name));
    parsed
        .map(|name| name.map_err(|_| refused("repositories", "is no repository of GitHub", hint)))
        .collect()
}

fn programs(request: &Request<'_>) -> Result<Vec<String>, GenerateError> {
    let hint = "write what `readlink -f` prints inside the sandbox, for example `/usr/bin/node`";
    let named = request.settings.list("programs").into_iter();
    named
        .map(|path| {
            if is_whole(path) && !path.contains(['*', '?', '[', '{', '\\']) {
                return Ok(path.to_owned());
            }
            Err(refused("programs", "is not a program's whole path", hint))
        })
        .collect()
}

/// The usual paths and those of the setting `key`.
fn paths(request: &Request<'_>, key: &str, usual: &[&str]) -> Result<Vec<String>, GenerateError> {
    let mut paths: Vec<String> = usual.iter().map(|path| (*path).to_owned()).collect();
    for path in request.settings.list(key) {
        if !is_whole(path) {
            let hint = "write for example `/opt/tools`; the root as a whole is not opened";
            return Err(refused(key, "is not a whole path without `..`", hint));
        }
        if !paths.iter().any(|known| known == path) {
            paths.push(path.to_owned());
        }
    }
    Ok(paths)
}

fn is_whole(path: &str) -> bool {
    let parts = path.strip_prefix('/').map(|rest| rest.split('/'));
    parts.is_some_and(|mut parts| parts.all(|part| !matches!(part, "" | "." | "..")))
}
