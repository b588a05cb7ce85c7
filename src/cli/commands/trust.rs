//! `fullsend trust`: which Sigstore instances are believed, and the news of them by TUF.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::{
    cli::{Context, Outcome, console::Terminal, failure::CliFailure},
    model::exit_code,
    report::trust::{self, TrustReport},
    seam::{
        files,
        http::{Url, authority},
    },
    signature::{Instance, TRUST_FILE_BYTES, TrustStore, TufRoot},
};

/// The options of `fullsend trust`.
#[derive(Debug, Args)]
pub struct TrustArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Fetches what is new of a Sigstore instance, and keeps it for `verify` and `exec`
    Update(UpdateArgs),
    /// Prints who is believed about certificates, logs and times, and until when
    Show(ShowArgs),
}

#[derive(Debug, Args)]
struct UpdateArgs {
    /// Which public instance
    #[arg(long, value_enum, default_value_t = Known::PublicGood, conflicts_with = "root")]
    instance: Known,
    /// The TUF repository, or a copy of it [default: the instance's own, or the last one named]
    #[arg(long, value_name = "URL", value_parser = mirror)]
    mirror: Option<Url>,
    /// A private instance's TUF root.json; what is fetched is used by `--trusted-root` with it
    #[arg(long, value_name = "FILE")]
    root: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ShowArgs {
    /// A private instance's TUF root.json, to be shown too
    #[arg(long, value_name = "FILE")]
    root: Option<PathBuf>,
}

/// A Sigstore instance that needs no introduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Known {
    /// The public one, <https://sigstore.dev>
    PublicGood,
    /// GitHub's own, for the attestations of private repositories
    Github,
}

/// Does what was asked and prints what is known then.
pub(super) async fn run(args: TrustArgs, context: &Context) -> Outcome {
    match args.action {
        Action::Update(args) => update(&args, context).await,
        Action::Show(args) => show(&args, context),
    }
}

async fn update(args: &UpdateArgs, context: &Context) -> Outcome {
    let instance = match (&args.root, args.instance) {
        (Some(path), _) => private(path)?,
        (None, Known::PublicGood) => Instance::PublicGood,
        (None, Known::Github) => Instance::GitHub,
    };
    let named = || args.mirror.iter().map(authority).collect();
    let store = TrustStore::new(&context.environment, context.global.offline.then(named));
    store.update(&instance, args.mirror.as_ref()).await?;
    print(&store, &[instance], context)
}

fn show(args: &ShowArgs, context: &Context) -> Outcome {
    let offline = Some(std::collections::BTreeSet::new());
    let store = TrustStore::new(&context.environment, offline);
    let mut instances = vec![Instance::PublicGood, Instance::GitHub];
    if let Some(path) = &args.root {
        instances.push(private(path)?);
    }
    print(&store, &instances, context)
}

fn print(store: &TrustStore, instances: &[Instance], context: &Context) -> Outcome {
    let instances = instances.iter().map(|instance| store.describe(instance));
    let report = TrustReport {
        schema_version: 1,
        instances: instances.collect(),
    };
    Terminal::print_document(context.global.format, &report, || trust::text(&report))?;
    let usable = report.instances.iter().all(|one| one.reason.is_none());
    Ok(if usable {
        exit_code::OK
    } else {
        exit_code::UNAVAILABLE
    })
}

fn private(path: &std::path::Path) -> Result<Instance, CliFailure> {
    let bytes = files::read(path, TRUST_FILE_BYTES)?;
    Ok(Instance::Private(TufRoot::from_json(&bytes)?))
}

fn mirror(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        _ => Err("not an http or https URL".to_owned()),
    }
}
