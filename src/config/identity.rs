//! Who signed: certificate identities of GitHub, GitLab and others, matched without input or output.

use std::{fmt, str::FromStr};

use regex::{Regex, RegexBuilder};

use super::{
    pattern::Glob,
    value::{ValueError, excerpt},
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

/// A regular expression that always covers the whole text, unlike cosign's.
#[derive(Clone, Debug)]
pub struct AnchoredRegexp {
    text: String,
    anchored: Regex,
    unanchored: Regex,
}

const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";

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
    let yaml = file.ends_with(".yml") || file.ends_with(".yaml");
    (yaml && !file.contains('/')).then_some(found)
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

/// Reads an issuer: an https URL, or http to a loopback address, for tests.
pub fn parse_issuer(text: &str) -> Result<String, ValueError> {
    secure_url(text).ok_or_else(|| {
        ValueError::new(format!("`{}` is not an issuer", excerpt(text))).mend(format!(
            "an issuer is an https URL, for example `{GITHUB_ISSUER}`"
        ))
    })
}

/// `text`, if it is an https URL without credentials, query and fragment.
pub(super) fn secure_url(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    let loopback = match url.host()? {
        url::Host::Domain(name) => name == "localhost",
        url::Host::Ipv4(address) => address.is_loopback(),
        url::Host::Ipv6(address) => address.is_loopback(),
    };
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let secure = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    (plain && secure).then(|| text.to_owned())
}

/// The GitHub host whose workflows `issuer` vouches for, where the issuer tells it.
pub fn github_host(issuer: &str) -> Option<String> {
    // An enterprise on github.com may have its name behind the issuer.
    let public = issuer
        .strip_prefix(GITHUB_ISSUER)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if public {
        return Some("github.com".to_owned());
    }
    let host = issuer
        .strip_prefix("https://")?
        .strip_suffix("/_services/token")?;
    is_host(host).then(|| host.to_owned())
}

/// The GitLab host whose pipelines `issuer` vouches for.
pub fn gitlab_host(issuer: &str) -> Option<String> {
    let host = issuer.strip_prefix("https://")?;
    let host = host.strip_suffix('/').unwrap_or(host);
    (is_host(host) && !issuer.starts_with(GITHUB_ISSUER)).then(|| host.to_owned())
}

/// Reads the host of a forge, with or without port.
pub fn parse_host(text: &str) -> Result<String, ValueError> {
    if is_host(text) {
        return Ok(text.to_owned());
    }
    Err(
        ValueError::new(format!("`{}` is not a host", excerpt(text)))
            .mend("write the name alone, for example `github.example.com`"),
    )
}

fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').unwrap_or((text, "1"));
    let body = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    let label = |label: &str| !label.is_empty();
    name.split('.').all(label) && name.bytes().all(body) && port.parse::<u16>().is_ok()
}

/// Reads `OWNER/NAME`.
pub fn parse_github_repository(text: &str) -> Result<String, ValueError> {
    let mend = "a repository of GitHub is written `OWNER/NAME`";
    match text.split('/').collect::<Vec<_>>()[..] {
        [owner, name] if is_path_part(owner) && is_path_part(name) => Ok(text.to_owned()),
        _ => Err(ValueError::new(format!("`{}` is not a repository", excerpt(text))).mend(mend)),
    }
}

/// Reads the path of a GitHub workflow.
pub fn parse_workflow(text: &str) -> Result<String, ValueError> {
    let file = text.strip_prefix(".github/workflows/");
    let yaml = |file: &str| file.ends_with(".yml") || file.ends_with(".yaml");
    if file.is_some_and(|file| is_path_part(file) && yaml(file)) {
        return Ok(text.to_owned());
    }
    let name = text.rsplit('/').next().unwrap_or(text);
    let name = if yaml(name) { name } else { "release.yml" };
    Err(
        ValueError::new(format!("`{}` is not a workflow", excerpt(text))).mend(format!(
            "write its path, for example `.github/workflows/{}`",
            excerpt(name)
        )),
    )
}

/// Reads the full path of a GitLab project.
pub fn parse_gitlab_project(text: &str) -> Result<String, ValueError> {
    if text.contains('/') && text.split('/').all(is_path_part) {
        return Ok(text.to_owned());
    }
    Err(
        ValueError::new(format!("`{}` is not a project", excerpt(text)))
            .mend("a project of GitLab is written `GROUP/NAME` or `GROUP/SUBGROUP/NAME`"),
    )
}

/// Reads the path of a GitLab CI file.
pub fn parse_gitlab_config(text: &str) -> Result<String, ValueError> {
    if text.split('/').all(is_path_part) {
        return Ok(text.to_owned());
    }
    Err(
        ValueError::new(format!("`{}` is not a CI file", excerpt(text)))
            .mend("write its path in the project, for example `.gitlab-ci.yml`"),
    )
}

fn is_path_part(part: &str) -> bool {
    let body = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    !matches!(part, "" | "." | "..") && part.len() <= 255 && part.bytes().all(body)
}

impl AnchoredRegexp {
    const MAX_LENGTH: usize = 1024;
    const MAX_COMPILED_BYTES: usize = 256 * 1024;

    /// The expression as it was written, without the anchors.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the expression covers the whole of `text`.
    pub fn matches(&self, text: &str) -> bool {
        self.anchored.is_match(text)
    }

