//! `fullsend validate --simulate`: how a sandbox's policy would treat one request.

use std::path::PathBuf;

use clap::Args;

use crate::{
    cli::{Context, Outcome, console::Terminal, failure::CliFailure},
    document::MAX_BYTES,
    model::exit_code,
    seam::files,
    validate::openshell::{self, Request},
};

/// The options of `fullsend validate --simulate`.
#[derive(Debug, Args)]
pub(super) struct SimulateArgs {
    /// Instead of looking for mistakes, says how the sandbox of a policy would treat a request
    ///
    /// Exits with 0 where the request would reach its host, else with 1.
    #[arg(long, num_args = 2, value_names = ["METHOD", "URL"], requires = "binary",
          conflicts_with_all = ["fix", "list_rules"])]
    simulate: Option<Vec<String>>,
    /// The program that makes the request, by its real path; repeated, those that started it
    #[arg(long, value_name = "PATH", requires = "simulate")]
    binary: Vec<String>,
}

impl SimulateArgs {
    /// Whether a request is to be tried.
    pub(super) fn is_given(&self) -> bool {
        self.simulate.is_some()
    }
}

/// Tries the request of `args` against the one policy in `paths`, and prints how it ends.
pub(super) fn run(args: &SimulateArgs, paths: &[PathBuf], context: &Context) -> Outcome {
    let request = request(args)?;
    let [policy] = paths else {
        return Err(CliFailure::usage_with(
            "a request is tried against one policy",
            "name it: `fullsend validate --simulate GET https://api.github.com/ \
             --binary /usr/bin/gh policy.yaml`",
        ));
    };
    let bytes = files::read(policy, MAX_BYTES as u64)?;
    let decision = openshell::simulate(policy, &bytes, &request)
        .map_err(|error| CliFailure::usage(error.to_string()))?;
    Terminal::print_document(context.global.format, &decision, || decision.to_string())?;
    Ok(if decision.allowed {
        exit_code::OK
    } else {
        exit_code::FINDINGS
    })
}

fn request(args: &SimulateArgs) -> Result<Request, CliFailure> {
    let Some([method, url]) = args.simulate.as_deref() else {
        return Err(CliFailure::usage("`--simulate` wants a method and a URL"));
    };
    Request::new(method, url, args.binary.iter().cloned())
        .map_err(|error| CliFailure::usage(error.to_string()))
}
