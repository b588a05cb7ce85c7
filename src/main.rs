//! The `fullsend` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    fullsend::cli::run(std::env::args_os())
}
