//! The options that every verb has.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::{
    config::DenySource,
    model::image::ImageReference,
    registry::{Mirror, RegistryOptions},
};

/// The options that every verb has.
#[derive(Clone, Debug, Args)]
pub(super) struct GlobalArgs {
    /// The configuration file [default: fullsend.yaml, searched upward to the repository's root]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// How results are written to stdout
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub(super) format: Format,
    /// When messages are coloured; `NO_COLOR` is honoured
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,
    /// Only what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// More about what is done; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Opens no connection except to what the command line names
    #[arg(long, global = true)]
    pub(super) offline: bool,
    /// On CI, for a pull request: read the policy's files from the checkout, not from the base
    #[arg(long, global = true)]
    pub(super) trust_checkout: bool,
    /// A registry to speak plain HTTP to; a loopback address needs no permission
    #[arg(long, global = true, value_name = "HOST")]
    pub(super) insecure_registry: Vec<String>,
    /// A registry to ask first, as `docker.io=mirror.example/cache`; offline, to ask instead
    #[arg(long, global = true, value_name = "HOST=MIRROR[/PREFIX]")]
    pub(super) registry_mirror: Vec<Mirror>,
}

/// How results are written to stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Human,
    /// One JSON document with a `schema_version`.
    Json,
    /// SARIF 2.1.0 for code scanning, of verbs with findings.
    Sarif,
    /// Annotations in a GitHub Actions log, of verbs with findings.
    Github,
    /// A GitLab Code Quality report, of verbs with findings.
    Gitlab,
    /// One page for a browser, of `status`.
    Html,
}

impl Format {
    /// Whether it can say nothing but findings.
    pub(super) fn is_of_findings(self) -> bool {
        matches!(self, Self::Sarif | Self::Github | Self::Gitlab)
    }
}

/// When messages are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl GlobalArgs {
    /// How registries are spoken to. Offline, only those are that the command line itself names:
    /// as the image, for the deny list, or as a mirror, which then stands for what it mirrors.
    pub(super) fn registry_options(
        &self,
        image: Option<&ImageReference>,
        deny: Option<&DenySource>,
    ) -> RegistryOptions {
        let named = || {
            let image = image.map(|image| image.repository().host().to_owned());
            let mirrors = &self.registry_mirror;
            image
                .into_iter()
                .chain(deny.and_then(DenySource::host))
                .filter(|host| !mirrors.iter().any(|mirror| mirror.host() == host))
                .chain(mirrors.iter().map(|mirror| mirror.mirror_host().to_owned()))
                .collect()
        };
        RegistryOptions {
            insecure_hosts: self.insecure_registry.clone(),
            offline: self.offline.then(named),
            mirrors: self.registry_mirror.clone(),
            ..RegistryOptions::default()
        }
    }
}
