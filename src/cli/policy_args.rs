//! The options that name a signer; cosign's names where it has them.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{
    failure::CliFailure,
    value::{parse, with_mend},
};
use crate::{
    config::{
        AnchoredRegexp, Glob, Identity, KeyRequirement, KeySource, KeylessRequirement, NamePattern,
        Requirement, Rule, SourceClaims, ValueError, github_host, gitlab_host, parse_git_ref,
        parse_github_repository, parse_gitlab_config, parse_gitlab_project, parse_issuer,
        parse_workflow,
    },
    seam::files,
    signature::TrustMaterial,
};

const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";
const GITLAB_ISSUER: &str = "https://gitlab.com";

/// The largest `trusted_root.json`; the public one has 7 KiB.
const TRUSTED_ROOT_BYTES: u64 = 1 << 20;

/// Whose signature is accepted. These replace the rules of fullsend.yaml.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Policy")]
pub(super) struct PolicyArgs {
    /// The public key that signed: a PEM file, or <env://NAME>
    #[arg(long, value_name = "FILE", value_parser = parse::<KeySource>)]
    key: Option<KeySource>,
    /// The certificate's subject, exactly
    #[arg(long, value_name = "SUBJECT", conflicts_with = "key")]
    certificate_identity: Option<String>,
    /// The certificate's whole subject, by a regular expression
    #[arg(long, value_name = "REGEXP", conflicts_with_all = ["key", "certificate_identity"],
          value_parser = parse::<AnchoredRegexp>)]
    certificate_identity_regexp: Option<AnchoredRegexp>,
    /// Who vouched for the certificate's subject
    #[arg(long, value_name = "URL", conflicts_with = "key")]
    certificate_oidc_issuer: Option<String>,
    /// The GitHub repository whose workflow signed
    #[arg(long, value_name = "OWNER/NAME",
          conflicts_with_all = ["key", "certificate_identity", "certificate_identity_regexp"])]
    github_repository: Option<String>,
    /// Its workflow file [default: any]
    #[arg(long, value_name = "PATH", requires = "github_repository")]
    github_workflow: Option<String>,
    /// The workflow's git reference, `*` within a part, `**` across [default: any]
    #[arg(long, value_name = "REF", requires = "github_repository")]
    github_ref: Option<String>,
    /// The GitLab project whose pipeline signed
    #[arg(long, value_name = "PATH",
          conflicts_with_all = ["key", "certificate_identity", "certificate_identity_regexp", "github_repository"])]
    gitlab_project: Option<String>,
    /// Its CI file [default: .gitlab-ci.yml]
    #[arg(long, value_name = "PATH", requires = "gitlab_project")]
    gitlab_config: Option<String>,
    /// The CI file's git reference [default: any]
    #[arg(long, value_name = "REF", requires = "gitlab_project")]
    gitlab_ref: Option<String>,
    /// Accept a key's signature that is in no transparency log
    #[arg(long, requires = "key")]
    insecure_ignore_tlog: bool,
    /// A `trusted_root.json` to believe instead of the public Sigstore
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
}

impl PolicyArgs {
    /// The one rule that the options make, for every image; none where no signer is named.
    ///
    /// A relative key file starts at `folder`, unlike those in fullsend.yaml.
    pub(super) fn rule(&self, folder: &Path) -> Result<Option<Rule>, CliFailure> {
        let requirement = match &self.key {
            Some(source) => Some(Requirement::Key(KeyRequirement {
                source: match source {
                    KeySource::File(path) => KeySource::File(folder.join(path)),
                    KeySource::Env(name) => KeySource::Env(name.clone()),
                },
                insecure_ignore_tlog: self.insecure_ignore_tlog,
                trusted_root: None,
            })),
            None => self.keyless()?.map(Requirement::Keyless),
        };
        let Some(requirement) = requirement else {
            return Ok(None);
        };
        let pattern = NamePattern::any()
            .ok_or_else(|| CliFailure::usage("the policy options make no pattern"))?;
        Ok(Some(Rule::new(pattern, requirement)))
    }

