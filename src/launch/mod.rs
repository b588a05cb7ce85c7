//! `exec`: resolve the image, verify it, run it, report how it ended.
//!
//! `run` leads through the steps; `proof` chooses the image and has it verified, `given` reads what
//! it takes from this machine, `plan` decides what goes into the container, `sandbox` creates and
//! removes it, `supervise` stays with it, and `decide` says how it ended.

mod channel;
mod ci;
mod console;
mod decide;
mod doctor;
mod failure;
mod given;
mod host_paths;
mod labels;
mod line;
mod output;
mod plan;
mod proof;
mod reap;
mod request;
mod run;
mod sandbox;
mod supervise;
mod terminal;
mod watch;

pub use console::Console;
pub use doctor::{DoctorRequest, doctor};
pub use plan::WORKSPACE;
pub use reap::reap;
pub use request::{ExecRequest, ImageRequest};
pub use run::exec;
