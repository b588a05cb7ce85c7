//! The tokens that a CI job is given, and the only hosts that each of them may go to.

use secrecy::SecretString;

use super::{
    environment::Environment,
    github_urls::GithubUrls,
    http::{Url, authority},
};

/// A token for one host.
#[derive(Clone, Debug)]
pub struct Token {
    /// The account that goes with it where a service wants one.
    pub user: String,
    /// The token.
    pub secret: SecretString,
    /// The variable that it comes from, for messages.
    pub what: &'static str,
    /// Every host (`host` or `host:port`) that may see it, in any case of letters.
    pub hosts: Vec<String>,
}

/// What a token is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// GitHub, or an enterprise's own.
    GitHub,
    /// GitLab.
    GitLab,
}

/// One kind of token.
struct Kind {
    platform: Platform,
    variable: &'static str,
    /// The variable that names the account.
    user: Option<&'static str>,
    /// The account where that variable does not say.
    default_user: &'static str,
    hosts: &'static [Host],
}

enum Host {
    Named(&'static str),
    /// The host is the variable's value.
    Variable(&'static str),
    /// The site of the job's GitHub.
    GithubServer,
    /// The API of the job's GitHub.
    GithubApi,
    /// The API of the job's GitLab.
    GitlabApi,
    /// gitlab.com, where nothing tells of another GitLab.
    GitlabCom,
}

/// What tells which GitLab a job is on.
const GITLAB_TOLD: [&str; 5] = [
    "CI_REGISTRY",
    "CI_SERVER_HOST",
    "CI_SERVER_FQDN",
    "CI_SERVER_URL",
    "CI_API_V4_URL",
];

const GITLAB: &[Host] = &[
    Host::Variable("CI_REGISTRY"),
    Host::Variable("CI_SERVER_HOST"),
    Host::Variable("CI_SERVER_FQDN"),
    Host::GitlabApi,
];

const GITLAB_OR_USUAL: &[Host] = &[
    Host::Variable("CI_REGISTRY"),
    Host::Variable("CI_SERVER_HOST"),
    Host::Variable("CI_SERVER_FQDN"),
    Host::GitlabApi,
    Host::GitlabCom,
];

/// Of two for the same host, the first one that is set counts.
const KINDS: &[Kind] = &[
    Kind {
        platform: Platform::GitHub,
        variable: "GITHUB_TOKEN",
        user: Some("GITHUB_ACTOR"),
        default_user: "x-access-token",
        hosts: &[Host::Named("ghcr.io"), Host::GithubApi, Host::GithubServer],
    },
    // What GitHub's own command line reads; nobody means a registry with it.
    Kind {
        platform: Platform::GitHub,
        variable: "GH_TOKEN",
        user: None,
        default_user: "x-access-token",
        hosts: &[Host::GithubApi, Host::GithubServer],
    },
    // Whoever sets GITLAB_TOKEN wants more than the job's own token can.
    Kind {
        platform: Platform::GitLab,
        variable: "GITLAB_TOKEN",
        user: None,
        default_user: "oauth2",
        hosts: GITLAB_OR_USUAL,
    },
    Kind {
        platform: Platform::GitLab,
        variable: "CI_JOB_TOKEN",
        user: None,
        default_user: "gitlab-ci-token",
        hosts: GITLAB,
    },
];

/// The job's token for `host` (`host`, or `host:port` where the port is not the scheme's own).
pub fn for_host(environment: &Environment, host: &str) -> Option<Token> {
    let mut tokens = KINDS.iter().filter_map(|kind| kind.token(environment));
    tokens.find(|token| token.may_go_to(host))
}

/// The token of `platform` for the API at `host`, written as for [`for_host`].
pub fn for_api(environment: &Environment, platform: Platform, host: &str) -> Option<Token> {
    let mut tokens = tokens_of(environment, platform);
    tokens.find(|token| token.may_go_to(host))
}

/// The token of `platform`, for a host that the user named for it, whichever that is.
pub fn of_platform(environment: &Environment, platform: Platform) -> Option<Token> {
    tokens_of(environment, platform).next()
}

/// Whether the environment names `host` as one of `platform`, so that credentials of it may go
/// there, also such as are in no variable of ours.
pub fn is_own(environment: &Environment, platform: Platform, host: &str) -> bool {
    let hosts = KINDS.iter().filter(|kind| kind.platform == platform);
    let mut hosts = hosts
        .flat_map(|kind| kind.hosts)
        .filter_map(|host| host.of(environment));
    hosts.any(|own| own.eq_ignore_ascii_case(host))
}

fn tokens_of(environment: &Environment, platform: Platform) -> impl Iterator<Item = Token> {
    let kinds = KINDS.iter().filter(move |kind| kind.platform == platform);
    kinds.filter_map(|kind| kind.token(environment))
}

impl Token {
    /// Whether `host`, written as for [`for_host`], may see it.
    pub fn may_go_to(&self, host: &str) -> bool {
        self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))
    }
}

