//! `github-image-pipeline`: an agent's image from its Dockerfile to a verified release.

use super::{
    Draft, GenerateError, Kind, Request, Setting, Values, actions, github_workflow::action,
    setting::refused,
};
use crate::{
    model::image::Repository,
    template::github_image_pipeline::{GithubImagePipeline, PlatformBuild},
};

pub(super) static KIND: Kind = Kind {
    name: "github-image-pipeline",
    about: "a GitHub workflow that builds, tests, signs and publishes an agent's image",
    settings: SETTINGS,
    path: Some(PATH),
    draft,
};

/// The workflow that builds and signs.
pub(super) const PATH: &str = ".github/workflows/fullsend-image.yml";

const SETTINGS: &[Setting] = &[
    Setting {
        key: "image",
        help: "Where the image is published, without a tag; by default the `image` of \
               fullsend.yaml",
        default: "",
        values: Values::Text("REPOSITORY"),
    },
    Setting {
        key: "context",
        help: "The folder that is built",
        default: ".",
        values: Values::Text("PATH"),
    },
    Setting {
        key: "dockerfile",
        help: "The Dockerfile; by default the one of the folder",
        default: "",
        values: Values::Text("PATH"),
    },
    Setting {
        key: "branch",
        help: "The branch whose commits are published, as `main-<sha>`",
        default: "main",
        values: Values::Text("BRANCH"),
    },
    Setting {
        key: "platforms",
        help: "What is built",
        default: "amd64,arm64",
        values: Values::SomeOf(&["amd64", "arm64"]),
    },
    Setting {
        key: "runner",
        help: "The machine that builds amd64 and publishes",
        default: "ubuntu-24.04",
        values: Values::Text("LABEL"),
    },
    Setting {
        key: "runner-arm64",
        help: "The machine that builds arm64; `emulate` to do so on the other one, slowly",
        default: "ubuntu-24.04-arm",
        values: Values::Text("LABEL"),
    },
    Setting {
        key: "version-command",
        help: "A command that has to succeed inside the image, besides `true`",
        default: "",
        values: Values::Text("COMMAND"),
    },
    Setting {
        key: "severity",
        help: "From where on a known vulnerability that has a fix ends the build",
        default: "high",
        values: Values::OneOf(&["negligible", "low", "medium", "high", "critical"]),
    },
    Setting {
        key: "code-scanning",
        help: "Whether what the scan finds goes to code scanning; private repositories need \
               GitHub's licence for it",
        default: "false",
        values: Values::Flag,
    },
    Setting {
        key: "environment",
        help: "The environment that publishing happens in; another registry than GitHub's needs \
               its secrets REGISTRY_USERNAME and REGISTRY_PASSWORD",
        default: "release",
        values: Values::Text("NAME"),
    },
    Setting {
        key: "action",
        help: "The release of the action that tests and verifies",
        default: "",
        values: Values::Pin("fullsend-ai/sandbox@COMMIT # VERSION"),
    },
];

fn draft(request: &Request<'_>) -> Result<Vec<Draft>, GenerateError> {
    let settings = request.settings;
    let image = image(request)?;
    let own_registry = image.host() == "ghcr.io";
    let environment = settings.given("environment").map(str::trim);
    let environment = environment.filter(|name| !name.is_empty());
    if !own_registry && environment.is_none() {
        let problem = format!("is empty, and would guard the secrets for {}", image.host());
        let hint = "name an environment of the repository, for example `release`";
        return Err(refused("environment", &problem, hint));
    }
    let folder = settings.get("context").trim_end_matches('/').to_owned();
    let platforms = platforms(request);
    let context = GithubImagePipeline {
        registry: image.host().to_owned(),
        own_registry,
        image: image.to_string(),
        environment: environment.map(str::to_owned),
        branch: settings.get("branch").to_owned(),
        dockerfile: match settings.given("dockerfile") {
            Some(path) => path.to_owned(),
            None if folder == "." => "Dockerfile".to_owned(),
            None => format!("{folder}/Dockerfile"),
        },
        context: folder,
        emulated: settings.get("runner-arm64") == "emulate",
        platforms,
        runner: settings.get("runner").to_owned(),
        test_registry: actions::TEST_REGISTRY.to_owned(),
        version_command: words(settings.get("version-command")),
        severity: settings.get("severity").to_owned(),
        code_scanning: settings.flag("code-scanning"),
        path: PATH.to_owned(),
    };
    let wanted = action(settings.given("action"))?;
    Ok(vec![Draft::new(PATH, &context)?.wanting(wanted)])
}

fn image(request: &Request<'_>) -> Result<Repository, GenerateError> {
    let given = request.settings.given("image");
    let hint = "write `--set image=ghcr.io/OWNER/NAME`, without tag and digest";
    match (given, &request.config.image) {
        (Some(text), _) => text
            .parse()
            .map_err(|error| refused("image", &format!("is no repository: {error}"), hint)),
        (None, Some(image)) => Ok(image.repository().clone()),
        (None, None) => Err(refused("image", "is needed: fullsend.yaml has none", hint)),
    }
}

fn platforms(request: &Request<'_>) -> Vec<PlatformBuild> {
    let runner = request.settings.get("runner");
    let arm64 = match request.settings.get("runner-arm64") {
        "emulate" => runner,
        label => label,
    };
    let names = request.settings.list("platforms").into_iter();
    names
        .map(|name| PlatformBuild {
            name: name.to_owned(),
            platform: format!("linux/{name}"),
            runner: if name == "arm64" { arm64 } else { runner }.to_owned(),
        })
        .collect()
}

fn words(command: &str) -> Vec<String> {
    command.split_whitespace().map(str::to_owned).collect()
}
