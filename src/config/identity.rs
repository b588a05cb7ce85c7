//! Who signed: certificate identities of GitHub, GitLab and others, matched without input or output.

use super::{
    forge::{github_host, github_issuer, gitlab_host, gitlab_issuer, is_yaml},
    pattern::Glob,
    policy::RootSource,
    regexp::AnchoredRegexp,
    value::{ValueError, excerpt},
};

/// A certificate that a rule accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeylessRequirement {
    issuer: String,
    /// Always there for the GitHub and GitLab forms.
    host: Option<String>,
    identity: Identity,
    source: SourceClaims,
    /// Whose certificates and logs are believed; the command's where absent.
    pub trusted_root: Option<RootSource>,
}

/// Whom a certificate names as its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The subject, exactly.
    Exact(String),
    /// The whole subject, by a regular expression.
    Regexp(AnchoredRegexp),
    /// A workflow of GitHub, reusable or not.
    GitHub {
        /// `OWNER/NAME`.
        repository: String,
        /// The workflow's path in the repository; any workflow where absent.
        workflow: Option<String>,
        /// The workflow's git reference; any where absent.
        r#ref: Option<Glob>,
    },
    /// A CI file of GitLab.
    GitLab {
        /// The project's full path.
        project: String,
        /// The CI file's path in the project.
        config: String,
        /// The CI file's git reference; any where absent.
        r#ref: Option<Glob>,
    },
}

/// What a certificate must claim about who called the workflow; what is absent is not asked for.
///
/// Reusable workflows share one identity among all their callers, and only these tell them apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceClaims {
    /// The calling repository: `OWNER/NAME`, or its URL.
    pub repository: Option<String>,
    /// The calling git reference.
    pub r#ref: Option<Glob>,
    /// The event that started the workflow, exactly.
    pub trigger: Option<String>,
}

/// What a verified certificate claims about its source; nothing where it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// Fulcio's source repository (extension 1.12, a URL, or 1.5, `OWNER/NAME`).
    pub source_repository: Option<String>,
    /// Fulcio's source repository reference (extension 1.14 or 1.6).
    pub source_ref: Option<String>,
    /// Fulcio's build trigger (extension 1.20 or 1.2).
    pub trigger: Option<String>,
}

/// Why a certificate is not the one that is asked for: what was expected and what was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificate's {what} is {found}, not {expected}")]
pub struct IdentityMismatch {
    what: &'static str,
    expected: String,
    found: String,
}

impl KeylessRequirement {
    /// Accepts `identity` where `issuer` vouched for it and the certificate claims `source`.
    ///
    /// The GitHub and GitLab forms need the forge's host: `host`, else what the issuer tells. A
    /// workflow of GitHub must have been called by its own repository where `source` names none.
    pub fn new(
        issuer: String,
        host: Option<String>,
        identity: Identity,
        source: SourceClaims,
    ) -> Result<Self, ValueError> {
        let (told, own_repository) = match &identity {
            Identity::Exact(_) | Identity::Regexp(_) => {
                return Ok(Self::of(issuer, None, identity, source));
            }
            Identity::GitHub { repository, .. } => (github_host(&issuer), Some(repository)),
            Identity::GitLab { .. } => (gitlab_host(&issuer), None),
        };
        // GitHub's issuers vouch for one host; a GitLab may be told to use any issuer.
        if let (Some(_), Some(told), Some(named)) = (own_repository, &told, &host)
            && told != named
        {
            return Err(ValueError::new(format!(
                "the issuer vouches for {told}, not for `{}`",
                excerpt(named)
            ))
            .mend(format!(
                "the issuer of that host is `{}`",
                github_issuer(named)
            )));
        }
        let Some(host) = host.or(told) else {
            return Err(ValueError::new("the issuer does not tell the forge's host")
                .mend("add the host, for example `github.example.com`"));
        };
        let source = SourceClaims {
            repository: source.repository.or_else(|| own_repository.cloned()),
            ..source
        };
        Ok(Self::of(issuer, Some(host), identity, source))
    }

    fn of(issuer: String, host: Option<String>, identity: Identity, source: SourceClaims) -> Self {
        Self {
            issuer,
            host,
            identity,
            source,
            trusted_root: None,
        }
    }

    /// Who must have vouched for it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The forge's host, for the GitHub and GitLab forms.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// What the certificate must claim about its source.
    pub fn source(&self) -> &SourceClaims {
        &self.source
    }

    /// Whom the certificate names.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The subject that is asked for, in backquotes; a pattern where there are several.
    pub fn expected_subject(&self) -> String {
        self.identity.expected_subject(self.host.as_deref())
    }

    /// Whether a certificate for one is a certificate for the other, whoever's log it is in.
    pub(super) fn is_same_signer(&self, other: &Self) -> bool {
        self.issuer == other.issuer
            && self.host == other.host
            && self.identity == other.identity
            && self.source == other.source
    }

