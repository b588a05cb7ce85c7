//! What an agent does on the network, as hosts, methods and paths.

use crate::template::openshell_policy::{Endpoint, Network, Rule};

/// Every intent.
pub(super) const NAMES: &[&str] = &[
    "github-read",
    "github-graphql",
    "github-write",
    "git-clone",
    "git-push",
    "pypi",
    "npm",
    "anthropic",
    "openai",
    "google",
    "host-api",
];

/// What is to be opened.
pub(super) struct Wanted<'a> {
    pub(super) intents: Vec<&'a str>,
    /// `OWNER/NAME` each, or `*/*`.
    pub(super) repositories: Vec<String>,
    /// The agent's own.
    pub(super) programs: Vec<String>,
    pub(super) host_api_port: u32,
}

/// What suits an agent of this name.
pub(super) fn usual(agent: &str) -> &'static [&'static str] {
    match agent {
        "triage" => &["github-read", "github-write"],
        "review" => &["github-read", "github-write", "git-clone"],
        "code" | "fix" => &["github-read", "github-write", "git-clone", "git-push"],
        _ => &[],
    }
}

const GH: &[&str] = &["/usr/bin/gh", "/usr/local/bin/gh", "/usr/bin/curl"];
const GIT: &[&str] = &["/usr/bin/git", "/usr/lib/git-core/git-remote-http"];
const PYTHON: &[&str] = &[
    "/usr/bin/python3.*",
    "/usr/local/bin/python3.*",
    "/usr/local/bin/uv",
];
const NODE: &[&str] = &["/usr/bin/node", "/usr/local/bin/node"];

impl Wanted<'_> {
    /// The network policies, one for each group of programs.
    pub(super) fn networks(&self) -> Vec<Network> {
        [
            self.github(),
            self.git(),
            self.pypi(),
            self.npm(),
            Some(self.inference()),
            self.host_api(),
        ]
        .into_iter()
        .flatten()
        .filter(|network| !network.endpoints.is_empty())
        .collect()
    }

    fn has(&self, intent: &str) -> bool {
        self.intents.contains(&intent)
    }

    fn github(&self) -> Option<Network> {
        let mut rules = Vec::new();
        let writes = self.has("github-write");
        if self.has("github-read") || writes {
            for repository in &self.repositories {
                rules.push(rule("GET", format!("/repos/{repository}")));
                rules.push(rule("GET", format!("/repos/{repository}/**")));
            }
        }
        if writes {
            rules.extend(self.repositories.iter().flat_map(|it| writing(it)));
        }
        let mut endpoints = Vec::new();
        if !rules.is_empty() {
            endpoints.push(Endpoint {
                path: if self.has("github-graphql") {
                    "/repos/**"
                } else {
                    ""
                },
                ..rest("api.github.com", rules)
            });
        }
        if self.has("github-graphql") {
            endpoints.push(Endpoint {
                path: "/graphql",
                protocol: "graphql",
                rules: vec![Rule {
                    operation: "query",
                    ..rule("", String::new())
                }],
                ..rest("api.github.com", Vec::new())
            });
        }
        network(
            "github",
            "GitHub's API. A query of GraphQL names no repository in its address: there the token's rights alone count.",
            endpoints,
            GH,
        )
    }

    fn git(&self) -> Option<Network> {
        let mut rules = Vec::new();
        let services = [
            (
                self.has("git-clone") || self.has("git-push"),
                "git-upload-pack",
            ),
            (self.has("git-push"), "git-receive-pack"),
        ];
        for (_, service) in services.into_iter().filter(|(wanted, _)| *wanted) {
            for repository in &self.repositories {
                // With `.git` behind the name and without; the pattern for all covers both.
                let ends: &[&str] = if repository == "*/*" {
                    &[""]
                } else {
                    &["", ".git"]
                };
                for end in ends {
                    rules.push(Rule {
                        query: Some(("service", service)),
                        ..rule("GET", format!("/{repository}{end}/info/refs"))
                    });
                    rules.push(rule("POST", format!("/{repository}{end}/{service}")));
                }
            }
        }
        let endpoints = if rules.is_empty() {
            Vec::new()
        } else {
            vec![rest("github.com", rules)]
        };
        network("git", "git over HTTPS.", endpoints, GIT)
    }

    fn pypi(&self) -> Option<Network> {
        let endpoints = vec![
            rest("pypi.org", reading(&["/simple/**", "/pypi/**"])),
            rest("files.pythonhosted.org", reading(&["/packages/**"])),
        ];
        let network = network("pypi", "Python's packages.", endpoints, PYTHON);
        network.filter(|_| self.has("pypi"))
    }

    fn npm(&self) -> Option<Network> {
        let endpoints = vec![rest("registry.npmjs.org", reading(&["**"]))];
        let network = network("npm", "Node's packages, to read.", endpoints, NODE);
        network.filter(|_| self.has("npm"))
    }

    fn inference(&self) -> Network {
        let mut endpoints = Vec::new();
        if self.has("anthropic") {
            let mut rules = reading(&["/v1/models", "/v1/models/*"]);
            rules.push(rule("POST", "/v1/messages".to_owned()));
            rules.push(rule("POST", "/v1/messages/count_tokens".to_owned()));
            endpoints.push(rest("api.anthropic.com", rules));
        }
        if self.has("openai") {
            let mut rules = reading(&["/v1/models", "/v1/models/*"]);
            rules.push(rule("POST", "/v1/responses".to_owned()));
            rules.push(rule("POST", "/v1/chat/completions".to_owned()));
            endpoints.push(rest("api.openai.com", rules));
        }
        if self.has("google") {
            let mut rules = reading(&["/v1beta/models", "/v1beta/models/*"]);
            rules.push(rule("POST", "/v1beta/models/*".to_owned()));
            endpoints.push(rest("generativelanguage.googleapis.com", rules));
        }
        Network {
            key: "inference",
            about: "The model.",
            endpoints,
            binaries: self.programs.clone(),
        }
    }

    fn host_api(&self) -> Option<Network> {
        let rules = vec![rule("GET", "**".to_owned()), rule("POST", "**".to_owned())];
        let endpoint = Endpoint {
            port: self.host_api_port,
            ..rest("host.openshell.internal", rules)
        };
        let mut binaries = self.programs.clone();
        binaries.push("/usr/bin/curl".to_owned());
        self.has("host-api").then(|| Network {
            key: "host-api",
            about: "The API server on the gateway's machine, which checks a token of its own.",
            endpoints: vec![endpoint],
            binaries,
        })
    }
}

