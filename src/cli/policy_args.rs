//! The options that name a signer; cosign's names where it has them.

use std::path::Path;

use clap::Args;

use super::{
    failure::CliFailure,
    value::{parse, with_mend},
};
use crate::{
    checkout::Tree,
    config::{
        AnchoredRegexp, AttestationRequirement, Glob, Identity, KeyRequirement, KeySource,
        KeylessRequirement, NamePattern, PredicateType, Requirement, RootSource, Rule,
        SourceClaims, ValueError, parse_git_ref, parse_github_repository, parse_gitlab_config,
        parse_gitlab_project, parse_host, parse_issuer, parse_repository, parse_workflow,
    },
    model::image::Repository,
    signature::{TRUST_FILE_BYTES, TrustMaterial, TrustStore},
};

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
    /// The host of the GitHub or GitLab [default: what the issuer tells]
    #[arg(long, value_name = "HOST", conflicts_with = "key", value_parser = host)]
    forge_host: Option<String>,
    /// Accept a key's signature that is in no transparency log
    #[arg(long, requires = "key")]
    insecure_ignore_tlog: bool,
    /// Whom to believe about certificates and logs: `public-good`, `github`, a
    /// `trusted_root.json`, or the TUF `root.json` of `trust update` [default: public-good]
    #[arg(long, value_name = "NAME|FILE", value_parser = parse::<RootSource>)]
    trusted_root: Option<RootSource>,
    /// An attestation that the image must have besides: a short name of cosign's, or a URI
    #[arg(long, value_name = "TYPE", value_parser = parse::<PredicateType>)]
    attestation_type: Vec<PredicateType>,
    /// Where the signatures are, if they are not beside the image
    #[arg(long, value_name = "REPOSITORY", value_parser = repository)]
    signature_repository: Option<Repository>,
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
        let mut rule = Rule::new(pattern, requirement);
        self.amend_rule(&mut rule);
        Ok(Some(rule))
    }

    /// The file's rules with what the options ask for besides, where they name no signer.
    pub(super) fn amend(&self, mut rules: Vec<Rule>) -> Vec<Rule> {
        for rule in &mut rules {
            self.amend_rule(rule);
        }
        rules
    }

    fn amend_rule(&self, rule: &mut Rule) {
        let asked = self.attestation_type.iter().cloned();
        rule.attestations
            .extend(asked.map(AttestationRequirement::of_type));
        if let Some(repository) = &self.signature_repository {
            rule.signature_repository = Some(repository.clone());
        }
    }

    fn keyless(&self) -> Result<Option<KeylessRequirement>, CliFailure> {
        let host = self.forge_host.as_deref();
        let Some(identity) = self.identity()? else {
            if host.is_some() {
                return Err(CliFailure::usage_with(
                    "a forge's host names no signer",
                    "add --github-repository or --gitlab-project",
                ));
            }
            return match self.certificate_oidc_issuer {
                None => Ok(None),
                Some(_) => Err(CliFailure::usage_with(
                    "an issuer alone would accept everybody who has an account there",
                    "add --certificate-identity, --github-repository or --gitlab-project",
                )),
            };
        };
        let usual_issuer = identity.usual_issuer(host);
        if host.is_some() && usual_issuer.is_none() {
            return Err(CliFailure::usage_with(
                "--forge-host has no meaning beside --certificate-identity",
                "it belongs to --github-repository and --gitlab-project",
            ));
        }
        let issuer = self.certificate_oidc_issuer.clone().or(usual_issuer);
        let Some(issuer) = issuer else {
            return Err(CliFailure::usage_with(
                "an identity means nothing without the one who vouches for it",
                "add --certificate-oidc-issuer URL",
            ));
        };
        let issuer = usage("certificate-oidc-issuer", parse_issuer(&issuer))?;
        let host = self.forge_host.clone();
        KeylessRequirement::new(issuer, host, identity, SourceClaims::default())
            .map(Some)
            .map_err(|error| match error.hint() {
                Some(hint) => CliFailure::usage_with(
                    error.to_string(),
                    format!("--forge-host, --certificate-oidc-issuer: {hint}"),
                ),
                None => CliFailure::usage(error.to_string()),
            })
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

    /// Whom to believe about certificates and logs, where the rules do not say.
    ///
    /// A relative file starts at `folder`.
    fn trusted_root(&self, folder: &Path) -> RootSource {
        match &self.trusted_root {
            None => RootSource::PublicGood,
            Some(RootSource::File(path)) => RootSource::File(folder.join(path)),
            Some(named) => named.clone(),
        }
    }

    /// What is at [`Self::trusted_root`]; a file is one of `tree`.
    pub(super) fn trust(
        &self,
        folder: &Path,
        tree: &Tree,
        store: &TrustStore,
    ) -> Result<TrustMaterial, CliFailure> {
        let read = |path: &Path| Ok(tree.read(path, TRUST_FILE_BYTES)?);
        store.material(&self.trusted_root(folder), read)
    }
}

fn host(text: &str) -> Result<String, String> {
    parse_host(text).map_err(|error| with_mend(&error))
}

fn repository(text: &str) -> Result<Repository, String> {
    parse_repository(text).map_err(|error| with_mend(&error))
}

fn git_ref(option: &str, text: Option<&str>) -> Result<Option<Glob>, CliFailure> {
    usage(option, text.map(parse_git_ref).transpose())
}

fn usage<T>(option: &str, parsed: Result<T, ValueError>) -> Result<T, CliFailure> {
    parsed.map_err(|error| CliFailure::usage(format!("--{option}: {}", with_mend(&error))))
}

#[cfg(test)]
mod tests;
