//! The first fleet.yaml of an organisation.

use serde::Serialize;

use super::{Context, Template, first_config::Image};

/// What is known when the file is written; what is not known is explained in its place.
#[derive(Clone, Debug, Serialize)]
pub struct FirstFleet {
    /// Where the repositories are.
    pub forge: Option<Forge>,
    /// The action of the release.
    pub action: Option<Action>,
    /// The image of the release.
    pub image: Option<Image>,
}

/// A forge, and the place on it that holds the repositories.
#[derive(Clone, Debug, Serialize)]
pub struct Forge {
    /// `github` or `gitlab`.
    pub kind: &'static str,
    /// What the place is called there: `owner` or `group`.
    pub key: &'static str,
    /// The place.
    pub place: String,
    /// Its address, where that is not the public one's.
    pub url: Option<String>,
}

/// An action at a commit.
#[derive(Clone, Debug, Serialize)]
pub struct Action {
    /// `OWNER/NAME@COMMIT`.
    pub pin: String,
    /// The release, without `v`.
    pub version: String,
}

impl Context for FirstFleet {
    const TEMPLATE: Template = Template {
        name: "fleet.yaml.j2",
        source: include_str!("../../templates/fleet.yaml.j2"),
        revision: 1,
    };
}
