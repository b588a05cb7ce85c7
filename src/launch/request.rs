//! What `exec` is asked to do, with configuration and flags already put together.

use std::path::PathBuf;

use crate::{
    config::{Agent, Hold},
    model::image::ImageReference,
    registry::RegistryOptions,
    report::run::ConfigFile,
    runtime::Choice,
    signature::Policy,
};

/// An image, and everything that decides whether it may run.
#[derive(Debug)]
pub struct ImageRequest {
    /// The image that is asked for, before hold and deny list.
    pub image: ImageReference,
    /// What decides.
    pub policy: Policy,
    /// How registries are spoken to.
    pub registry: RegistryOptions,
}

/// One run to be made.
#[derive(Debug)]
pub struct ExecRequest {
    /// The agent's name.
    pub name: String,
    /// The agent, flags included.
    pub agent: Agent,
    /// The image and its policy.
    pub image: ImageRequest,
    /// The configuration file, for the report.
    pub config: ConfigFile,
    /// Keeps this repository on one version.
    pub hold: Option<Hold>,
    /// Which runtime.
    pub runtime: Choice,
    /// A folder to mount at /workspace and work in.
    pub workspace: Option<PathBuf>,
    /// A terminal or none; `None` decides by the standard streams.
    pub tty: Option<bool>,
    /// Refuse a machine that has less than the limits ask for.
    pub strict_limits: bool,
    /// Let the agent's output speak to GitHub Actions.
    pub allow_workflow_commands: bool,
}
