//! `gitlab-image-pipeline`: an agent's image from its Dockerfile to a verified release.

use super::{Draft, GenerateError, Kind, Request, Setting, Values, gitlab, setting::refused};
use crate::{
    config::EnvName,
    model::image::Repository,
    template::gitlab_image_pipeline::{GitlabBuild, GitlabImagePipeline},
};

pub(super) static KIND: Kind = Kind {
    name: "gitlab-image-pipeline",
    about: "GitLab jobs that build, test, sign and publish an agent's image",
    settings: SETTINGS,
    path: Some(PATH),
    draft,
};

const PATH: &str = ".gitlab/ci/fullsend-image.gitlab-ci.yml";

/// The registry that an image is tested from before it is published.
const TEST_REGISTRY: &str = "docker.io/library/registry:3.0.0@sha256:\
    6c5666b861f3505b116bb9aa9b25175e71210414bd010d92035ff64018f9457e";

const SETTINGS: &[Setting] = &[
    Setting {
        key: "image",
        help: "Where the image is published, without a tag; by default the `image` of \
               fullsend.yaml",
        default: "",
        values: Values::Text("REPOSITORY"),
    },
    gitlab::EXECUTOR,
    Setting {
        key: "builder",
        help: "Where the jobs run with the executors `docker` and `kubernetes`, with tag and \
               digest: an image with buildah, skopeo, cosign, syft, grype, git and curl. With \
               `shell` the runner has these, and podman",
        default: "",
        values: Values::Text("IMAGE"),
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
        key: "platforms",
        help: "What is built",
        default: "amd64,arm64",
        values: Values::SomeOf(&["amd64", "arm64"]),
    },
    Setting {
        key: "tags",
        help: "The tags of the runner that builds amd64, for merge requests too",
        default: "fullsend-build",
        values: Values::List("TAG"),
    },
    Setting {
        key: "tags-arm64",
        help: "The tags of the runner that builds arm64",
        default: "fullsend-build-arm64",
        values: Values::List("TAG"),
    },
    Setting {
        key: "tags-publish",
        help: "The tags of the runner that publishes: a protected one, which takes no jobs of \
               merge requests",
        default: "fullsend-publish",
        values: Values::List("TAG"),
    },
    gitlab::FORKS,
    Setting {
        key: "stage",
        help: "The stage in which images are built and tested",
        default: "build",
        values: Values::Text("NAME"),
    },
    Setting {
        key: "publish-stage",
        help: "The stage in which they are published",
        default: "deploy",
        values: Values::Text("NAME"),
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
        key: "environment",
        help: "The environment that publishing happens in; protect it on GitLab",
        default: "release",
        values: Values::Text("NAME"),
    },
    Setting {
        key: "user",
        help: "The variable that holds the user who may push",
        default: "CI_REGISTRY_USER",
        values: Values::Text("NAME"),
    },
    Setting {
        key: "password",
        help: "The variable that holds that user's password",
        default: "CI_REGISTRY_PASSWORD",
        values: Values::Text("NAME"),
    },
    gitlab::CLI,
    gitlab::CLI_AMD64,
    gitlab::CLI_ARM64,
    gitlab::CLI_URL,
];

fn draft(request: &Request<'_>) -> Result<Vec<Draft>, GenerateError> {
    let settings = request.settings;
    let image = image(request)?;
    let folder = settings.get("context").trim_end_matches('/').to_owned();
    let builder = gitlab::runs_in_image(settings)
        .then(|| gitlab::whole_image(settings, "builder"))
        .transpose()?;
    let cli = gitlab::cli(settings)?;
    let platforms = platforms(request);
    let publish_tags = gitlab::owned(&settings.list("tags-publish"));
    if builder.is_none() && share_a_runner(&platforms, &publish_tags) {
        let hint = "name a protected runner of its own: a build of a merge request could wait on \
                    the shared one for the login and the signature of a release";
        return Err(refused("tags-publish", "names a runner that builds", hint));
    }
    let context = GitlabImagePipeline {
        registry: image.host().to_owned(),
        image: image.to_string(),
        user: variable(request, "user")?,
        password: variable(request, "password")?,
        environment: settings.given("environment").map(str::to_owned),
        stage: settings.get("stage").to_owned(),
        publish_stage: settings.get("publish-stage").to_owned(),
        dockerfile: match settings.given("dockerfile") {
            Some(path) => path.to_owned(),
            None if folder == "." => "Dockerfile".to_owned(),
            None => format!("{folder}/Dockerfile"),
        },
        context: folder,
        platforms,
        forks: settings.flag("forks"),
        publish_tags,
        builder,
        cli,
        test_registry: TEST_REGISTRY.to_owned(),
        version_command: words(settings.get("version-command")),
        severity: settings.get("severity").to_owned(),
    };
    Ok(vec![Draft::new(PATH, &context)?])
}

fn image(request: &Request<'_>) -> Result<Repository, GenerateError> {
    let given = request.settings.given("image");
    let hint = "write `--set image=registry.example.com/GROUP/NAME`, without tag and digest";
    match (given, &request.config.image) {
        (Some(text), _) => text
            .parse()
            .map_err(|error| refused("image", &format!("is no repository: {error}"), hint)),
        (None, Some(image)) => Ok(image.repository().clone()),
        (None, None) => Err(refused("image", "is needed: fullsend.yaml has none", hint)),
    }
}

fn variable(request: &Request<'_>, key: &str) -> Result<String, GenerateError> {
    let name: Option<EnvName> = request.settings.get(key).parse().ok();
    let name = name.filter(|name| !name.is_optional());
    let hint = "write the name of a variable of the project, masked and protected";
    name.map(|name| name.name().to_owned())
        .ok_or_else(|| refused(key, "is no variable's name", hint))
}

fn platforms(request: &Request<'_>) -> Vec<GitlabBuild> {
    let names = request.settings.list("platforms").into_iter();
    names
        .map(|name| {
            let key = if name == "arm64" {
                "tags-arm64"
            } else {
                "tags"
            };
            GitlabBuild {
                name: name.to_owned(),
                platform: format!("linux/{name}"),
                tags: gitlab::owned(&request.settings.list(key)),
            }
        })
        .collect()
}

/// Whether one runner could take a build's job and the one that publishes: it takes what asks for
/// some of its tags.
fn share_a_runner(builds: &[GitlabBuild], publish: &[String]) -> bool {
    let within = |some: &[String], all: &[String]| some.iter().all(|tag| all.contains(tag));
    let mut builds = builds.iter();
    builds.any(|build| within(&build.tags, publish) || within(publish, &build.tags))
}

fn words(command: &str) -> Vec<String> {
    command.split_whitespace().map(str::to_owned).collect()
}
