//! `helm-values`: values of the runner's chart, with config.toml inside.

use super::{
    Draft, GenerateError, Kind, Request, Setting, Values,
    runner_config::{
        NAMESPACE, POOL, PULL_POLICY, PULL_SECRETS, RUNTIME_CLASS, SERVICE_ACCOUNT, UID, URL,
        USER_NAMESPACES, agent_name, class, config, texts,
    },
};
use crate::template::{
    self,
    runner::{HelmConfig, HelmValues},
};

pub(super) static KIND: Kind = Kind {
    name: "helm-values",
    about: "Helm values of GitLab's runner chart, for one class of agents",
    settings: SETTINGS,
    path: None,
    draft,
};

const SETTINGS: &[Setting] = &[
    Setting {
        key: "agent",
        help: "Which class of agents",
        default: "triage",
        values: Values::Text("NAME"),
    },
    URL,
    Setting {
        key: "jobs",
        help: "How many jobs run at once",
        default: "4",
        values: Values::Number(1, 1000),
    },
    POOL,
    UID,
    PULL_POLICY,
    Setting {
        key: "secret",
        help: "The Kubernetes secret that holds the runner's token; by default the runner's name",
        default: "",
        values: Values::Text("NAME"),
    },
    Setting {
        key: "manager-pull-secrets",
        help: "Kubernetes secrets for pulling the runner's own image",
        default: "",
        values: Values::List("NAME"),
    },
    NAMESPACE,
    PULL_SECRETS,
    SERVICE_ACCOUNT,
    RUNTIME_CLASS,
    USER_NAMESPACES,
];

fn draft(request: &Request<'_>) -> Result<Vec<Draft>, GenerateError> {
    let settings = request.settings;
    let agent = agent_name(settings.get("agent"))?;
    let class = class(request, &agent, true)?;
    let path = format!("gitlab-runner/{agent}-values.yaml");
    let mut toml = config(request, "kubernetes", vec![class.clone()], &path);
    toml.helm = true;
    let toml = template::render(&HelmConfig(toml))?;
    let context = HelmValues {
        name: class.name,
        secret: settings.given("secret").unwrap_or(&class.tag).to_owned(),
        tag: class.tag,
        token: class.token,
        timeout_minutes: class.timeout_minutes,
        url: settings.get("url").to_owned(),
        concurrent: settings.number("jobs").unwrap_or(1),
        namespace: settings.get("namespace").to_owned(),
        manager_pull_secrets: texts(request, "manager-pull-secrets"),
        config: toml.trim().lines().map(str::to_owned).collect(),
    };
    Ok(vec![Draft::new(path, &context)?])
}
