//! The command line: arguments, and one file a verb.

mod console;
mod failure;
mod global;
mod patch;
mod policy_args;
mod value;

pub mod commands;

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory as _, Parser};

use self::{
    commands::{Command, job},
    console::Terminal,
    failure::CliFailure,
    global::GlobalArgs,
};
use crate::{model::exit_code, seam::environment::Environment};

/// Runs AI agents on CI inside a container that was proven first.
#[derive(Debug, Parser)]
#[command(
    name = "fullsend",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

/// What every command is given.
struct Context {
    global: GlobalArgs,
    environment: Environment,
    terminal: Terminal,
}

/// Parses `arguments`, the program's name first, does what they say, and returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let environment = Environment::of_process();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            if error.use_stderr() {
                commands::exec::report_usage_error(&arguments, &error.to_string());
                job::tell_failure(&environment, exit_code::USAGE);
            }
            // Help that nobody reads any more is no failure.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() {
                exit_code::USAGE
            } else {
                exit_code::OK
            });
        }
    };
    let terminal = Terminal::new(&cli.global, &environment);
    terminal.start_tracing();
    let context = Context {
        global: cli.global,
        environment,
        terminal,
    };
    if let Err(failure) = cli.command.check(context.global.format) {
        commands::exec::report_usage_error(&arguments, &failure.to_string());
        return end(&failure, &context);
    }
    match commands::run(cli.command, &context) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => end(&failure, &context),
    }
}

fn end(failure: &CliFailure, context: &Context) -> ExitCode {
    context.terminal.fail(failure);
    job::tell_failure(&context.environment, failure.code());
    ExitCode::from(failure.code())
}

/// The whole command line for the reference and completions.
pub fn command() -> clap::Command {
    Cli::command()
}

type Outcome = Result<u8, CliFailure>;
