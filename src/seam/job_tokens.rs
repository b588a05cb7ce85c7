//! The tokens that a CI job is given, and the only hosts that each of them may go to.

use secrecy::SecretString;

use super::{environment::Environment, github_urls::GithubUrls, http::authority};

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

/// One kind of token.
struct Kind {
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
}

const GITLAB: &[Host] = &[
    Host::Variable("CI_REGISTRY"),
    Host::Variable("CI_SERVER_HOST"),
    Host::Variable("CI_SERVER_FQDN"),
];

/// Of two for the same host, the first one that is set counts.
const KINDS: &[Kind] = &[
    Kind {
        variable: "GITHUB_TOKEN",
        user: Some("GITHUB_ACTOR"),
        default_user: "x-access-token",
        hosts: &[Host::Named("ghcr.io"), Host::GithubApi, Host::GithubServer],
    },
    // Whoever sets GITLAB_TOKEN wants more than the job's own token can.
    Kind {
        variable: "GITLAB_TOKEN",
        user: None,
        default_user: "oauth2",
        hosts: GITLAB,
    },
    Kind {
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
}