/// What issues and pull requests of `repository` take: no merge, no release, no settings.
fn writing(repository: &str) -> Vec<Rule> {
    [
        ("POST", "issues"),
        ("PATCH", "issues/*"),
        ("POST", "issues/*/comments"),
        ("PATCH", "issues/comments/*"),
        ("POST", "issues/*/labels"),
        ("DELETE", "issues/*/labels/*"),
        ("POST", "pulls"),
        ("PATCH", "pulls/*"),
        ("POST", "pulls/*/reviews"),
        ("POST", "pulls/*/comments"),
        ("POST", "pulls/*/comments/*/replies"),
    ]
    .into_iter()
    .map(|(method, path)| rule(method, format!("/repos/{repository}/{path}")))
    .collect()
}

fn reading(paths: &[&str]) -> Vec<Rule> {
    let paths = paths.iter();
    paths.map(|path| rule("GET", (*path).to_owned())).collect()
}

fn rule(method: &'static str, path: String) -> Rule {
    Rule {
        method,
        path,
        query: None,
        operation: "",
    }
}

fn rest(host: &str, rules: Vec<Rule>) -> Endpoint {
    Endpoint {
        host: host.to_owned(),
        port: 443,
        path: "",
        protocol: "rest",
        rules,
    }
}

fn network(
    key: &'static str,
    about: &'static str,
    endpoints: Vec<Endpoint>,
    binaries: &[&str],
) -> Option<Network> {
    (!endpoints.is_empty()).then(|| Network {
        key,
        about,
        endpoints,
        binaries: binaries.iter().map(|path| (*path).to_owned()).collect(),
    })
}
