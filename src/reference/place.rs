//! What a file does with what it names.

use std::fmt;

pub use crate::model::pinning::ReferenceKind as Kind;

/// What a file does with what it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// GitHub: a job's `container`.
    GithubContainer,
    /// GitHub: one of a job's `services`.
    GithubService,
    /// GitHub: a step of a job or of a composite action that uses `docker://`.
    GithubStepImage,
    /// GitHub: `runs.image` of an action.
    GithubActionImage,
    /// GitHub: a step of a job or of a composite action.
    GithubStep,
    /// GitHub: a job that is a reusable workflow.
    GithubWorkflow,
    /// GitLab: `image` of a job, of `default` or of the file.
    GitlabImage,
    /// GitLab: `services` of a job, of `default` or of the file.
    GitlabService,
    /// GitLab: an included component.
    GitlabComponent,
    /// GitLab: files of another project that are included.
    GitlabProject,
    /// GitLab: a file that is included from an address.
    GitlabRemote,
    /// GitLab: a file of the same project that is included.
    GitlabLocal,
    /// Dockerfile: `FROM`, or the default of the `ARG` that it names.
    DockerfileFrom,
    /// Dockerfile: `--from` of `COPY`, or `from=` of a mount of `RUN`.
    DockerfileCopy,
    /// Dockerfile: the frontend that `# syntax=` names.
    DockerfileSyntax,
    /// Kubernetes: the image of a container or of an image volume.
    Kubernetes,
    /// Helm: values, whole or as repository, tag and digest.
    Helm,
    /// GitLab runner's config.toml: where jobs run that name no image.
    RunnerImage,
    /// GitLab runner's config.toml: the runner's own helpers.
    RunnerHelper,
    /// GitLab runner's config.toml: services of every job.
    RunnerService,
    /// GitLab runner's config.toml: what jobs may name.
    RunnerAllowed,
    /// fullsend.yaml and fleet.yaml: an image.
    FullsendImage,
    /// fullsend.yaml and fleet.yaml: our action.
    FullsendAction,
}

impl Place {
    /// What stands there.
    pub fn kind(self) -> Kind {
        match self {
            Self::GithubStep | Self::GithubWorkflow | Self::FullsendAction => Kind::Action,
            Self::GitlabComponent
            | Self::GitlabProject
            | Self::GitlabRemote
            | Self::GitlabLocal => Kind::Component,
            Self::GithubContainer
            | Self::GithubService
            | Self::GithubStepImage
            | Self::GithubActionImage
            | Self::GitlabImage
            | Self::GitlabService
            | Self::DockerfileFrom
            | Self::DockerfileCopy
            | Self::DockerfileSyntax
            | Self::Kubernetes
            | Self::Helm
            | Self::RunnerImage
            | Self::RunnerHelper
            | Self::RunnerService
            | Self::RunnerAllowed
            | Self::FullsendImage => Kind::Image,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GithubContainer => "a job's container",
            Self::GithubService | Self::GitlabService | Self::RunnerService => "a service",
            Self::GithubStep | Self::GithubStepImage => "a step",
            Self::GithubActionImage => "an action",
            Self::GithubWorkflow => "a reusable workflow",
            Self::GitlabImage => "a job's image",
            Self::GitlabComponent => "a component",
            Self::GitlabProject | Self::GitlabRemote | Self::GitlabLocal => "an included file",
            Self::DockerfileFrom => "a base image",
            Self::DockerfileCopy => "a source of files",
            Self::DockerfileSyntax => "a Dockerfile frontend",
            Self::Kubernetes => "a container",
            Self::Helm => "a chart's value",
            Self::RunnerImage => "a runner's default image",
            Self::RunnerHelper => "a runner's helper image",
            Self::RunnerAllowed => "an image that jobs may name",
            Self::FullsendImage => "an agent's image",
            Self::FullsendAction => "the fleet's action",
        })
    }
}