impl Kind {
    fn token(&self, environment: &Environment) -> Option<Token> {
        let secret = environment.get(self.variable)?;
        let user = self.user.and_then(|name| environment.get(name));
        let hosts = self.hosts.iter().filter_map(|host| host.of(environment));
        Some(Token {
            user: user.unwrap_or(self.default_user).to_owned(),
            secret: SecretString::from(secret),
            what: self.variable,
            hosts: hosts.collect(),
        })
    }
}

impl Host {
    fn of(&self, environment: &Environment) -> Option<String> {
        let url = match self {
            Self::Named(host) => return Some((*host).to_owned()),
            Self::Variable(name) => return environment.get(name).map(str::to_owned),
            Self::GithubServer => GithubUrls::of(environment).server,
            Self::GithubApi => GithubUrls::of(environment).api,
            Self::GitlabApi => Url::parse(environment.get("CI_API_V4_URL")?).ok(),
            Self::GitlabCom => {
                let is_told = GITLAB_TOLD
                    .iter()
                    .any(|name| environment.get(name).is_some());
                return (!is_told).then(|| "gitlab.com".to_owned());
            }
        };
        url.map(|url| authority(&url))
            .filter(|host| !host.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], host: &str) -> Option<String> {
        let token = for_host(&variables.iter().copied().collect(), host)?;
        assert!(!format!("{token:?}").contains("hunter2"));
        Some(format!("{} {}", token.what, token.user))
    }

    #[test]
    fn github_token_goes_to_github_alone() {
        let variables = [
            ("GITHUB_TOKEN", "hunter2"),
            ("GITHUB_ACTOR", "octocat"),
            ("GITHUB_SERVER_URL", "https://ghe.example:8443"),
            ("GITHUB_API_URL", "https://api.ghe.example/v3"),
        ];
        let own = Some("GITHUB_TOKEN octocat".to_owned());
        for host in ["ghcr.io", "GHCR.io", "ghe.example:8443", "api.ghe.example"] {
            assert_eq!(found(&variables, host), own, "{host}");
        }
        for other in [
            "docker.io",
            "github.com",
            "ghcr.io.evil.example",
            "ghe.example",
            "ghcr.io:444",
            "",
        ] {
            assert_eq!(found(&variables, other), None, "{other}");
        }
        let nameless = Some("GITHUB_TOKEN x-access-token".to_owned());
        for host in ["ghcr.io", "github.com", "api.github.com"] {
            assert_eq!(found(&variables[..1], host), nameless, "{host}");
        }
        assert_eq!(found(&variables[1..], "ghcr.io"), None);
    }

    #[test]
    fn a_token_of_another_github_does_not_go_to_github_com() {
        let own = Some("GITHUB_TOKEN x-access-token".to_owned());
        for told in [
            ("GITHUB_API_URL", "https://ghe.example/api/v3"),
            ("GITHUB_SERVER_URL", "https://ghe.example"),
        ] {
            let variables = [("GITHUB_TOKEN", "hunter2"), told];
            assert_eq!(found(&variables, "ghe.example"), own, "{told:?}");
            for other in ["github.com", "api.github.com"] {
                assert_eq!(found(&variables, other), None, "{told:?}");
            }
        }
    }

