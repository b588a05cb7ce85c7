//! Who signed: certificate identities of GitHub, GitLab and others, matched without input or output.

use super::{
    forge::is_yaml, pattern::Glob, policy::RootSource, regexp::AnchoredRegexp, value::excerpt,
};

/// A certificate that a rule accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeylessRequirement {
    /// Who vouched for the signer, exactly.
    pub issuer: String,
    /// The forge's host; always there for the GitHub and GitLab forms.
    pub host: Option<String>,
    /// Whom the certificate names.
    pub identity: Identity,
    /// Who called the workflow that signed.
    pub source: SourceClaims,
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
            found: found.map_or("absent".to_owned(), |found| format!("`{}`", clean(found))),
        };
        if issuer != self.issuer {
            let expected = format!("`{}`", self.issuer);
            return Err(mismatch("issuer", expected, Some(issuer)));
        }
        let host = self.host.as_deref();
        if !self.identity.matches(host, subject) {
            let expected = self.identity.expected_subject(host);
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
    pub fn expected_subject(&self, host: Option<&str>) -> String {
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

/// A certificate's text may be anything; terminals and logs get the printable part of it.
fn clean(text: &str) -> String {
    excerpt(text).escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::{
        super::forge::{GITHUB_ISSUER, github_host},
        *,
    };

    const RELEASE: &str =
        "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.3";

    fn github() -> KeylessRequirement {
        KeylessRequirement {
            issuer: GITHUB_ISSUER.to_owned(),
            host: github_host(GITHUB_ISSUER),
            identity: Identity::GitHub {
                repository: "acme/app".to_owned(),
                workflow: Some(".github/workflows/release.yml".to_owned()),
                r#ref: Some("refs/tags/v*".parse().unwrap()),
            },
            source: SourceClaims {
                repository: Some("acme/app".to_owned()),
                ..SourceClaims::default()
            },
            trusted_root: None,
        }
    }

    fn claims() -> Claims {
        Claims {
            source_repository: Some("https://github.com/acme/app".to_owned()),
            source_ref: Some("refs/tags/v1.2.3".to_owned()),
            trigger: Some("push".to_owned()),
        }
    }

    #[test]
    fn a_github_workflow_is_bound_as_a_whole() {
        let identity = github().identity;
        assert!(identity.matches(Some("github.com"), RELEASE));
        for bad in [
            RELEASE.replace("acme/app", "acme/app-evil"),
            RELEASE.replace("acme/app", "evil/acme/app"),
            RELEASE.replace("release.yml", "test.yml"),
            RELEASE.replace("github.com", "github.com.evil.example"),
            RELEASE.replace("https", "http"),
            RELEASE.replace("refs/tags/v1.2.3", "refs/heads/v1"),
            RELEASE.replace("refs/tags/v1.2.3", "refs/tags/v1/x"),
            RELEASE.replace("refs/tags/v1.2.3", ""),
            format!(" {RELEASE}"),
            String::new(),
        ] {
            assert!(!identity.matches(Some("github.com"), &bad), "{bad}");
        }
        assert!(!identity.matches(None, RELEASE));
    }

    #[test]
    fn any_workflow_is_one_file() {
        let identity = Identity::GitHub {
            repository: "acme/app".to_owned(),
            workflow: None,
            r#ref: None,
        };
        assert!(identity.matches(Some("github.com"), RELEASE));
        for bad in [
            "https://github.com/acme/app/.github/workflows/a/b.yml@refs/heads/main",
            "https://github.com/acme/app/.github/workflows/x@refs/heads/main",
            "https://github.com/acme/app/other/a.yml@refs/heads/main",
            "https://github.com/acme/app/.github/workflows/a.yml@",
        ] {
            assert!(!identity.matches(Some("github.com"), bad), "{bad}");
        }
    }

    #[test]
    fn a_gitlab_subject_has_two_slashes() {
        let identity = Identity::GitLab {
            project: "acme/team/app".to_owned(),
            config: Identity::GITLAB_CONFIG.to_owned(),
            r#ref: Some("refs/tags/*".parse().unwrap()),
        };
        let subject = "https://gitlab.com/acme/team/app//.gitlab-ci.yml@refs/tags/v1";
        assert!(identity.matches(Some("gitlab.com"), subject));
        assert!(!identity.matches(Some("gitlab.com"), &subject.replace("//.git", "/.git")));
        assert!(!identity.matches(Some("gitlab.com"), &subject.replace("team/app", "team")));
    }

    #[test]
    fn issuer_and_claims_must_fit_too() {
        let wanted = github();
        assert_eq!(wanted.accepts(GITHUB_ISSUER, RELEASE, &claims()), Ok(()));
        let bare = Claims {
            source_repository: Some("acme/app".to_owned()),
            ..claims()
        };
        assert_eq!(wanted.accepts(GITHUB_ISSUER, RELEASE, &bare), Ok(()));
        let slash = format!("{GITHUB_ISSUER}/");
        assert!(wanted.accepts(&slash, RELEASE, &claims()).is_err());
        assert!(
            wanted
                .accepts(GITHUB_ISSUER, RELEASE, &Claims::default())
                .is_err()
        );
        let stranger = Claims {
            source_repository: Some("https://github.com/evil/caller".to_owned()),
            ..claims()
        };
        let error = wanted
            .accepts(GITHUB_ISSUER, RELEASE, &stranger)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the certificate's source repository is `https://github.com/evil/caller`, not `acme/app`"
        );
        let mut triggered = github();
        triggered.source.trigger = Some("release".to_owned());
        assert!(
            triggered
                .accepts(GITHUB_ISSUER, RELEASE, &claims())
                .is_err()
        );
        let mut from_main = github();
        from_main.source.r#ref = Some("refs/heads/main".parse().unwrap());
        assert!(
            from_main
                .accepts(GITHUB_ISSUER, RELEASE, &claims())
                .is_err()
        );
    }
}
