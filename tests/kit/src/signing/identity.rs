//! Who a keyless certificate says has signed.

use std::time::Duration;

/// The certificate's subject alternative name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum San {
    /// A workflow.
    Uri(String),
    /// A person or a service account.
    Email(String),
}

/// The last arc of Fulcio's claims, `1.3.6.1.4.1.57264.1.N`.
pub mod claim {
    /// Which workflow file signed, at which ref: `https://github.com/o/r/PATH@REF`.
    pub const BUILD_SIGNER_URI: u64 = 9;
    /// The commit of that file.
    pub const BUILD_SIGNER_DIGEST: u64 = 10;
    /// `github-hosted`, `gitlab-hosted` or `self-hosted`.
    pub const RUNNER_ENVIRONMENT: u64 = 11;
    /// The repository that ran it: `https://github.com/o/r`.
    pub const SOURCE_REPOSITORY_URI: u64 = 12;
    /// The commit that it ran for.
    pub const SOURCE_REPOSITORY_DIGEST: u64 = 13;
    /// The ref that it ran for: `refs/heads/main`.
    pub const SOURCE_REPOSITORY_REF: u64 = 14;
    /// The repository's immutable number.
    pub const SOURCE_REPOSITORY_IDENTIFIER: u64 = 15;
    /// `https://github.com/o`.
    pub const SOURCE_REPOSITORY_OWNER_URI: u64 = 16;
    /// The owner's immutable number.
    pub const SOURCE_REPOSITORY_OWNER_IDENTIFIER: u64 = 17;
    /// The top-level workflow or pipeline file, at its ref.
    pub const BUILD_CONFIG_URI: u64 = 18;
    /// The commit of that file.
    pub const BUILD_CONFIG_DIGEST: u64 = 19;
    /// The event: `push`, `workflow_dispatch`, `pull_request`.
    pub const BUILD_TRIGGER: u64 = 20;
    /// The run's page.
    pub const RUN_INVOCATION_URI: u64 = 21;
    /// `public` or `private`.
    pub const SOURCE_REPOSITORY_VISIBILITY: u64 = 22;
    /// The deployment environment.
    pub const DEPLOYMENT_ENVIRONMENT: u64 = 23;
    /// The `sub` of the token that was shown, as it stands.
    pub const TOKEN_SUBJECT: u64 = 24;
}

/// A signer, its claims, and for how long its certificate holds.
#[derive(Debug, Clone)]
pub struct Identity {
    pub(super) san: San,
    pub(super) issuer: String,
    pub(super) claims: Vec<(u64, String)>,
    pub(super) valid_from: i64,
    pub(super) valid_for: Duration,
}

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

impl Identity {
    /// Describes a signer without claims, certified from a minute ago for ten minutes.
    pub fn new(san: San, issuer: &str) -> Self {
        Self {
            san,
            issuer: issuer.to_owned(),
            claims: Vec::new(),
            valid_from: super::log::now() - 60,
            valid_for: Duration::from_mins(10),
        }
    }

    /// Describes a person who signed in with an account of `issuer`.
    pub fn email(address: &str, issuer: &str) -> Self {
        Self::new(San::Email(address.to_owned()), issuer)
    }

    /// Describes a GitHub workflow as github.com's issuer certifies a push.
    pub fn github(repository: &str, workflow: &str, reference: &str) -> Self {
        let source = format!("https://github.com/{repository}");
        let signer = format!("{source}/{workflow}@{reference}");
        let issuer = "https://token.actions.githubusercontent.com";
        Self::new(San::Uri(signer.clone()), issuer)
            .source(&source, reference, &signer)
            .claim(claim::RUNNER_ENVIRONMENT, "github-hosted")
            .claim(
                claim::RUN_INVOCATION_URI,
                &format!("{source}/actions/runs/1/attempts/1"),
            )
    }

    /// Describes a GitLab pipeline as gitlab.com's issuer certifies a push; note the two slashes
    /// in the name.
    pub fn gitlab(project: &str, config: &str, reference: &str) -> Self {
        let source = format!("https://gitlab.com/{project}");
        let signer = format!("{source}//{config}@{reference}");
        Self::new(San::Uri(signer.clone()), "https://gitlab.com")
            .source(&source, reference, &signer)
            .claim(claim::RUNNER_ENVIRONMENT, "gitlab-hosted")
            .claim(claim::RUN_INVOCATION_URI, &format!("{source}/-/jobs/1"))
    }

    /// Names another issuer, such as a GitHub or GitLab of one's own.
    #[must_use]
    pub fn issued_by(mut self, issuer: &str) -> Self {
        issuer.clone_into(&mut self.issuer);
        self
    }

    /// Sets a claim, in place of one of the same arc.
    #[must_use]
    pub fn claim(mut self, arc: u64, value: &str) -> Self {
        self.claims.retain(|(present, _)| *present != arc);
        self.claims.push((arc, value.to_owned()));
        self.claims.sort();
        self
    }

    /// Leaves a claim out.
    #[must_use]
    pub fn without_claim(mut self, arc: u64) -> Self {
        self.claims.retain(|(present, _)| *present != arc);
        self
    }

    /// Certifies from `from`, in seconds since 1970, for `length`.
    #[must_use]
    pub fn valid(mut self, from: i64, length: Duration) -> Self {
        self.valid_from = from;
        self.valid_for = length;
        self
    }

    /// Returns the certificate's name, as `--certificate-identity` takes it.
    pub fn name(&self) -> &str {
        match &self.san {
            San::Uri(name) | San::Email(name) => name,
        }
    }

    /// Returns the issuer, as `--certificate-oidc-issuer` takes it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    fn source(self, source: &str, reference: &str, signer: &str) -> Self {
        let owner = source.rsplit_once('/').map_or(source, |(owner, _)| owner);
        self.claim(claim::BUILD_SIGNER_URI, signer)
            .claim(claim::BUILD_SIGNER_DIGEST, COMMIT)
            .claim(claim::SOURCE_REPOSITORY_URI, source)
            .claim(claim::SOURCE_REPOSITORY_DIGEST, COMMIT)
            .claim(claim::SOURCE_REPOSITORY_REF, reference)
            .claim(claim::SOURCE_REPOSITORY_IDENTIFIER, "1")
            .claim(claim::SOURCE_REPOSITORY_OWNER_URI, owner)
            .claim(claim::SOURCE_REPOSITORY_OWNER_IDENTIFIER, "2")
            .claim(claim::BUILD_CONFIG_URI, signer)
            .claim(claim::BUILD_CONFIG_DIGEST, COMMIT)
            .claim(claim::BUILD_TRIGGER, "push")
            .claim(claim::SOURCE_REPOSITORY_VISIBILITY, "public")
    }
}
