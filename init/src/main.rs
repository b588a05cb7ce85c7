//! PID 1 of a sandbox: starts the agent, keeps it within its time, buries its whole tree and
//! tells the CLI how it ended. Also the entrypoint of the sandbox image.

mod account;
mod args;
mod child;
mod counters;
#[cfg(test)]
mod double;
mod entrypoint;
mod environment;
mod error;
mod oom;
mod outlet;
mod shield;
mod supervise;
mod sys;
mod watch;

use std::io::{self, Write as _};
use std::process::ExitCode;

use args::{Request, Run};
use child::Launch;
use error::StartError;
use outlet::Outlet;
use supervise::Plan;
use sys::{Linux, Syscalls as _};

fn main() -> ExitCode {
    // First of all: until then a process of the same user can look into this one.
    let hidden = Linux.set_dumpable(false);
    let arguments = std::env::args_os().skip(1);
    let outcome = hidden
        .map_err(|errno| StartError::System("dumpable", errno))
        .and_then(|()| args::parse(arguments).map_err(StartError::Usage))
        .and_then(obey);
    outcome.unwrap_or_else(|error| {
        // Nobody is left to tell if this fails.
        let _ = writeln!(io::stderr(), "fullsend-init: {error}");
        ExitCode::from(error.exit_code())
    })
}

fn obey(request: Request) -> Result<ExitCode, StartError> {
    sys::seal_descriptors();
    match request {
        Request::Run(run) => supervise::run(plan(run)?),
        Request::Entrypoint(wanted) => entrypoint::run(wanted),
        Request::Version => {
            let _ = writeln!(io::stdout(), "fullsend-init {}", env!("CARGO_PKG_VERSION"));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn plan(run: Run) -> Result<Plan, StartError> {
    if nix::unistd::getpid().as_raw() != 1 {
        return Err(StartError::NotPidOne);
    }
    let environment = environment::of_process();
    let launch = Launch::new(&run.command, &environment).ok_or(StartError::NoCommand)?;
    let outlet = match (run.socket, run.record) {
        (Some(path), _) => Outlet::connect(&path).map_err(|error| StartError::Outlet(path, error)),
        (None, Some(path)) => Outlet::open(&path).map_err(|error| StartError::Outlet(path, error)),
        (None, None) => Ok(Outlet::Nowhere),
    }?;
    let Run {
        timeout,
        grace,
        terminal,
        ..
    } = run;
    Ok(Plan {
        launch,
        terminal,
        timeout,
        grace,
        outlet,
    })
}