    #[test]
    fn a_server_that_is_no_url_has_no_host() {
        let variables = [("GITHUB_TOKEN", "t"), ("GITHUB_SERVER_URL", "ghe.example")];
        assert_eq!(found(&variables, "ghe.example"), None);
        let hostless = [("GITHUB_TOKEN", "t"), ("GITHUB_SERVER_URL", "file:///etc")];
        assert_eq!(found(&hostless, ""), None);
    }

    #[test]
    fn gitlab_tokens_go_to_their_instance_alone() {
        let job = [
            ("CI_JOB_TOKEN", "hunter2"),
            ("CI_REGISTRY", "registry.gitlab.example:5050"),
            ("CI_SERVER_HOST", "gitlab.example"),
            ("CI_SERVER_FQDN", "gitlab.example:8443"),
        ];
        let own = Some("CI_JOB_TOKEN gitlab-ci-token".to_owned());
        let here = "registry.gitlab.example:5050";
        for host in [here, "gitlab.example", "gitlab.example:8443"] {
            assert_eq!(found(&job, host), own, "{host}");
        }
        assert_eq!(found(&job, "registry.gitlab.example"), None);
        assert_eq!(found(&job, "ghcr.io"), None);
        let mut both = job.to_vec();
        both.push(("GITLAB_TOKEN", "hunter2"));
        let stronger = Some("GITLAB_TOKEN oauth2".to_owned());
        assert_eq!(found(&both, here), stronger);
        assert_eq!(found(&[("CI_JOB_TOKEN", "t")], here), None);
    }

    #[test]
    fn gh_token_goes_to_the_api_and_to_no_registry() {
        let token = [("GH_TOKEN", "hunter2"), ("GITHUB_ACTOR", "octocat")];
        let own = Some("GH_TOKEN x-access-token".to_owned());
        for host in ["github.com", "api.github.com"] {
            assert_eq!(found(&token, host), own, "{host}");
        }
        assert_eq!(found(&token, "ghcr.io"), None);
        let both = [("GH_TOKEN", "t"), ("GITHUB_TOKEN", "hunter2")];
        let job = Some("GITHUB_TOKEN x-access-token".to_owned());
        assert_eq!(found(&both, "api.github.com"), job);
    }

    #[test]
    fn a_gitlab_that_nothing_tells_of_is_gitlab_com() {
        let laptop = [("GITLAB_TOKEN", "hunter2")];
        let own = Some("GITLAB_TOKEN oauth2".to_owned());
        assert_eq!(found(&laptop, "gitlab.com"), own);
        assert_eq!(found(&[("CI_JOB_TOKEN", "t")], "gitlab.com"), None);
        let api = ("CI_API_V4_URL", "https://gitlab.example:8443/api/v4");
        let told = [laptop[0], api];
        assert_eq!(found(&told, "gitlab.example:8443"), own);
        assert_eq!(found(&told, "gitlab.com"), None);
    }

    #[test]
    fn a_token_of_one_platform_is_none_of_the_other() {
        let variables = [("GITHUB_TOKEN", "t"), ("GITLAB_TOKEN", "t")];
        let environment: Environment = variables.into_iter().collect();
        let what = |token: Option<Token>| token.map(|it| it.what);
        for (platform, api, own) in [
            (Platform::GitHub, "api.github.com", "GITHUB_TOKEN"),
            (Platform::GitLab, "gitlab.com", "GITLAB_TOKEN"),
        ] {
            assert_eq!(what(of_platform(&environment, platform)), Some(own));
            assert_eq!(what(for_api(&environment, platform, api)), Some(own));
            assert_eq!(what(for_api(&environment, platform, "evil.example")), None);
            assert!(is_own(&environment, platform, api));
            assert!(!is_own(&environment, platform, "evil.example"));
        }
        assert_eq!(
            what(for_api(&environment, Platform::GitHub, "gitlab.com")),
            None
        );
        assert_eq!(
            what(of_platform(&Environment::default(), Platform::GitHub)),
            None
        );
    }
}
