//! The first fullsend.yaml of a repository.

use serde::Serialize;

use super::{Context, Template};
use crate::model::image::ImageReference;

/// What is known when the file is written; what is not known is explained in its place.
#[derive(Clone, Debug, Serialize)]
pub struct FirstConfig {
    /// The image of every agent.
    pub image: Option<Image>,
    /// Who signs that image.
    pub signer: Option<Signer>,
    /// At least one.
    pub agents: Vec<Agent>,
}

/// An image's reference.
#[derive(Clone, Debug, Serialize)]
pub struct Image {
    /// As it was named.
    pub reference: String,
    /// Whether it has a digest.
    pub is_pinned: bool,
}

impl Image {
    /// `image`, as it is named.
    pub fn of(image: &ImageReference) -> Self {
        Self {
            reference: image.to_string(),
            is_pinned: image.digest().is_some(),
        }
    }
}

/// A signer, by a key, by a workflow of GitHub, or else by a project of GitLab.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Signer {
    /// The name of the images that it signs.
    pub images: String,
    /// The file of a public key.
    pub key: Option<String>,
    /// Who vouches for a workflow or a project.
    pub issuer: Option<String>,
    /// The repository of GitHub.
    pub repository: Option<String>,
    /// Its workflow.
    pub workflow: Option<String>,
    /// The project of GitLab.
    pub gitlab_project: Option<String>,
}

/// An agent's limits, as fullsend.yaml writes them.
#[derive(Clone, Debug, Serialize)]
pub struct Agent {
    /// Its name.
    pub name: String,
    /// CPUs.
    pub cpus: f64,
    /// A size.
    pub memory: String,
    /// A duration.
    pub timeout: String,
}

impl Context for FirstConfig {
    const TEMPLATE: Template = Template {
        name: "fullsend.yaml.j2",
        source: include_str!("../../templates/fullsend.yaml.j2"),
        revision: 1,
    };
}