    fn keyless(&self) -> Result<Option<KeylessRequirement>, CliFailure> {
        let identity = self.identity()?;
        let default_issuer = match &identity {
            Some(Identity::GitHub { .. }) => Some(GITHUB_ISSUER),
            Some(Identity::GitLab { .. }) => Some(GITLAB_ISSUER),
            Some(Identity::Exact(_) | Identity::Regexp(_)) | None => None,
        };
        let issuer = self.certificate_oidc_issuer.as_deref().or(default_issuer);
        let (identity, issuer) = match (identity, issuer) {
            (None, None) => return Ok(None),
            (Some(identity), Some(issuer)) => (
                identity,
                usage("certificate-oidc-issuer", parse_issuer(issuer))?,
            ),
            (Some(_), None) => {
                return Err(CliFailure::usage_with(
                    "an identity means nothing without the one who vouches for it",
                    "add --certificate-oidc-issuer URL",
                ));
            }
            (None, Some(_)) => {
                return Err(CliFailure::usage_with(
                    "an issuer alone would accept everybody who has an account there",
                    "add --certificate-identity, --github-repository or --gitlab-project",
                ));
            }
        };
        let host = match &identity {
            Identity::GitHub { .. } => github_host(&issuer),
            Identity::GitLab { .. } => gitlab_host(&issuer),
            Identity::Exact(_) | Identity::Regexp(_) => None,
        };
        let source = SourceClaims {
            repository: match &identity {
                Identity::GitHub { repository, .. } => Some(repository.clone()),
                _ => None,
            },
            ..SourceClaims::default()
        };
        Ok(Some(KeylessRequirement {
            issuer,
            host,
            identity,
            source,
            trusted_root: None,
        }))
    }

    fn identity(&self) -> Result<Option<Identity>, CliFailure> {
        if let Some(subject) = &self.certificate_identity {
            return Ok(Some(Identity::Exact(subject.clone())));
        }
        if let Some(regexp) = &self.certificate_identity_regexp {
            return Ok(Some(Identity::Regexp(regexp.clone())));
        }
        if let Some(repository) = &self.github_repository {
            let workflow = self
                .github_workflow
                .as_deref()
                .map(parse_workflow)
                .transpose();
            return Ok(Some(Identity::GitHub {
                repository: usage("github-repository", parse_github_repository(repository))?,
                workflow: usage("github-workflow", workflow)?,
                r#ref: git_ref("github-ref", self.github_ref.as_deref())?,
            }));
        }
        if let Some(project) = &self.gitlab_project {
            let config = self
                .gitlab_config
                .as_deref()
                .unwrap_or(Identity::GITLAB_CONFIG);
            return Ok(Some(Identity::GitLab {
                project: usage("gitlab-project", parse_gitlab_project(project))?,
                config: usage("gitlab-config", parse_gitlab_config(config))?,
                r#ref: git_ref("gitlab-ref", self.gitlab_ref.as_deref())?,
            }));
        }
        Ok(None)
    }

    /// Whom to believe about certificates and logs.
    pub(super) fn trust(&self) -> Result<TrustMaterial, CliFailure> {
        let Some(path) = &self.trusted_root else {
            return Ok(TrustMaterial::public_good());
        };
        let bytes = files::read(path, TRUSTED_ROOT_BYTES)?;
        Ok(TrustMaterial::from_json(&String::from_utf8_lossy(&bytes))?)
    }
}

fn git_ref(option: &str, text: Option<&str>) -> Result<Option<Glob>, CliFailure> {
    usage(option, text.map(parse_git_ref).transpose())
}

fn usage<T>(option: &str, parsed: Result<T, ValueError>) -> Result<T, CliFailure> {
    parsed.map_err(|error| CliFailure::usage(format!("--{option}: {}", with_mend(&error))))
}