    /// Checks a verified certificate's issuer, subject and claims, all of which must fit.
    pub fn accepts(
        &self,
        issuer: &str,
        subject: &str,
        claims: &Claims,
    ) -> Result<(), IdentityMismatch> {
        let mismatch = |what, expected: String, found: Option<&str>| IdentityMismatch {
            what,
            expected,
            found: found.map_or("absent".to_owned(), |found| format!("`{}`", excerpt(found))),
        };
        if issuer != self.issuer {
            let expected = format!("`{}`", self.issuer);
            return Err(mismatch("issuer", expected, Some(issuer)));
        }
        let host = self.host.as_deref();
        if !self.identity.matches(host, subject) {
            let expected = self.expected_subject();
            return Err(mismatch("subject", expected, Some(subject)));
        }
        let source = &self.source;
        let same = |wanted: &str, found: &str| repository_path(found) == repository_path(wanted);
        let found = claims.source_repository.as_deref();
        if let Some(wanted) = &source.repository
            && !found.is_some_and(|found| same(wanted, found))
        {
            return Err(mismatch("source repository", format!("`{wanted}`"), found));
        }
        let found = claims.source_ref.as_deref();
        if let Some(wanted) = &source.r#ref
            && !found.is_some_and(|found| wanted.matches(found))
        {
            return Err(mismatch("source ref", format!("`{wanted}`"), found));
        }
        let found = claims.trigger.as_deref();
        if let Some(wanted) = &source.trigger
            && found != Some(wanted)
        {
            return Err(mismatch("trigger", format!("`{wanted}`"), found));
        }
        Ok(())
    }
}

impl Identity {
    /// The CI file where GitLab's form names none.
    pub const GITLAB_CONFIG: &str = ".gitlab-ci.yml";

    /// Who vouches for such an identity on the forge at `host`, if it is a forge's.
    pub fn usual_issuer(&self, host: Option<&str>) -> Option<String> {
        match self {
            Self::Exact(_) | Self::Regexp(_) => None,
            Self::GitHub { .. } => Some(github_issuer(host.unwrap_or("github.com"))),
            Self::GitLab { .. } => Some(gitlab_issuer(host.unwrap_or("gitlab.com"))),
        }
    }

    /// Whether `subject` is this identity on the forge at `host`.
    ///
    /// The GitHub and GitLab forms match nothing without a host.
    pub fn matches(&self, host: Option<&str>, subject: &str) -> bool {
        match self {
            Self::Exact(expected) => subject == expected,
            Self::Regexp(regexp) => regexp.matches(subject),
            Self::GitHub {
                repository,
                workflow,
                r#ref,
            } => host
                .and_then(|host| subject.strip_prefix(&format!("https://{host}/{repository}/")))
                .and_then(|rest| match workflow {
                    Some(workflow) => rest.strip_prefix(workflow.as_str())?.strip_prefix('@'),
                    None => any_workflow(rest),
                })
                .is_some_and(|found| ref_matches(r#ref.as_ref(), found)),
            Self::GitLab {
                project,
                config,
                r#ref,
            } => host
                .and_then(|host| {
                    subject.strip_prefix(&format!("https://{host}/{project}//{config}@"))
                })
                .is_some_and(|found| ref_matches(r#ref.as_ref(), found)),
        }
    }

    /// The subject that a certificate must have, for people.
    fn expected_subject(&self, host: Option<&str>) -> String {
        let host = host.unwrap_or("HOST");
        let any = |glob: &Option<Glob>| glob.as_ref().map_or("**".to_owned(), Glob::to_string);
        match self {
            Self::Exact(expected) => format!("`{expected}`"),
            Self::Regexp(regexp) => format!("`^(?:{})$`", regexp.as_str()),
            Self::GitHub {
                repository,
                workflow,
                r#ref,
            } => {
                let workflow = workflow.as_deref().unwrap_or(".github/workflows/*");
                format!("`https://{host}/{repository}/{workflow}@{}`", any(r#ref))
            }
            Self::GitLab {
                project,
                config,
                r#ref,
            } => format!("`https://{host}/{project}//{config}@{}`", any(r#ref)),
        }
    }
}

/// What follows the `@` of any single workflow file.
fn any_workflow(rest: &str) -> Option<&str> {
    let (file, found) = rest.strip_prefix(".github/workflows/")?.split_once('@')?;
    (is_yaml(file) && !file.contains('/')).then_some(found)
}

fn ref_matches(pattern: Option<&Glob>, found: &str) -> bool {
    !found.is_empty() && pattern.is_none_or(|pattern| pattern.matches(found))
}

/// `OWNER/NAME` of itself or of a URL; the issuer, compared before, has settled the host.
fn repository_path(text: &str) -> &str {
    text.strip_prefix("https://")
        .and_then(|rest| rest.split_once('/'))
        .map_or(text, |(_, path)| path)
}

#[cfg(test)]
mod tests;
