//! `gitlab-components`: the project of components for an organisation's own instance.

use std::path::Path;

use super::{Draft, GenerateError, Kind, Request, Setting, Values, gitlab, setting::refused};
use crate::{
    document::{
        Source,
        yaml::{self, Node},
    },
    template::gitlab_components::{
        About, Components, Exec, Image, Input, License, Pipeline, Readme, Validate, Verify,
    },
};

pub(super) static KIND: Kind = Kind {
    name: "gitlab-components",
    about: "a GitLab project of components that run, verify, validate and build",
    settings: SETTINGS,
    path: None,
    draft,
};

const SETTINGS: &[Setting] = &[
    Setting {
        key: "project",
        help: "The path of the project, as README shows it",
        default: "platform/fullsend",
        values: Values::Text("GROUP/NAME"),
    },
    gitlab::TOOLS_IMAGE,
    gitlab::CLI,
    gitlab::CLI_AMD64,
    gitlab::CLI_ARM64,
    gitlab::CLI_URL,
];

/// An image of nobody, for examples.
const EXAMPLE: &str = "registry.example.com/agents/triage:1.4.2@sha256:\
    0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn draft(request: &Request<'_>) -> Result<Vec<Draft>, GenerateError> {
    let settings = request.settings;
    let project = settings.get("project");
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
    if project.is_empty() || !project.chars().all(plain) {
        let hint = "write for example `platform/fullsend`";
        return Err(refused("project", "is no path of a project", hint));
    }
    let cli = gitlab::cli(settings)?;
    let common = Components {
        version: cli.as_ref().map(|cli| cli.version.clone()),
        builds: cli.map(|cli| cli.builds).unwrap_or_default(),
        url: settings.get("cli-url").trim_end_matches('/').to_owned(),
        tools_image: gitlab::whole_image(settings, "tools-image")?,
        example_image: EXAMPLE.to_owned(),
        zeros: "0".repeat(64),
    };
    let exec = Draft::new("templates/exec/template.yml", &Exec(common.clone()))?;
    let verify = Draft::new("templates/verify/template.yml", &Verify(common.clone()))?;
    let validate = Draft::new("templates/validate/template.yml", &Validate(common.clone()))?;
    let image = Draft::new("templates/image/template.yml", &Image(common.clone()))?;
    let about = |name, about, component: &Draft| About {
        name,
        about,
        inputs: inputs(component.body()),
    };
    let readme = Readme {
        project: project.to_owned(),
        example_image: EXAMPLE.to_owned(),
        components: vec![
            about("exec", "Runs an agent in its sandbox.", &exec),
            about(
                "verify",
                "Verifies an image by the policy of fullsend.yaml.",
                &verify,
            ),
            about(
                "validate",
                "Finds what is wrong with a repository's files.",
                &validate,
            ),
            about(
                "image",
                "Builds, tests, signs and publishes an agent's image.",
                &image,
            ),
        ],
    };
    let pipeline = Draft::new(".gitlab-ci.yml", &Pipeline(common))?;
    let readme = Draft::new("README.md", &readme)?;
    let license = Draft::new("LICENSE", &License {})?;
    Ok(vec![
        exec, verify, validate, image, pipeline, readme, license,
    ])
}

/// The inputs of a component; none of a text that is no YAML, which the tests would show.
fn inputs(text: &str) -> Vec<Input> {
    let path = Path::new("template.yml");
    let Ok(source) = Source::decode(path, text.as_bytes()) else {
        return Vec::new();
    };
    let Ok(tree) = yaml::parse(&source) else {
        return Vec::new();
    };
    let header = tree.documents().next();
    let inputs = header.and_then(|header| header.get("spec")?.get("inputs"));
    let entries = inputs.map(|inputs| inputs.entries()).unwrap_or_default();
    entries.iter().map(|(key, input)| row(key, input)).collect()
}

fn row(key: &Node<'_>, input: &Node<'_>) -> Input {
    let text = |key: &str| input.get(key).and_then(|node| node.text());
    let kind = match input.get("options") {
        Some(options) => options
            .items()
            .filter_map(|option| option.text())
            .map(code)
            .collect::<Vec<_>>()
            .join(", "),
        None => text("type").unwrap_or("string").to_owned(),
    };
    let default = match input.get("default") {
        None => "needed".to_owned(),
        Some(default) => match default.text() {
            Some("") => "nothing".to_owned(),
            Some(text) => code(text),
            None => default
                .items()
                .filter_map(|item| item.text())
                .map(code)
                .collect::<Vec<_>>()
                .join(", "),
        },
    };
    Input {
        name: key.text().unwrap_or_default().to_owned(),
        kind,
        default,
        description: text("description").unwrap_or_default().to_owned(),
    }
}

/// `text` as code in a table's cell.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}
