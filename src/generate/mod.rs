//! Files made from templates: what goes into them, and what an existing file keeps.
//!
//! A kind of file is one module here with its settings and the way from fullsend.yaml to the
//! template's context, one module in [`template`](crate::template) with that context, and its
//! `.j2` files; [`KINDS`] lists the kinds. No input or output: the caller reads and writes, and
//! tells the day.
//!
//! Pins belong to the file, not to the template. A text is made without them, and what an existing
//! file has is kept; only then comes the table of [`actions`].

pub mod actions;
mod draft;
mod error;
mod first_config;
mod first_fleet;
mod github_image_pipeline;
mod github_workflow;
mod gitlab;
mod gitlab_ci;
mod gitlab_components;
mod gitlab_image_pipeline;
mod header;
mod helm_values;
mod kubernetes_policies;
mod openshell_policy;
mod pins;
mod regenerate;
pub mod renovate;
mod runner_config;
mod setting;
mod setup;
#[cfg(test)]
mod tests;

use jiff::civil::Date;

pub use draft::{Draft, GeneratedFile, Origin, Standing, origin};
pub use error::GenerateError;
pub use first_config::{FirstConfig, Missing, first_config};
pub use first_fleet::{FleetSetup, first_fleet};
pub use header::Stamp;
pub use pins::Wanted;
pub use regenerate::{Dropped, Given, Pins, Regenerated, regenerate, settle};
pub use setting::{Setting, Settings, Values};
pub use setup::{Setup, forge_kind, key};

use crate::config::Config;

/// A kind of file that can be generated.
#[derive(Debug)]
pub struct Kind {
    /// The word on the command line.
    pub name: &'static str,
    /// What its files do, in a sentence without its full stop.
    pub about: &'static str,
    /// What `--set` can say.
    pub settings: &'static [Setting],
    /// Where its one file lies, if no setting has a say in that: what the file was made with can
    /// be read before anything is drafted.
    pub path: Option<&'static str>,
    draft: fn(&Request<'_>) -> Result<Vec<Draft>, GenerateError>,
}

/// Every kind.
pub const KINDS: &[&Kind] = &[
    &github_workflow::KIND,
    &github_image_pipeline::KIND,
    &gitlab_ci::KIND,
    &gitlab_image_pipeline::KIND,
    &gitlab_components::KIND,
    &runner_config::KIND,
    &helm_values::KIND,
    &kubernetes_policies::KIND,
    &openshell_policy::KIND,
    &renovate::KIND,
];

/// What a generator works from.
#[derive(Clone, Copy, Debug)]
struct Request<'a> {
    config: &'a Config,
    settings: &'a Settings,
    /// The day in UTC.
    today: Date,
}

impl Kind {
    /// The kind called `name`.
    pub fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().copied().find(|kind| kind.name == name)
    }

    /// Checks `pairs` as settings of this kind.
    fn settings(&self, pairs: &[(String, String)]) -> Result<Settings, GenerateError> {
        let pairs = pairs.iter().map(|(key, value)| (&**key, &**value));
        Settings::new(self.settings, pairs)
    }
}

/// The texts of `kind` before they meet the files that exist, each with its own path.
fn draft(
    kind: &Kind,
    config: &Config,
    settings: &Settings,
    today: Date,
) -> Result<Vec<Draft>, GenerateError> {
    let drafts = (kind.draft)(&Request {
        config,
        settings,
        today,
    })?;
    let remembered = settings.remembered().into_iter();
    let remembered: Vec<_> = remembered
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    let named = drafts.into_iter();
    Ok(named
        .map(|draft| draft.of(kind.name, remembered.clone()))
        .collect())
}
