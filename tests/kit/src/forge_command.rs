//! `fullsend-testkit forge`: a forge for demos and benchmarks.

use std::{error::Error, io::Write as _, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use fullsend_testkit::forge::{Forge, Limits, Scenario};

/// The token that is known where the scenario names none.
const TOKEN: &str = "kit-token";

#[derive(Args)]
pub(crate) struct ForgeArgs {
    /// What the forge holds, in JSON
    scenario: Option<PathBuf>,
    /// So many repositories are made up besides
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    repositories: usize,
    /// Which forge it is
    #[arg(long, value_enum, default_value_t = Kind::Github)]
    kind: Kind,
    /// Waits this long before each answer
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    delay: u64,
    /// Has the limits that the real one has
    #[arg(long)]
    rate: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Github,
    Gitlab,
}

/// Serves a forge, says where and with which token, and does what the lines of the standard input
/// say until it ends.
pub(crate) fn serve(
    args: &ForgeArgs,
    read: impl FnOnce(&std::path::Path) -> Result<Vec<u8>, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut scenario = match &args.scenario {
        Some(path) => serde_json::from_slice(&read(path)?)?,
        None => Scenario::default(),
    };
    scenario.made_up += args.repositories;
    if scenario.tokens.is_empty() {
        let token = ("kit".to_owned(), TOKEN.to_owned());
        scenario.tokens.extend([token]);
    }
    let owner = scenario.owner.as_deref().unwrap_or("acme");
    let (forge, limits) = match args.kind {
        Kind::Github => (Forge::github(owner), Limits::github()),
        Kind::Gitlab => (Forge::gitlab(owner), Limits::gitlab()),
    };
    forge.play(&scenario);
    forge.delay(Duration::from_millis(args.delay));
    if args.rate {
        forge.limit(limits);
    }
    let mut out = std::io::stdout();
    writeln!(out, "{}", forge.url(""))?;
    for line in std::io::stdin().lines() {
        match forge.act(line?.trim()) {
            Ok(said) => writeln!(out, "{said}")?,
            Err(error) => writeln!(out, "error: {error}")?,
        }
    }
    let violations = forge.take_violations();
    if violations.is_empty() {
        return Ok(());
    }
    Err(violations.join("\n").into())
}
