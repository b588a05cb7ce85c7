//! What the kinds of GitLab have in common.

use super::{GenerateError, Request, Setting, Settings, Values, setting::refused};
use crate::{
    config::Agent,
    model::image::ImageReference,
    template::gitlab_ci::{Cli, CliBuild},
};

pub(super) const EXECUTOR: Setting = Setting {
    key: "executor",
    help: "The runner's executor. `shell`: fullsend launches the sandbox, with the runner's own \
           rootless Podman or Docker. `docker`, `kubernetes`: the job's image is the sandbox, and \
           its limits are the runner's",
    default: "shell",
    values: Values::OneOf(&["shell", "docker", "kubernetes"]),
};

pub(super) const FORKS: Setting = Setting {
    key: "forks",
    help: "Whether merge requests of forks start it",
    default: "false",
    values: Values::Flag,
};

/// Small, with a shell, a downloader and checksums; confirmed by its tag.
pub(super) const TOOLS_IMAGE: Setting = Setting {
    key: "tools-image",
    help: "The image in which the sandbox is verified before its own job, with tag and digest. For \
           merge requests it has to have git, which the default has not",
    default: "docker.io/library/alpine:3.22.2@sha256:\
              4b7ce07002c69e8f3d704a9c5d6fd3053be500b7f1c69fc0d80990c2ad8dd412",
    values: Values::Text("IMAGE"),
};

pub(super) const CLI: Setting = Setting {
    key: "cli",
    help: "The release of fullsend that the jobs install; without it the runner has to have one",
    default: "",
    values: Values::Text("VERSION"),
};

pub(super) const CLI_AMD64: Setting = Setting {
    key: "cli-amd64",
    help: "The SHA-256 of that release's archive for amd64",
    default: "",
    values: Values::Text("SHA256"),
};

pub(super) const CLI_ARM64: Setting = Setting {
    key: "cli-arm64",
    help: "The SHA-256 of that release's archive for arm64",
    default: "",
    values: Values::Text("SHA256"),
};

pub(super) const CLI_URL: Setting = Setting {
    key: "cli-url",
    help: "The folder of all releases, for a mirror",
    default: "https://github.com/fullsend-ai/fullsend/releases/download",
    values: Values::Text("URL"),
};

/// Whether the job's image is the sandbox.
pub(super) fn runs_in_image(settings: &Settings) -> bool {
    settings.get("executor") != "shell"
}

/// The agent's image, which has a tag and a digest.
pub(super) fn sandbox(request: &Request<'_>, agent: &Agent) -> Result<String, GenerateError> {
    let image = agent.image.as_ref().or(request.config.image.as_ref());
    let whole = image.filter(|image| image.tag().is_some() && image.digest().is_some());
    whole
        .map(ToString::to_string)
        .ok_or_else(|| GenerateError::Config {
            message: "the agent's image needs a tag and a digest, as the job runs in it".to_owned(),
            hint: "write `image: NAME:TAG@sha256:...` in fullsend.yaml; `fullsend pin` does"
                .to_owned(),
        })
}

/// The image that the setting `key` names, whole.
pub(super) fn whole_image(settings: &Settings, key: &str) -> Result<String, GenerateError> {
    let hint = "write `NAME:TAG@sha256:...`";
    let image: ImageReference = settings
        .get(key)
        .parse()
        .map_err(|error| refused(key, &format!("is no image: {error}"), hint))?;
    if image.tag().is_none() || image.digest().is_none() {
        return Err(refused(key, "has no tag or no digest", hint));
    }
    Ok(image.to_string())
}

/// The release to install, if one is asked for.
pub(super) fn cli(settings: &Settings) -> Result<Option<Cli>, GenerateError> {
    let Some(version) = settings.given("cli") else {
        return Ok(None);
    };
    let version = version.strip_prefix('v').unwrap_or(version);
    if semver::Version::parse(version).is_err() {
        return Err(refused("cli", "is no version", "write for example `1.4.0`"));
    }
    let url = settings.get("cli-url").trim_end_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || "._~:/-".contains(c);
    if !url.starts_with("https://") || !url.chars().all(plain) {
        return Err(refused(
            "cli-url",
            "is no https URL",
            "write `https://HOST/PATH`",
        ));
    }
    let builds: Vec<CliBuild> = [
        ("cli-amd64", "x86_64", "amd64"),
        ("cli-arm64", "aarch64", "arm64"),
    ]
    .into_iter()
    .filter_map(|(key, machine, arch)| Some((key, machine, arch, settings.given(key)?)))
    .map(|(key, machine, arch, sum)| {
        let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if sum.len() != 64 || !sum.bytes().all(is_hex) {
            let hint = "write the 64 hexadecimal digits of the release's checksum file";
            return Err(refused(key, "is no SHA-256", hint));
        }
        Ok(CliBuild {
            machine,
            arch,
            sha256: sum.to_owned(),
        })
    })
    .collect::<Result<_, _>>()?;
    if builds.is_empty() {
        let hint = "add `--set cli-amd64=SHA256`, from the release's checksum file";
        return Err(refused("cli", "comes without a checksum", hint));
    }
    Ok(Some(Cli {
        version: version.to_owned(),
        url: url.to_owned(),
        builds,
    }))
}

/// The error where a container has to install what nobody names.
pub(super) fn no_cli() -> GenerateError {
    let hint = "add `--set cli=VERSION --set cli-amd64=SHA256`, from the release's checksum file";
    refused(
        "cli",
        "is needed with this executor: a job verifies the image first",
        hint,
    )
}

/// The agent's limit and the launch, in whole minutes.
pub(super) fn timeout_minutes(agent: &Agent, launch: Option<u32>) -> u64 {
    let limit = agent.limits.timeout.duration().as_secs().div_ceil(60);
    limit + u64::from(launch.unwrap_or_default())
}

pub(super) fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
