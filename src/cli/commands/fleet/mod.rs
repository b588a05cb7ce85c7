//! What the verbs of the fleet have in common: where fleet.yaml is, and the forge that it names.

mod access;
mod chosen;
pub mod enroll;
mod go;
pub mod hold;
mod open;
mod place;
mod progress;
mod releases;
pub mod roll;
pub mod status;
mod work;

use clap::Args;

use open::{Opened, open, open_to_write};
use progress::watched;

use crate::seam::http::Url;

/// The options that every verb of the fleet has.
#[derive(Debug, Args)]
pub struct FleetArgs {
    /// Where fleet.yaml is: a folder or the file itself, or the repository that has it at its root,
    /// as OWNER/REPO or its address [default: the working directory]
    #[arg(long, value_name = "DIR|OWNER/REPO")]
    fleet: Option<String>,
    /// The address of the forge's API, where that is not at the usual place [default:
    /// `GITHUB_API_URL` or `CI_API_V4_URL`, where they are of the forge that fleet.yaml names]
    #[arg(long, value_name = "URL")]
    forge_url: Option<Url>,
    /// One repository of the fleet, once for each [default: all]
    #[arg(long, value_name = "REPO")]
    only: Vec<String>,
}