    /// What to warn of: a neighbour's name that passes here or in cosign, or a careless dot.
    pub fn warning(&self) -> Option<String> {
        let advice = "`repository`, `workflow` and `ref` say it better";
        let evil = self.neighbour();
        if self.matches(&evil) {
            return Some(format!(
                "`{self}` accepts `{evil}` too: end the repository's name with `/`; {advice}"
            ));
        }
        if self.unanchored.is_match(&evil) {
            return Some(format!(
                "cosign does not anchor `{self}` and would accept `{evil}` too; fullsend matches \
                 the whole subject; {advice}"
            ));
        }
        has_bare_dot(&self.text).then(|| {
            format!("an unescaped `.` in `{self}` matches any character: write `\\.`; {advice}")
        })
    }

    /// A subject whose repository only begins like the one that is meant.
    fn neighbour(&self) -> String {
        let plain = self.text.trim_start_matches('^').replace('\\', "");
        let special = ['*', '+', '(', '[', '{', '?', '|', '$', '@'];
        let stem = plain.split(special).next().unwrap_or_default();
        let stem = stem.trim_end_matches(['.', '/']);
        format!("{stem}-evil/.github/workflows/x.yml@refs/heads/main")
    }
}

impl FromStr for AnchoredRegexp {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.len() > Self::MAX_LENGTH {
            return Err(ValueError::new(format!(
                "a regular expression has 1 to {} characters",
                Self::MAX_LENGTH
            )));
        }
        let compile = |pattern: &str| {
            RegexBuilder::new(pattern)
                .size_limit(Self::MAX_COMPILED_BYTES)
                .build()
        };
        let refuse = |error: regex::Error| match error {
            regex::Error::CompiledTooBig(_) => {
                ValueError::new("the regular expression is too large once compiled")
            }
            other => {
                let text = other.to_string();
                let reason = text.lines().last().unwrap_or_default();
                ValueError::new(format!(
                    "not a regular expression: {}",
                    reason.trim_start_matches("error: ")
                ))
            }
        };
        // By itself first: `a)|(b` is no expression, though it closes our group.
        let unanchored = compile(text).map_err(refuse)?;
        let anchored = compile(&format!(r"\A(?:{text})\z")).map_err(refuse)?;
        if anchored.is_match("") {
            return Err(
                ValueError::new("the regular expression matches an empty subject")
                    .mend("name at least the repository"),
            );
        }
        Ok(Self {
            text: text.to_owned(),
            anchored,
            unanchored,
        })
    }
}

impl PartialEq for AnchoredRegexp {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for AnchoredRegexp {}

impl fmt::Display for AnchoredRegexp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a dot stands for any character without a repetition behind it that says so on purpose.
fn has_bare_dot(pattern: &str) -> bool {
    let mut characters = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '.' if !in_class && !matches!(characters.peek(), Some('*' | '+' | '?' | '{')) => {
                return true;
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn hosts_come_from_issuers() {
        assert_eq!(github_host(GITHUB_ISSUER).as_deref(), Some("github.com"));
        let enterprise = "https://ghes.acme.example/_services/token";
        assert_eq!(
            github_host(enterprise).as_deref(),
            Some("ghes.acme.example")
        );
        assert_eq!(
            github_host("https://token.actions.githubusercontent.com.evil.example"),
            None
        );
        assert_eq!(github_host("https://a/b/_services/token"), None);
        assert_eq!(
            gitlab_host("https://gitlab.com").as_deref(),
            Some("gitlab.com")
        );
        assert_eq!(gitlab_host("https://acme.example/gitlab"), None);
    }

    #[test]
    fn issuers_are_https() {
        assert!(parse_issuer(GITHUB_ISSUER).is_ok());
        assert!(parse_issuer("http://127.0.0.1:8080").is_ok());
        for bad in [
            "",
            "gitlab.com",
            "http://gitlab.com",
            "https://u:p@a.b",
            "https://a.b?x",
            "ftp://a.b",
        ] {
            assert!(parse_issuer(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn regular_expressions_cover_the_whole_subject() {
        let regexp: AnchoredRegexp = "https://github.com/acme/app".parse().unwrap();
        assert!(!regexp.matches("https://github.com/acme/app-evil/x"));
        let alternatives: AnchoredRegexp = "a|b".parse().unwrap();
        assert!(alternatives.matches("b") && !alternatives.matches("ax"));
        for bad in ["", "(", "a)|(b", ".*", "(a{1000}){1000}", "(?x) a # b"] {
            assert!(bad.parse::<AnchoredRegexp>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn careless_expressions_are_warned_of() {
        let warning = |text: &str| text.parse::<AnchoredRegexp>().unwrap().warning();
        let unanchored = warning(r"https://github\.com/acme/app").unwrap();
        assert!(
            unanchored.contains("cosign") && unanchored.contains("app-evil"),
            "{unanchored}"
        );
        let open = warning(r"https://github\.com/acme/app.*").unwrap();
        assert!(
            open.contains("accepts") && open.contains("app-evil"),
            "{open}"
        );
        let dot = warning(r"^https://github.com/acme/app/.*$").unwrap();
        assert!(dot.contains("unescaped"), "{dot}");
        assert_eq!(warning(r"^https://github\.com/acme/app/.*$"), None);
    }
}
